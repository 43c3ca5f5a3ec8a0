"""What is wrong in a configuration file, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.errors import MisconfiguredError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong. `sentence` says what, and what to do; it repeats no value, which may be a secret."""

    mark: Mark
    sentence: str

    def __str__(self) -> str:
        line = f"{self.mark}: {self.sentence}"
        # One problem, one line, whatever was written into the file.
        return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)


class ConfigurationError(MisconfiguredError):
    """The configuration cannot be used; `problems` has every reason at once, `files` whatever was looked at."""

    code = "configuration_invalid"

    def __init__(self, problems: Sequence[Problem], *, files: frozenset[Path] = frozenset()) -> None:
        self.files = files
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
