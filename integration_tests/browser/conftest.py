"""What the browser's tests share: one service over real servers a worker, one Chromium a file, a person a test.

Pictures are kept in `.browser/`, also of how a test's pages looked when it failed. With KEEP_TRACE=1 in the environment a
failed test leaves a trace there as well, for `playwright show-trace`: recording it costs a fifth of these tests' time.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from furnished import furnish
from orchestra import PASSWORD, Orchestra
from playwright.sync_api import Browser
from stages import NO_LIMITS, up_on_servers
from walking import walk

from sandbox.demo.sandbox_control import running
from throwaway_servers import MariaDB
from visitor import Visitor, chromium, visiting

KEPT = Path(__file__).parents[2] / ".browser"
SETTINGS = {**NO_LIMITS, "integrations": []}
"""One integration, made known by the API: with one there is nothing to choose."""
FAILED = pytest.StashKey[bool]()
KEEP_TRACE = bool(os.environ.get("KEEP_TRACE"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one file only: as long as Playwright runs, its event loop keeps others of the same process from theirs."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def empty_service(tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB) -> Iterator[Orchestra]:
    """A service nobody has linked anything to."""
    with (
        running("--contacts", "60", "--rate-limits", "off") as sandbox,
        up_on_servers(tmp_path_factory.mktemp("service"), sandbox, mariadb_server, SETTINGS) as service,
    ):
        yield service


@pytest.fixture(scope="session")
def furnished_service(tmp_path_factory: pytest.TempPathFactory, mariadb_server: MariaDB) -> Iterator[Orchestra]:
    """A service with everything a page may have to show; tests leave it as it is."""
    with (
        running("--contacts", "30", "--rate-limits", "off") as sandbox,
        up_on_servers(tmp_path_factory.mktemp("service"), sandbox, mariadb_server, SETTINGS) as service,
    ):
        furnish(service)
        yield service


@pytest.fixture(scope="module")
def session(browser: Browser, furnished_service: Orchestra, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser state of who has signed in to it: `visit(service, session=session)`."""
    folder = tmp_path_factory.mktemp("session")
    with visiting(browser, furnished_service.url, folder) as visitor:
        visitor.open("/sign-in")
        visitor.sign_in(PASSWORD)
        visitor.context.storage_state(path=folder / "state.json")
    return folder / "state.json"


@pytest.fixture(scope="module")
def addresses(furnished_service: Orchestra, session: Path) -> Mapping[str, Sequence[str]]:
    """Every page that links lead to: addresses, by line of the route table."""
    return walk(furnished_service.url, session)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    if outcome.get_result().failed:
        item.stash[FAILED] = True


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path:
    """The folder of a test's own pictures; it is there once there is one."""
    folder = KEPT / Path(request.node.fspath).stem / re.sub(r"[^\w.-]+", "_", request.node.name).strip("_")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser, pictures: Path) -> Iterator[Callable[..., Visitor]]:
    """Send a person to a service; at the end none of the pages may have done what pages must not do."""
    visitors: list[Visitor] = []
    with ExitStack() as open_contexts:

        def sent(service: Orchestra, **how: Any) -> Visitor:
            visitor = open_contexts.enter_context(visiting(browser, service.url, pictures, **how))
            if KEEP_TRACE:
                visitor.context.tracing.start(snapshots=True)
            visitors.append(visitor)
            return visitor

        yield sent
        failed = request.node.stash.get(FAILED, False) or any(visitor.complaints for visitor in visitors)
        for number, visitor in enumerate(visitors):
            if KEEP_TRACE:
                visitor.context.tracing.stop(path=pictures / f"trace-{number}.zip" if failed else None)
            if failed and not visitor.page.is_closed():
                visitor.picture(f"failed-{number}")
    assert [visitor.complaints for visitor in visitors if visitor.complaints] == []
