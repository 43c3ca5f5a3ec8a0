"""Where links lead: every page of a service that somebody who signed in can click to."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from orchestrator.entrypoints.http.dashboard.routes import PAGES
from orchestrator.entrypoints.http.routing import Page

MOST_OF_ONE = 2
"""Addresses of one line of the route table that are followed: a hundred contacts' pages are alike."""


def pages_to_read() -> Sequence[str]:
    """The lines of the route table that a link may lead to."""
    return [page.path for page in PAGES if isinstance(page, Page) and page.method == "GET"]


def line_of(path: str) -> str | None:
    """The line of the route table that answers a path."""
    lines = (one for one in pages_to_read() if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", one), path))
    return next(lines, None)


def walk(url: str, session: Path, *, start: str = "/accounts") -> Mapping[str, Sequence[str]]:
    """Addresses of pages without their host, by line of the route table."""
    browser = requests.Session()
    browser.headers["Accept"] = "text/html"
    for cookie in json.loads(session.read_text())["cookies"]:
        browser.cookies.set(cookie["name"], cookie["value"])
    found: dict[str, list[str]] = defaultdict(list)
    coming, known = [start], {start}
    while coming:
        here = coming.pop(0)
        line = line_of(urlsplit(here).path)
        if line is None or len(found[line]) >= MOST_OF_ONE:
            continue
        answer = browser.get(url + here, allow_redirects=False, timeout=60)
        if "text/html" not in answer.headers.get("Content-Type", "") or answer.status_code != 200:
            continue
        found[line].append(here)
        for link in _links(answer.text):
            parts = urlsplit(urljoin(url + here, link))
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if f"{parts.scheme}://{parts.netloc}" == url and address not in known:
                known.add(address)
                coming.append(address)
    return {line: found_there for line, found_there in found.items() if found_there}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href and not href.startswith("#"):
            self.found.append(href)


def _links(page: str) -> Sequence[str]:
    links = _Links()
    links.feed(page)
    return links.found
