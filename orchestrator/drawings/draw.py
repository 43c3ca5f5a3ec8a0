"""Draws the widget's pictures: logos from mark.svg, the tour from the widget itself over made-up people.

Debian's Chromium draws (through Playwright); in the repository's folder:

    PYTHONPATH=integration_tests/processes:orchestrator/tests/fakes .venv/bin/python orchestrator/drawings/draw.py
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from amocrm_front import SERVICE_HOST, Answer, Front, Told, fronting
from playwright.sync_api import Page

from orchestrator.adapters.widget_sources import widget_sources
from orchestrator.domain.widget_archive.assembling import Edition, assembled
from orchestrator.domain.widget_archive.pictures import LOGOS
from visitor import chromium

HERE = Path(__file__).parent
IMAGES = HERE.parent / "src" / "orchestrator" / "widget" / "images"
HOST, CONTACT = "demo.amocrm.ru", 50110041
SHOWN = json.loads((HERE / "tour.json").read_text(encoding="utf-8"))
LOGO = (
    "<style>html,body{{margin:0;height:100%;background:{background}}}body{{display:flex;align-items:center;"
    "justify-content:center;gap:{gap}px}}svg{{height:{mark}px;width:{mark}px}}"
    "b{{font:500 {letters}px/1.1 'DejaVu Sans',sans-serif;color:#0b6e6e}}</style>{svg}{name}"
)
NAME = "<b>amoCRM →<br>Unisender</b>"


def logo(width: int, height: int) -> str:
    """A small square is the mark alone; the wide ones carry the name."""
    square, mark = width / height < 1.2, round(height * 0.72)
    if square:
        return LOGO.format(background="#fff", gap=0, mark=height, letters=0, svg=_mark(), name="")
    wide = width / height > 2
    mark = round(height * (0.72 if wide else 0.42))
    return LOGO.format(
        background="#fff", gap=round(mark / 5), mark=mark, letters=round(mark * (0.33 if wide else 0.3)), svg=_mark(),
        name=NAME,
    )  # fmt: skip


def _mark() -> str:
    return (HERE / "mark.svg").read_text(encoding="utf-8")


def played(told: Told) -> Answer:
    """The service with made-up people, in the language asked for."""
    asked = re.fullmatch(r"/widget/v1/[^/]+(/\w+)(?:/\d+)?(/\w+)?\?.*language=(\w\w)", told.path)
    cors = {"Access-Control-Allow-Origin": f"https://{HOST}", "Access-Control-Allow-Headers": "x-auth-token"}
    if told.method == "OPTIONS" or asked is None:
        return Answer(status=204, headers=cors, body=b"")
    body: Any = SHOWN[asked[3]][asked[1] + (asked[2] or "")]
    return Answer(status=200, headers={**cors, "Content-Type": "application/json"}, body=json.dumps(body).encode())


@contextmanager
def amocrm() -> Iterator[Page]:
    edition = Edition(public_url=f"https://{SERVICE_HOST}", version="1.0.0", support_url="https://example.com")
    front = Front(widget=assembled(widget_sources(), edition), token=lambda _: "played", service=played)
    with TemporaryDirectory() as folder, fronting(front, Path(folder)) as proxy, chromium() as browser:
        context = browser.new_context(
            proxy={"server": proxy}, ignore_https_errors=True, timezone_id="Europe/Moscow", device_scale_factor=1.5
        )
        yield context.new_page()
        context.close()


def draw_logos() -> None:
    with chromium() as browser:
        page = browser.new_page()
        for name, (width, height) in LOGOS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.set_content(logo(width, height))
            page.screenshot(path=IMAGES / f"{name}.png")


def draw_tour() -> None:
    with amocrm() as page:
        page.set_viewport_size({"width": 640, "height": 600})
        for language in SHOWN:
            page.goto(f"https://{HOST}/?area=settings&language={language}")
            page.locator(".amo-unisender__figure").first.wait_for()
            page.locator(".amo-unisender__panel summary").click()
            page.locator(".amo-unisender__person").last.wait_for()
            page.locator(".modal").screenshot(path=IMAGES / f"tour_1_{language}.png")
            page.goto(f"https://{HOST}/?area=ccard&contact={CONTACT}&language={language}")
            page.locator(".amo-unisender__card summary").click()
            page.locator(".amo-unisender__step").last.wait_for()
            page.locator(".column").screenshot(path=IMAGES / f"tour_2_{language}.png")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    draw_logos()
    draw_tour()
