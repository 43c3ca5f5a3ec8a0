"""Query strings in PHP's bracket notation, and what every list understands: page, limit, order, with, filter."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from aiohttp import web

from sandbox.amocrm.exceptions import ProblemError

DEFAULT_LIMIT = 50
MOST = 250
Tree = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Query:
    """The parsed query of a list. `pairs` are its parameters in order, without page and limit."""

    pairs: tuple[tuple[str, str], ...]
    page: int
    limit: int
    raw_brackets: bool = False

    @cached_property
    def tree(self) -> Tree:
        return nest(self.pairs)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The values of `with`."""
        return frozenset(filter(None, (one.strip() for one in ",".join(texts(self.tree.get("with"))).split(","))))

    @cached_property
    def filter(self) -> Tree:
        given = self.tree.get("filter")
        return given if isinstance(given, dict) else {}

    @cached_property
    def order(self) -> tuple[str, bool] | None:
        """(field, descending) of `order[field]=asc|desc`."""
        given = self.tree.get("order")
        if not isinstance(given, dict) or not given:
            return None
        field, direction = next(iter(given.items()))
        return field, str(direction).lower() == "desc"

    @cached_property
    def text(self) -> str:
        """`query=`: full-text search."""
        return (texts(self.tree.get("query")) or [""])[0].strip()

    @property
    def start(self) -> int:
        return (self.page - 1) * self.limit

    def tail(self, page: int | None = None) -> str:
        """The query string for links, page and limit last."""
        pairs = (*self.pairs, ("page", str(page or self.page)), ("limit", str(self.limit)))
        safe = "[]" if self.raw_brackets else ""
        return "?" + "&".join(f"{quote_plus(key, safe=safe)}={quote_plus(value, safe=safe)}" for key, value in pairs)


def read(request: web.Request, switches: Any, *, most: int = MOST) -> Query:
    """The query of a list request.

    Raises:
        ProblemError: a limit over `most` while the switch `amocrm.limit_over_maximum` is a status.
    """
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    sizes = {key: value for key, value in pairs if key in ("page", "limit")}
    limit = _positive(sizes.get("limit"), DEFAULT_LIMIT)
    if limit > most:
        verdict = switches["amocrm.limit_over_maximum"]
        if verdict != "clamp":
            raise ProblemError(int(verdict), f"Limit {most} per page")
        limit = most
    return Query(
        pairs=tuple((key, value) for key, value in pairs if key not in ("page", "limit")),
        page=_positive(sizes.get("page"), 1),
        limit=limit,
        raw_brackets=switches["amocrm.link_brackets"] == "raw",
    )


def nest(pairs: tuple[tuple[str, str], ...]) -> Tree:
    """`a[b][]=1` as PHP reads it: nested dicts, `[]` numbered."""
    tree: Tree = {}
    for key, value in pairs:
        name, bracket, rest = key.partition("[")
        steps = [name, *(rest[:-1].split("][") if bracket and rest.endswith("]") else ())]
        node = tree
        for step, follower in zip(steps, [*steps[1:], None], strict=True):
            place = step or str(len(node))
            if follower is None:
                node[place] = value
            else:
                below = node.get(place)
                if not isinstance(below, dict):
                    below = node[place] = {}
                node = below
    return tree


def texts(node: Any) -> list[str]:
    """All values below a node: one value and a list of one are the same in amoCRM's filters."""
    if node is None:
        return []
    if isinstance(node, dict):
        return [text for below in node.values() for text in texts(below)]
    return [str(node)]


def split_texts(node: Any) -> list[str]:
    """Like `texts`, with comma-joined lists taken apart, as the official PHP client sends them for events."""
    return [part for text in texts(node) for part in text.split(",") if part]


def numbers(node: Any) -> frozenset[int]:
    return frozenset(int(text) for text in split_texts(node) if text.lstrip("-").isdigit())


def bounds(node: Any, *, bare: str = "exact", inclusive: bool = True) -> tuple[int, int] | None:
    """A range in whole numbers, both ends included. A bare number means itself, or (`bare="after"`) everything from it.

    `a,b` is read as from,to. None: nothing usable was given.
    """
    low, high = -(1 << 62), 1 << 62
    if isinstance(node, dict) and ("from" in node or "to" in node):
        first, last = _number(node.get("from")), _number(node.get("to"))
        if first is None and last is None:
            return None
        step = 0 if inclusive else 1
        return (low if first is None else first + step), (high if last is None else last - step)
    given = [_number(text) for text in split_texts(node)]
    if len(given) == 2 and None not in given:
        return given[0] or 0, given[1] or 0
    if len(given) != 1 or given[0] is None:
        return None
    return given[0], (high if bare == "after" else given[0])


def _number(text: Any) -> int | None:
    try:
        return int(float(text))
    except (TypeError, ValueError):
        return None


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() and int(text) > 0 else default
