"""Cron expressions, as Debian's cron reads them, in UTC. The only home of cronsim."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from orchestrator.domain.errors import MisconfiguredError


def next_run(expression: str, after: datetime) -> datetime:
    """The next time after `after`. Raises MisconfiguredError when the expression is none, or never comes true."""
    if len(expression.split()) != 5:  # cronsim would take a sixth field for seconds
        raise MisconfiguredError(_refused(expression))
    try:
        return next(CronSim(expression, after.astimezone(UTC)))
    except (CronSimError, StopIteration):
        raise MisconfiguredError(_refused(expression)) from None


def check_cron(expression: str) -> None:
    """Raises MisconfiguredError with what to write instead."""
    next_run(expression, datetime(2026, 1, 1, tzinfo=UTC))


def _refused(expression: str) -> str:
    return (
        f"“{expression}” is not a schedule: write five fields, minute hour day month weekday (UTC), such as"
        " `*/15 * * * *` or `17 3 * * 0`."
    )
