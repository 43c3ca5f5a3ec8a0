"""The rules that decide what scale costs: the service's own settings and limits, and what is assumed of its users."""

from dataclasses import dataclass

from orchestrator.config.settings import Settings
from orchestrator.services.prune import SYNCS_KEPT

DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The service as it is set up by default."""

    debounce_seconds: float
    slice_seconds: float
    bulk_threads: int
    requests_per_second: float
    page: int
    """Contacts of one request to amoCRM."""
    journal_days: int
    history_days: int
    incremental_seconds: float
    """Between two incremental syncs of a connection: `*/15 * * * *`."""
    watch_seconds: float


def rules() -> Rules:
    settings = Settings()
    return Rules(
        debounce_seconds=settings.webhooks.debounce_seconds,
        slice_seconds=settings.workers.slice_seconds,
        bulk_threads=settings.workers.bulk_threads,
        requests_per_second=settings.vendors.requests_per_second,
        page=250,  # amoCRM gives no more at once (its docs: api/contacts)
        journal_days=settings.webhooks.journal_days,
        history_days=SYNCS_KEPT.days,
        incremental_seconds=900.0,
        watch_seconds=60 * settings.webhooks.watch_minutes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What users do: assumed, and said on the page."""

    accounts: int = 1_000
    contacts: int = 100_000
    """Of an account."""
    changed_a_day: float = 0.02
    """Share of an account's contacts that people change on a working day."""
    rush_share: float = 0.15
    """Of a day's changes that fall into its busiest hour."""
    mass_edits: int = 10
    """Accounts that change `mass_size` contacts at once within the hour."""
    mass_size: int = 5_000
    failing: float = 0.01
    """Share of syncs that a vendor fails for the moment."""
    answer_seconds: float = 0.15
    """Until a vendor answers."""

    @property
    def changes_a_day(self) -> float:
        """Of all accounts."""
        return self.accounts * self.contacts * self.changed_a_day

    @property
    def rush_a_second(self) -> float:
        """Hooks of all accounts in the busiest hour, mass edits apart."""
        return self.changes_a_day * self.rush_share / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Worker processes, each one's threads for live changes, and the cores they share."""

    processes: int
    threads: int
    """`workers.realtime_threads`."""
    cores: int
