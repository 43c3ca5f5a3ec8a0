"""A person at Debian's Chromium, watched for whatever must never happen on a page of ours."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from throwaway_servers import wait_until

LOOPBACK = {"127.0.0.1", "localhost"}
WIDE, NARROW = 1280, 390
HEIGHTS = {WIDE: 800, NARROW: 844}
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
"""The last: whatever a page asks for elsewhere is not even looked up."""
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """One browser context with one page; `complaints` are what its pages did and must not have done."""

    def __init__(self, context: BrowserContext, url: str, pictures: Path, *, language: str) -> None:
        self.context, self.url, self.language = context, url, language
        self._pictures = pictures
        self._found: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.set_default_timeout(PATIENCE_MS)
        # A context tells of every page, also of those that pages open themselves.
        context.on("request", self._look_at_request)
        context.on("response", self._look_at_response)
        context.on("console", self._look_at_console)
        context.on("weberror", lambda error: self._found.append(f"uncaught: {error.error}"))
        context.on("dialog", lambda dialog: (self._found.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page: Page = context.new_page()

    def open(self, path: str) -> Response:
        """Go to a path of ours, or to a whole address."""
        response = self.page.goto(path if "://" in path else self.url + path)
        assert response is not None
        return response

    def sign_in(self, password: str) -> None:
        """From the page that asks for it."""
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("main button").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def picture(self, name: str, *, whole: bool = True) -> Path:
        """Keep the page as it is now, or what the window shows of it."""
        path = self._pictures / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole, animations="disabled")
        return path

    def until(self, there: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
        """Wait for a condition outside the page while the browser goes on working; the time only bounds a failure."""
        wait_until(there, what=what, seconds=seconds, sleep=lambda pause: self.page.wait_for_timeout(1000 * pause))

    def expect_complaint(self, pattern: str) -> None:
        """Chromium itself writes of every answer above 399: say so where a test provokes one."""
        self._expected.append(re.compile(pattern))

    @property
    def complaints(self) -> Sequence[str]:
        return [one for one in self._found if not any(known.search(one) for known in self._expected)]

    def overflows(self) -> Sequence[str]:
        """What stands out of the window to the right, so that the page scrolls sideways."""
        found: list[str] = self.page.evaluate(OVERFLOWING)
        return found

    def _look_at_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOOPBACK:
            self._found.append(f"asked elsewhere: {request.url}")

    def _look_at_response(self, response: Response) -> None:
        if response.status >= 500:
            self._found.append(f"{response.status} from {response.url}")

    def _look_at_console(self, message: ConsoleMessage) -> None:
        """Errors of scripts, and what a Content-Security-Policy held back."""
        if message.type in ("error", "warning"):
            self._found.append(f"console: {message.text} ({message.location.get('url', '')})")


OVERFLOWING = """() => {
  const edge = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= edge) return []
  return [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > edge + 1)
    .map(one => `${one.tagName.toLowerCase()}.${one.className} ends at ${Math.round(one.getBoundingClientRect().right)} of ${edge}`)
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's own browser with a profile of its own; without a window's machinery it costs half."""
    path = shutil.which("chromium-headless-shell")
    if path is None:
        raise FileNotFoundError("run `make test`, or install Debian's package chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(
    browser: Browser, url: str, pictures: Path, *,
    language: str = "en", width: int = WIDE, dark: bool = False, session: Path | None = None,
) -> Iterator[Visitor]:  # fmt: skip
    """A person with a browser that was never anywhere, or has a `session` saved before."""
    context = browser.new_context(
        locale={"en": "en-GB", "ru": "ru-RU"}[language],
        timezone_id="Europe/Moscow",
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        storage_state=session,
    )
    try:
        yield Visitor(context, url, pictures, language=language)
    finally:
        context.close()
