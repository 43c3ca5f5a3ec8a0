"""What each reason code says to people. One table for CLI, API and pages; the codes are in domain/ledger."""

from collections.abc import Mapping
from datetime import UTC, datetime

from orchestrator.domain.ledger import LedgerEntry, PastDecision, Reason
from orchestrator.domain.wording import Language, day, filled

TEMPLATES: Mapping[Reason, Mapping[Language, str]] = {
    Reason.DELIVERED: {"en": "in the list", "ru": "в списке"},
    Reason.UNCHANGED: {"en": "nothing new to send", "ru": "без изменений"},
    Reason.NO_ADDRESS: {"en": "no e-mail (and no phone) in amoCRM", "ru": "нет e-mail (и телефона) в amoCRM"},
    Reason.INVALID_ADDRESS: {"en": "the address is not valid[: {detail}]", "ru": "адрес некорректен[: {detail}]"},
    Reason.ROLE_ADDRESS: {
        "en": "Unisender refuses shared addresses such as info@",
        "ru": "Unisender не принимает общие адреса, например info@",
    },
    Reason.DUPLICATE_ADDRESS: {
        "en": "the same address is already delivered for contact[ {other}]",
        "ru": "этот адрес уже передан контактом[ {other}]",
    },
    Reason.FILTERED: {"en": "does not match the rule[ “{detail}”]", "ru": "не подходит под правило[ «{detail}»]"},
    Reason.NO_CONSENT: {
        "en": "consent field[ “{detail}”] is not set",
        "ru": "не отмечено согласие[ «{detail}»]",
    },
    Reason.UNSUBSCRIBED: {"en": "the person unsubscribed[ on {date}]", "ru": "человек отписался[ {date}]"},
    Reason.BOUNCED: {
        "en": "the address does not accept mail[ since {date}]",
        "ru": "адрес не принимает письма[ с {date}]",
    },
    Reason.COMPLAINED: {"en": "the person marked a letter as spam", "ru": "человек пожаловался на спам"},
    Reason.ERASED: {"en": "erased on request", "ru": "удалён по запросу"},
    Reason.REJECTED: {"en": "Unisender refused the row[: {detail}]", "ru": "Unisender отклонил строку[: {detail}]"},
    Reason.REMOVED: {"en": "deleted in amoCRM[ on {date}]", "ru": "удалён в amoCRM[ {date}]"},
    Reason.PENDING: {"en": "on its way", "ru": "в пути"},
    Reason.FAILED: {
        "en": "not delivered yet[: {detail}][; next try {time}]",
        "ru": "пока не передан[: {detail}][; следующая попытка {time}]",
    },
}


def reason_label(reason: Reason, language: Language) -> str:
    """A reason without the facts of one person, for counts and filters."""
    return filled(TEMPLATES[reason][language], {})


def reason_text(
    reason: Reason,
    language: Language,
    *,
    detail: str = "",
    other: str = "",
    date: datetime | None = None,
    time: str = "",
) -> str:
    """A reason with what is known of one person. `other` is `stream/record_id`, of which people see the id."""
    facts = {"detail": detail, "other": other.rpartition("/")[2], "time": time}
    return filled(TEMPLATES[reason][language], facts | ({"date": day(date, language)} if date else {}))


def entry_text(entry: LedgerEntry, language: Language, *, next_try: str = "") -> str:
    """Why an entry is synced or not. The date is in its detail where that is one, else the day it was decided."""
    return reason_text(
        entry.reason,
        language,
        detail=entry.detail,
        other=entry.other,
        date=_date(entry.detail) or entry.decided_at,
        time=next_try,
    )


def decision_text(past: PastDecision, language: Language) -> str:
    """What was once found about a record, said as `entry_text` says it."""
    date = _date(past.detail) or past.decided_at
    return reason_text(past.reason, language, detail=past.detail, other=past.other, date=date)


def _date(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
