"""What an import's counters and `log` say about each row. Pure; the vendor publishes no list of `log[].code`.

So: known words first, then the counters; what stays unclear counts as refused. Unisender docs: importcontacts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from destination_unisender.addresses import mask_text
from destination_unisender.outcomes import Code

_MOST_TEXT = 300
_ROLE_WORDS = ("role", "ролев", "служебн", "общий адрес", "общие адреса")
_INVALID_WORDS = ("invalid", "incorrect", "not valid", "некоррект", "неверн", "недопустим")
_EMAIL_WORDS = ("email", "e-mail", "адрес")
_PHONE_WORDS = ("phone", "телефон")
_IGNORED_WORDS = ("ignored", "проигнорирован", "пропущен")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What Unisender did with one row. `detail` is masked."""

    code: Code
    detail: str = ""


ACCEPTED = Verdict(code=Code.DELIVERED)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Verdicts of the refused rows by number, and warnings of accepted ones.

    `unlocated`: refusals the vendor counted without naming the row. `unexplained`: rows it neither counted nor named.
    """

    refused: Mapping[int, Verdict]
    warnings: Mapping[int, str]
    unlocated: int
    unexplained: int


def read_log(result: Mapping[str, Any], *, sent: int) -> Reading:
    """Read one answer to an import of `sent` rows, no two of one address."""
    entries = _entries(result.get("log"), sent=sent)
    accepted = sum(_count(result.get(name)) for name in ("inserted", "updated", "deleted"))
    refused: dict[int, Verdict] = {}
    warnings: dict[int, str] = {}
    unclear: dict[int, Verdict] = {}
    for number, code, text in entries:
        verdict = _judge(code, text)
        if verdict is None:
            warnings[number] = text
        elif verdict.code is Code.REJECTED and not _speaks_of_refusal(text):
            unclear[number] = verdict
        else:
            refused[number] = verdict
    for number, verdict in unclear.items():
        if number in refused:
            continue
        if accepted + len(refused) >= sent:
            warnings[number] = verdict.detail
        else:
            refused[number] = verdict
    missing = max(0, sent - accepted - len(refused))
    unlocated = min(missing, max(0, _count(result.get("invalid")) - len(refused)))
    return Reading(refused=refused, warnings=warnings, unlocated=unlocated, unexplained=missing - unlocated)


def _entries(log: Any, *, sent: int) -> list[tuple[int, str, str]]:
    found = []
    for entry in log if isinstance(log, list) else ():
        if isinstance(entry, dict) and str(entry.get("index", "")).isdecimal() and int(entry["index"]) < sent:
            text = mask_text(str(entry.get("message") or entry.get("code") or "no reason given"))[:_MOST_TEXT]
            found.append((int(entry["index"]), str(entry.get("code") or ""), text))
    return found


def _judge(code: str, text: str) -> Verdict | None:
    """The verdict a log entry's words lead to; None for a warning about an accepted row."""
    words = f"{code.replace('_', ' ')} {text}".lower()
    about_phone = any(word in words for word in _PHONE_WORDS)
    about_email = any(word in words for word in _EMAIL_WORDS)
    if about_phone and not about_email:
        return None if any(word in words for word in _IGNORED_WORDS) else Verdict(code=Code.REJECTED, detail=text)
    if any(word in words for word in _ROLE_WORDS):
        return Verdict(code=Code.ROLE_ADDRESS, detail=text)
    if about_email and not about_phone and any(word in words for word in _INVALID_WORDS):
        return Verdict(code=Code.INVALID_ADDRESS, detail=text)
    return Verdict(code=Code.REJECTED, detail=text)


def _speaks_of_refusal(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in ("row was ignored", "email was ignored", "different subscribers"))


def _count(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
