"""The whole way of a webhook through a real server: answered in time and never lost, whatever the database does."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import requests

from answering import answering
from linked import Linked, linked
from orchestrator.entrypoints.http.app import make_app
from orchestrator.entrypoints.http.services import HttpOptions, Services
from serving import served
from throwaway_servers import MariaDB, running_mariadb, wait_until
from wired import wired

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOOK = "/webhooks/amocrm/webhook-secret"
SANE_SECONDS = 10
"""amoCRM waits two; this only bounds a failure on a busy machine."""
AT_ONCE = 200


@dataclass(frozen=True)
class House:
    here: Linked
    services: Services
    url: str

    def post(self, path: str, body: bytes = b"", **how: Any) -> requests.Response:
        return requests.post(self.url + path, data=body, headers=FORM, timeout=SANE_SECONDS, **how)

    def ids(self) -> set[int]:
        with self.here.database.begin() as tx:
            return {one.record_id for one in tx.changes.pending(self.here.connection.id, 100_000)}

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.services.meter.counts)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def own_server() -> Iterator[MariaDB]:
    with running_mariadb() as server:
        yield server


@pytest.fixture
def server(own_server: MariaDB) -> Iterator[MariaDB]:
    """One to be killed; durable, unlike the others' server."""
    yield own_server
    if own_server._process is None or own_server._process.poll() is not None:
        own_server.start()


def of_its_own(server: MariaDB) -> str:
    return server.create(f"test_{uuid4().hex[:12]}")


@contextmanager
def house_over(where: Any, folder: Path, **options: Any) -> Iterator[House]:
    here = linked(where)
    services = wired(here, folder)
    with served(make_app(services, HttpOptions(**options))) as url:
        yield House(here, services, url)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with house_over(database_url, tmp_path) as one:
        yield one


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[House]:
    """Where the database makes no difference."""
    with house_over(tmp_path, tmp_path, body_limit_bytes=10_000) as one:
        yield one


def hook(record_id: int) -> bytes:
    return b"account%%5Bid%%5D=31415926&contacts%%5Bupdate%%5D%%5B0%%5D%%5Bid%%5D=%d" % record_id


def test_two_hundred_hooks_at_once_are_all_answered_and_taken(house: House) -> None:
    answers = asyncio.run(flood(house.url, range(1, 401)))

    assert {answer.status for answer in answers} == {200}
    assert house.ids() == set(range(1, 401))
    with house.here.database.begin() as tx:
        assert len(tx.syncs.page()) == 1


def test_whatever_comes_is_answered_200(plain: House) -> None:
    for path in ("/webhooks/amocrm/guessed", HOOK, HOOK + "/", "/webhooks/amocrm/" + "x" * 5000):
        for body in (b"", b"\xff\x00", b"leads[add][0][id]=1", b'{"json":1}'):
            assert plain.post(path, body).status_code == 200


def test_a_body_over_the_limit_is_refused_announced_or_not(plain: House) -> None:
    body = b"x" * 10_001

    announced = plain.post(HOOK, body)
    in_pieces = plain.post(HOOK, (piece for piece in [body[:9_000], body[9_000:]]))  # type: ignore[arg-type]

    assert announced.status_code == in_pieces.status_code == 413
    assert announced.json()["code"] == in_pieces.json()["code"] == "body_too_large"
    assert plain.post(HOOK, body[:-1]).status_code == 200


def test_the_secret_of_a_hook_is_never_logged(plain: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        plain.post(HOOK, hook(1))
        plain.post("/webhooks/amocrm/guessed-secret", hook(1))

    ours = "\n".join(line.getMessage() for line in caplog.records if not line.name.startswith("urllib3"))
    assert "-secret" not in ours


def test_a_full_disk_and_no_database_is_the_one_thing_that_is_not_answered_200(server: MariaDB, tmp_path: Path) -> None:
    with house_over(of_its_own(server), tmp_path, database_wait_seconds=0.2) as house:
        server.kill()
        house.services.spool._most_bytes = 10  # type: ignore[attr-defined]
        answer = house.post(HOOK, hook(1))

        assert (answer.status_code, answer.json()["code"]) == (503, "spool_full")
        assert answer.headers["Retry-After"]
        house.services.spool._most_bytes = 1 << 30  # type: ignore[attr-defined]
        assert house.post(HOOK, hook(1)).status_code == 200


def kill(server: MariaDB) -> Callable[[], None]:
    server.kill()
    return server.start


def freeze(server: MariaDB) -> Callable[[], None]:
    process = server._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    return lambda: process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("fail", [kill, freeze])
def test_no_hook_is_lost_or_kept_waiting_while_the_database_dies_or_stands_still(
    fail: Callable[[MariaDB], Callable[[], None]], server: MariaDB, tmp_path: Path
) -> None:
    with house_over(of_its_own(server), tmp_path, database_wait_seconds=0.5) as house:
        asyncio.run(flood(house.url, range(1, 101)))

        async def in_the_middle() -> tuple[list[Answer], Callable[[], None]]:
            flooding = asyncio.create_task(flood(house.url, range(101, 1_001)))
            await asyncio.sleep(0.05)
            return await asyncio.gather(flooding, asyncio.to_thread(fail, server))

        answers, mend = asyncio.run(in_the_middle())
        during = asyncio.run(flood(house.url, range(1_001, 1_201)))
        waiting = house.services.spool.figures()
        mend()
        wait_until(lambda: house.services.spool.figures().files == 0, what="the draining of the spool")

        assert {answer.status for answer in answers + during} == {200}
        assert max(answer.seconds for answer in answers + during) < SANE_SECONDS
        assert waiting.files > 0
        assert waiting.aside == 0
        wait_until(lambda: house.ids() == set(range(1, 1_201)), what="the taking of every hook", seconds=10)
        assert house.counts["webhooks_spooled_total"] > 0


def test_what_a_dead_server_left_on_disk_is_taken_by_the_next_one(server: MariaDB, tmp_path: Path) -> None:
    with house_over(of_its_own(server), tmp_path, database_wait_seconds=0.2) as house:
        server.kill()
        house.post(HOOK, hook(7))
    server.start()
    services = wired(house.here, tmp_path)
    with served(make_app(services, HttpOptions())):
        wait_until(lambda: house.ids() == {7}, what="the draining of the spool")


def test_an_api_call_while_the_database_is_away_is_told_when_to_come_back(server: MariaDB, tmp_path: Path) -> None:
    with answering(tmp_path, here=linked(of_its_own(server))) as api:
        assert (api.get("/readyz").status_code, api.get("/readyz").json()["ready"]) == (200, True)
        server.kill()

        answer = api.call("GET", "/syncs")
        readiness = api.get("/readyz")

        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert readiness.status_code == 503
        assert readiness.json() == {"ready": False, "database": False, "migrated": False, "queue": True}
        assert api.get("/healthz").text == "ok"


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float


async def flood(url: str, record_ids: range) -> list[Answer]:
    """A hook for each, AT_ONCE at a time."""
    turns = asyncio.Semaphore(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:

        async def one(record_id: int) -> Answer:
            async with turns:
                started = time.monotonic()
                async with session.post(url + HOOK, data=hook(record_id), headers=FORM) as answer:
                    await answer.read()
                    return Answer(answer.status, time.monotonic() - started)

        return list(await asyncio.gather(*(one(record_id) for record_id in record_ids)))
