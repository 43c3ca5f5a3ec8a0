"""How much of an account's request budget is in use."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """Requests to one amoCRM account."""

    last_second: int
    most: int
    """So many amoCRM allows in a second."""
    paused_seconds: float
    """How long nobody may ask, because amoCRM said so; 0 when anybody may."""


class Budgets(Protocol):
    """Looks, and never waits."""

    def use(self, account_id: int) -> BudgetUse | None:
        """None where nothing is known: no request was made on this machine since it started."""
        ...
