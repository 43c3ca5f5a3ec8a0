"""The body of a hook: PHP's http_build_query over nested values, the account block, and HTML-escaped text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

Pairs = list[tuple[str, str]]


def form(tree: Mapping[str, Any]) -> str:
    """Nested values as amoCRM sends them: brackets percent-encoded, booleans 1/0, nulls left out."""
    return urlencode(list(flatten(tree)))


def flatten(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`{"a": {"b": [1]}}` as `a[b][0]`, `1`; order kept."""
    for key, value in tree.items():
        yield from _walk(key, value)


def _walk(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif value is None:
        return
    elif isinstance(value, bool):
        yield path, "1" if value else "0"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(f"{path}[{key}]", inner)
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from _walk(f"{path}[{index}]", inner)
    else:
        yield path, str(value)


def account_block(*, account_id: int, subdomain: str, zone: str) -> dict[str, Any]:
    """Who sends: `account[subdomain]`, `account[id]`, `account[_links][self]`."""
    return {"subdomain": subdomain, "id": account_id, "_links": {"self": f"https://{subdomain}.{zone}"}}


def escape_html(text: str) -> str:
    """PHP's htmlspecialchars: what `&` becomes in url fields (seen as `&amp;` in recorded hooks)."""
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#039;")):
        text = text.replace(plain, entity)
    return text


def filled(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item without what amoCRM leaves out: nulls, empty texts, empty lists. Zero and false stay."""
    return {key: value for key, value in item.items() if value is not None and value != "" and value not in ([], {})}
