"""What stands in the way of a step, in three sentences."""

from dataclasses import dataclass

from orchestrator.domain.errors import OrchestratorError
from orchestrator.entrypoints.http.dashboard.texts import TEXTS

OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`words` names its texts, `detail` is the error's own sentence where that tells more."""

    code: str
    detail: str = ""

    @classmethod
    def of(cls, error: OrchestratorError) -> "Trouble":
        return cls(code=error.code, detail=str(error))

    @property
    def words(self) -> str:
        return f"trouble.{self.code if f'trouble.{self.code}.do' in TEXTS else OTHERWISE}"
