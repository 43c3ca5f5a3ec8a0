"""A site that fetches nothing from anywhere: it works in a closed network and tells nobody who reads it."""

import re
from collections.abc import Iterator
from pathlib import Path

FETCHED = re.compile(
    r"<(?:script|img|iframe|source|link(?=[^>]*rel=\"?(?:stylesheet|preload|icon)))\b[^>]*(?:src|href)=\"?(?:https?:)?//[^\s>]+"
)


def fetched_from_elsewhere(site: Path) -> Iterator[str]:
    """Places where a page makes a browser ask another server."""
    for page in sorted(site.rglob("*.html")):
        for found in FETCHED.finditer(page.read_text()):
            yield f"{page.relative_to(site)}: {found[0]}"
