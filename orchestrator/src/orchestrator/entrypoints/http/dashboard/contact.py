"""One person: why they are, or are not, in the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from orchestrator.domain.change import Change
from orchestrator.domain.connection import STREAMS
from orchestrator.domain.errors import NotFoundError
from orchestrator.domain.explanation import Explanation, StepName
from orchestrator.domain.ledger import LedgerEntry, PastDecision, Reason
from orchestrator.domain.reason_texts import decision_text, entry_text
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.dashboard.rendering import fragment, page, teller
from orchestrator.entrypoints.http.dashboard.showing import seconds
from orchestrator.entrypoints.http.dashboard.visit import Visit
from orchestrator.services.views import OPTED_OUT

CARDS = {"contacts": "contacts", "companies": "companies"}
UNISENDER = "https://cp.unisender.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that is known to have happened, in words."""

    at: datetime
    text: str
    sync_id: int | None = None


def show_contact(visit: Visit) -> Response:
    """As the ledger has it; Unisender's answer is asked for by the page itself, so that nobody waits for it."""
    return _page(visit, live=False)


def check_contact(visit: Visit) -> Response:
    """Read from amoCRM, and asked of Unisender, now."""
    return _page(visit, live=True)


def show_unisenders_word(visit: Visit) -> Response:
    """The last station, for the page that waits for it."""
    connection_id, stream, record_id = _which(visit)
    told = visit.services.explain_contact.explain(connection_id, stream=stream, record_id=record_id)
    steps = [one for one in told.steps if one.name is StepName.UNISENDER]
    return Response(fragment(visit, "steps.html", steps=steps), media_type="text/html")


def sync_now(visit: Visit) -> Response:
    connection_id, stream, record_id = _which(visit)
    visit.services.retry_contacts.retry(connection_id, [(stream, record_id)], actor=visit.actor)
    return visit.go(_address(visit), "contacts.said_retried", count=1)


def _page(visit: Visit, *, live: bool) -> Response:
    connection_id, stream, record_id = _which(visit)
    told = visit.services.explain_contact.explain(
        connection_id, stream=stream, record_id=record_id, live=live, ask_unisender=live
    )
    report = visit.services.report
    connection = report.connection_named(connection_id)
    account = report.account_named(connection.account_id)
    entry = report.contact(connection_id, stream, record_id)
    waiting = report.waiting_change(connection_id, stream, record_id)
    return page(
        visit,
        "contact.html",
        told=told,
        connection=connection,
        account=account,
        entry=entry,
        live=live,
        asks=not live and bool(told.addresses),
        why=_why(told, visit.language),
        happened=_happened(entry, report.past(connection_id, stream, record_id), waiting, visit.language),
        card=f"https://{account.host}/{CARDS[stream]}/detail/{record_id}",
        unisender=UNISENDER,
        address=_address(visit),
    )


def _which(visit: Visit) -> tuple[int, str, int]:
    """Raises NotFoundError."""
    stream = str(visit.request.path_params["stream"])
    if stream not in STREAMS:
        raise NotFoundError("There is nothing at this address.")
    return visit.number("connection_id"), stream, visit.number("record_id")


def _address(visit: Visit) -> str:
    connection_id, stream, record_id = _which(visit)
    return f"/contacts/{connection_id}/{stream}/{record_id}"


def _why(told: Explanation, language: Language) -> str:
    """What keeps the person from the list, in whole sentences; empty for who is in it."""
    step = None if told.in_list else told.why
    if step is None:
        return ""
    text = step.text(language)
    said = f"{text[:1].upper()}{text[1:].rstrip('.')}."
    return f"{said} {teller(language)('contacts.never_back')}" if step.reason in OPTED_OUT else said


def _happened(
    entry: LedgerEntry | None, past: Sequence[PastDecision], waiting: Change | None, language: Language
) -> Sequence[Happened]:
    """Newest first."""
    t = teller(language)
    found = [_decided(one, language) for one in past]
    if waiting is not None:
        found.append(Happened(at=waiting.seen_at, text=t("contacts.known_waiting")))
    if entry is not None:
        if entry.decided_at not in {one.decided_at for one in past}:
            found.append(
                Happened(at=entry.decided_at, text=t("contacts.known_decided", what=entry_text(entry, language)))
            )
        if entry.delivered_at and not any(one.reason is Reason.DELIVERED for one in past):
            found.append(Happened(at=entry.delivered_at, text=_accepted(entry.latency_ms, language)))
        found.append(Happened(at=entry.seen_at, text=t("contacts.known_seen")))
        if entry.version > 0:
            found.append(Happened(at=datetime.fromtimestamp(entry.version, UTC), text=t("contacts.known_changed")))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _decided(one: PastDecision, language: Language) -> Happened:
    if one.reason is Reason.DELIVERED:
        text = _accepted(one.latency_ms, language)
    else:
        words = decision_text(one, language)
        text = teller(language)("contacts.known_decided", what=words)
    return Happened(at=one.decided_at, text=text, sync_id=one.sync_id)


def _accepted(latency_ms: int | None, language: Language) -> str:
    t = teller(language)
    if latency_ms is None:
        return t("contacts.known_delivered")
    return t("contacts.known_delivered_after", time=seconds(latency_ms / 1000, language=language))
