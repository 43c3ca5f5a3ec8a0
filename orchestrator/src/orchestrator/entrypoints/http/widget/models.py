"""What the widget is told, and what it may order. Texts come in its language; of keys only the end is shown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import Field, SecretStr

from orchestrator.domain.account import AccountStatus, UnlinkMode
from orchestrator.domain.explanation import Explanation, Outcome, StepName
from orchestrator.domain.ledger import LedgerEntry, Reason
from orchestrator.domain.reason_texts import entry_text
from orchestrator.domain.sync import SyncKind, SyncStatus
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.models import Answer, Order, Page
from orchestrator.entrypoints.http.models_connections import ListAnswer, PeopleAnswer, tail
from orchestrator.entrypoints.http.models_system import RepairAnswer
from orchestrator.services.views import ConnectionView, SyncView


class Progress(Answer):
    """A sync under way."""

    kind: SyncKind
    status: SyncStatus
    read: int
    total: int | None
    per_second: float | None
    seconds_left: float | None

    @classmethod
    def of(cls, view: SyncView) -> Self:
        sync = view.sync
        return cls(
            kind=sync.kind,
            status=sync.status,
            read=sync.counts.read,
            total=sync.counts.total,
            per_second=view.per_second,
            seconds_left=view.seconds_left,
        )


class WidgetConnection(Answer):
    """One list of the account, and how it does."""

    id: int
    name: str
    list_id: str | None
    list_title: str
    api_key: str
    paused: bool
    managed_by: str
    people: PeopleAnswer
    pending_changes: int
    sync: Progress | None = Field(description="Bulk work under way or waiting; live changes are no news.")
    last_done_at: datetime | None
    failed: bool = Field(description="Whether the latest sync failed; a repair says why.")

    @classmethod
    def of(cls, view: ConnectionView) -> Self:
        connection = view.connection
        bulk = [one for one in view.open_syncs if one.sync.kind is not SyncKind.REALTIME]
        return cls(
            id=connection.id,
            name=connection.name,
            list_id=connection.list_id,
            list_title=connection.list_title,
            api_key=tail(connection.api_key),
            paused=connection.status.value == "paused",
            managed_by=connection.managed_by,
            people=PeopleAnswer.model_validate(view.people),
            pending_changes=view.pending_changes,
            sync=Progress.of(bulk[0]) if bulk else None,
            last_done_at=view.last_done.finished_at if view.last_done else None,
            failed=view.last_failed is not None,
        )


class StatusAnswer(Answer):
    """Everything the settings page shows at first."""

    host: str
    status: AccountStatus | None = Field(description="Null before the account was linked.")
    is_admin: bool
    consent_path: str = Field(description="Below our address: where an administrator allows access.")
    connections: tuple[WidgetConnection, ...] = ()
    repairs: tuple[RepairAnswer, ...] = ()


class KeyOrder(Order):
    """A Unisender key to try, or the connection whose key is tried."""

    api_key: SecretStr | None = Field(default=None, min_length=1, max_length=500)
    connection_id: int | None = None


class ListsAnswer(Answer):
    """What a key opens."""

    lists: tuple[ListAnswer, ...]

    @classmethod
    def of(cls, lists: Mapping[str, str]) -> Self:
        return cls(lists=tuple(ListAnswer(id=number, title=title) for number, title in lists.items()))


class ConnectionOrder(Order):
    """Which key fills which list; without a key the present one stays."""

    api_key: SecretStr | None = Field(default=None, min_length=1, max_length=500)
    list_id: int | None = Field(default=None, gt=0)
    list_title: str | None = Field(default=None, min_length=1, max_length=255, description="Made if there is none.")


class UnsyncedContact(Answer):
    """Somebody who is not in the list."""

    stream: str
    record_id: int
    name: str
    reason: Reason
    text: str

    @classmethod
    def of(cls, entry: LedgerEntry, language: Language) -> Self:
        return cls(
            stream=entry.stream,
            record_id=entry.record_id,
            name=entry.name,
            reason=entry.reason,
            text=entry_text(entry, language),
        )


class UnsyncedPage(Page):
    """Those who are not in the list."""

    contacts: tuple[UnsyncedContact, ...]


class StepShown(Answer):
    """One station of a record's way."""

    name: StepName
    outcome: Outcome
    text: str


class ExplanationShown(Answer):
    """Why a contact is, or is not, in one list."""

    connection_id: int
    list_title: str
    in_list: bool
    reason: Reason | None
    why: str = Field(description="Empty for who is in the list.")
    steps: tuple[StepShown, ...]
    decided_at: datetime | None
    pending: bool = Field(description="Whether live changes of this list are under way.")

    @classmethod
    def of(cls, told: Explanation, language: Language, *, pending: bool, shown: Callable[[str], str]) -> Self:
        """`shown` masks what this user may not be allowed to see."""
        return cls(
            connection_id=told.connection_id,
            list_title=told.list_title,
            in_list=told.in_list,
            reason=told.reason,
            why="" if told.in_list or told.why is None else shown(told.why.text(language)),
            steps=tuple(
                StepShown(name=one.name, outcome=one.outcome, text=shown(one.text(language))) for one in told.steps
            ),
            decided_at=told.decided_at,
            pending=pending,
        )


class CardAnswer(Answer):
    """A contact's card: its place in every list of the account."""

    lists: tuple[ExplanationShown, ...]


class UnlinkOrder(Order):
    """How to unlink; `host` is what the administrator typed to confirm."""

    mode: UnlinkMode
    host: str = Field(max_length=100)


class UnlinkAnswer(Answer):
    """Unlinking has begun, or is done."""

    status: Literal[AccountStatus.UNLINKING, AccountStatus.UNLINKED]
