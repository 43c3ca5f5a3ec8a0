"""The watch itself: a test that could not fail would prove nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from visitor import NARROW, visiting

BAD = {
    "asked elsewhere": "<img src='http://example.com/a.png' alt=''>",
    "uncaught": "<script>throw new Error('broken')</script>",
    "console: seen": "<script>console.error('seen')</script>",
    "dialog: hello": "<script>setTimeout(() => alert('hello'))</script>",
    "Content Security Policy": "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\"><script>1</script>",
}


@pytest.mark.parametrize("complaint", BAD)
def test_what_a_page_must_not_do_is_seen(browser: Browser, pictures: Path, complaint: str) -> None:
    with visiting(browser, "", pictures) as visitor:
        visitor.page.set_content(BAD[complaint])

        visitor.until(lambda: any(complaint in one for one in visitor.complaints), what=complaint, seconds=10)


def test_a_page_wider_than_a_telephone_is_seen(browser: Browser, pictures: Path) -> None:
    with visiting(browser, "", pictures, width=NARROW) as visitor:
        visitor.page.set_content("<div class='row' style='width: 600px'>wide</div>")

        assert visitor.overflows() == ["div.row ends at 608 of 390"]
