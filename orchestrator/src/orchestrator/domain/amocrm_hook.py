"""amoCRM's webhooks: a PHP form body to nested values, and those to the changes it names. Nothing here raises on junk.

The body is PHP's `http_build_query` (`contacts[update][0][id]=5`, brackets percent-encoded), nested six levels and
more, with many entities and actions in one request. Ids are all that is taken from it: a hook is a hint, the record
itself is read from the API. So both generations of field names (`last_modified`, `updated_at`) read alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from orchestrator.domain.change import ChangeAction
from orchestrator.domain.secret import Secret

MOST_FIELDS = 200_000
"""A true body of 10 MB holds about half as many."""
MOST_BRANCHES = 200_000
"""Bounds the memory a hostile body takes; a true one of 10 MB has about half as many."""
DEEPEST = 32
"""Levels that are read; amoCRM uses seven."""
LEVELS_OF_IDS = 5
"""`contacts[note][0][note][element_id]`; what lies deeper (custom fields, most of a body) is not even decoded."""
LONGEST_ID = 18
"""Digits: what fits into a signed 64-bit number, and never a slow conversion."""
COMPANY_ELEMENT = "3"
"""amoCRM's element_type of a company in notes (docs: webhooks-format)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A webhook as it came in, to the address with this secret."""

    secret: Secret
    body: bytes
    received_at: datetime
    late: bool = False
    """It waited on disk: newer hooks may have been taken before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChange:
    """A record that a hook names."""

    stream: str
    record_id: int
    action: ChangeAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What a body says. `account_id` is None when it does not say (2018's bodies had the subdomain only)."""

    malformed: bool
    account_id: int | None = None
    subdomain: str | None = None
    changes: tuple[NamedChange, ...] = ()
    """In the order of the body; one record may be named several times."""


class Branch(dict[str, "str | Branch"]):
    """Nested values by key. PHP's lists are branches with the keys "0", "1", …: gaps and repeats do no harm."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def put(self, key: str, node: "str | Branch") -> None:
        """As PHP does: an empty key is the next free number."""
        if not key:
            key = str(self._next)
        if (number := _number(key)) is not None and number >= self._next:
            self._next = number + 1
        self[key] = node


def parse(body: bytes, *, levels: int = DEEPEST) -> Branch | None:
    """The nested values of a form body, each decoded exactly once; None when it has too many of them.

    Fields below `levels` are left out; bytes that are no UTF-8 become U+FFFD. Linear in time and memory.
    """
    if body.count(b"&") >= MOST_FIELDS:
        return None
    tree, branches = Branch(), 0
    for field in body.split(b"&"):
        name, _, value = field.partition(b"=")
        name = name.replace(b"%5B", b"[").replace(b"%5D", b"]")  # most of the decoding there is, done the quick way
        if not name or name.count(b"[") + name.count(b"%5b") >= levels:
            continue
        at, (key, *below) = tree, _keys(_decoded(name))
        for next_key in below:
            inside = at.get(key) if key else None
            if not isinstance(inside, Branch):
                inside = Branch()
                branches += 1
                at.put(key, inside)
            at, key = inside, next_key
        at.put(key, _decoded(value))
        if branches > MOST_BRANCHES:
            return None
    return tree


def read_hook(body: bytes) -> Hook:
    """What a webhook's body says; malformed when nothing in it is nested under a word."""
    tree = parse(body, levels=LEVELS_OF_IDS)
    if tree is None or not any(key.isidentifier() for key, node in tree.items() if isinstance(node, Branch)):
        return Hook(malformed=True)
    account = tree.get("account")
    known = account if isinstance(account, Branch) else Branch()
    return Hook(
        malformed=False,
        account_id=_number(known.get("id")),
        subdomain=_text(known.get("subdomain")),
        changes=tuple(_changes(tree)),
    )


def _changes(tree: Branch) -> Iterator[NamedChange]:
    for stream in ("contacts", "companies"):
        actions = tree.get(stream)
        if isinstance(actions, Branch):
            for action, items in actions.items():
                if isinstance(items, Branch):
                    yield from _items(stream, action, items)


def _items(stream: str, action: str, items: Branch) -> Iterator[NamedChange]:
    what = ChangeAction.DELETE if action == "delete" else ChangeAction.UPSERT
    for index, item in items.items():
        if isinstance(item, Branch):
            record_id, company = _of_note(item) if action == "note" else _of_card(item)
        elif _number(index) is not None:  # old bodies name a deleted record by its bare id: [delete][0]=5
            record_id, company = _number(item), False
        else:
            continue
        if record_id:
            yield NamedChange(stream="companies" if company else stream, record_id=record_id, action=what)


def _of_card(item: Branch) -> tuple[int | None, bool]:
    return _number(item.get("id")), item.get("type") == "company"


def _of_note(item: Branch) -> tuple[int | None, bool]:
    note = item.get("note")
    told = note if isinstance(note, Branch) else item
    company = told.get("element_type") == COMPANY_ELEMENT or item.get("type") == "company"
    return _number(told.get("element_id")), company


def _keys(path: str) -> list[str]:
    """`a[b][][0]` as a, b, "", 0. Text after a bracket that never closes, or between two, is dropped as in PHP."""
    first, bracket, rest = path.partition("[")
    keys = [first]
    while bracket:
        key, closed, rest = rest.partition("]")
        if not closed:
            break
        keys.append(key)
        if not rest.startswith("["):
            break
        rest = rest[1:]
    return keys


def _decoded(text: bytes) -> str:
    plain = text.decode(errors="replace")
    return unquote_plus(plain, errors="replace") if "%" in plain or "+" in plain else plain


def _number(node: object) -> int | None:
    if isinstance(node, str) and len(node) <= LONGEST_ID and node.isascii() and node.isdigit():
        return int(node)
    return None


def _text(node: object) -> str | None:
    return node if isinstance(node, str) else None
