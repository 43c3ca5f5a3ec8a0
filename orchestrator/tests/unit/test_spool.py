"""The spool: what was kept is handed over once, in order, whatever dies in between; what is broken stays for a person."""

import multiprocessing
import os
import resource
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters import spool as spool_module
from orchestrator.adapters.spool import FileSpool
from orchestrator.adapters.vault import Vault
from orchestrator.domain.amocrm_hook import Arrival
from orchestrator.domain.errors import RetryableError
from orchestrator.domain.secret import Secret

VAULT = Vault([Secret("a key for these tests only")])
START = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def arrival(number: int, body: bytes = b"") -> Arrival:
    return Arrival(
        secret=Secret("hush-hush"), body=body or b"%d" % number, received_at=START + timedelta(seconds=number)
    )


def arrivals(*numbers: int) -> list[Arrival]:
    return [arrival(number) for number in numbers]


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    return FileSpool(tmp_path / "spool", vault=VAULT)


class Taker:
    """Takes what is handed over; fails as told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.taken: list[Arrival] = []
        self.failure = failure

    def __call__(self, given: Sequence[Arrival]) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.extend(given)

    @property
    def bodies(self) -> list[bytes]:
        return [one.body for one in self.taken]


def files(spool_folder: Path) -> list[Path]:
    return sorted(spool_folder.glob("*.spool"))


def test_what_was_kept_comes_out_once_in_order_and_is_marked_as_late(spool: FileSpool) -> None:
    spool.keep(arrivals(1, 2))
    spool.keep(arrivals(3))
    taker = Taker()

    assert spool.drain(taker) == 3
    assert taker.bodies == [b"1", b"2", b"3"]
    assert [one.received_at for one in taker.taken] == [START + timedelta(seconds=number) for number in (1, 2, 3)]
    assert all(one.late and one.secret == Secret("hush-hush") for one in taker.taken)
    assert spool.drain(taker) == 0
    assert spool.figures().files == spool.figures().bytes == 0


def test_secrets_are_not_readable_on_disk_and_files_are_ours_alone(spool: FileSpool, tmp_path: Path) -> None:
    spool.keep(arrivals(1))

    (file,) = files(tmp_path / "spool")
    assert b"hush" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


@given(bodies=st.lists(st.binary(max_size=60), max_size=12))
def test_any_bytes_survive(bodies: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    here = FileSpool(tmp_path_factory.mktemp("spool"), vault=VAULT)
    for body in bodies:
        here.keep([Arrival(secret=Secret("s"), body=body, received_at=START)])
    taker = Taker()

    here.drain(taker)

    assert taker.bodies == bodies


def test_a_file_stays_while_the_database_is_away(spool: FileSpool) -> None:
    spool.keep(arrivals(1))

    with pytest.raises(RetryableError):
        spool.drain(Taker(RetryableError("away")))
    spool.keep(arrivals(2))
    taker = Taker()
    spool.drain(taker)

    assert taker.bodies == [b"1", b"2"]


def test_an_outage_with_many_attempts_to_drain_makes_few_files(spool: FileSpool, tmp_path: Path) -> None:
    for number in range(20):
        spool.keep(arrivals(number))
        with pytest.raises(RetryableError):
            spool.drain(Taker(RetryableError("away")))

    assert len(files(tmp_path / "spool")) == 2


def test_a_file_is_one_transaction_of_bounded_size(spool: FileSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "FILE_ARRIVALS", 3)
    for number in range(7):
        spool.keep(arrivals(number))
    sizes: list[int] = []

    spool.drain(lambda given: sizes.append(len(given)))

    assert sizes == [3, 3, 1]


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_tail_costs_only_itself_and_is_kept_aside(spool: FileSpool, tmp_path: Path, cut: int) -> None:
    spool.keep(arrivals(1, 2, 3))
    (file,) = files(tmp_path / "spool")
    os.truncate(file, file.stat().st_size - cut)
    taker = Taker()

    assert spool.drain(taker) == 2
    assert taker.bodies == [b"1", b"2"]
    assert spool.figures().aside == 1
    assert not files(tmp_path / "spool")


def test_rot_in_the_middle_is_noticed(spool: FileSpool, tmp_path: Path) -> None:
    spool.keep(arrivals(1, 2, 3))
    (file,) = files(tmp_path / "spool")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    taker = Taker()

    spool.drain(taker)

    assert taker.bodies == [b"1"]
    assert spool.figures().aside == 1


def test_a_file_nobody_can_take_is_put_aside_and_the_next_one_goes_on(
    spool: FileSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "FILE_ARRIVALS", 1)
    spool.keep(arrivals(1))
    spool.keep(arrivals(2))
    seen: list[bytes] = []

    def take(given: Sequence[Arrival]) -> None:
        if given[0].body == b"1":
            raise ValueError("a bug of ours")
        seen.extend(one.body for one in given)

    assert spool.drain(take) == 1
    assert seen == [b"2"]
    assert spool.figures().aside == 1


def test_more_than_it_may_hold_is_refused_by_name(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, vault=VAULT, most_bytes=1000)
    spool.keep([arrival(1, b"x" * 400)])

    with pytest.raises(RetryableError) as refused:
        spool.keep([arrival(2, b"x" * 400)])
    assert refused.value.code == "spool_full"


def _fill(folder: Path, told: "multiprocessing.Queue[str]") -> None:
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    spool = FileSpool(folder, vault=VAULT)
    spool.keep(arrivals(1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # the disk takes no more, in the middle of a record
    try:
        spool.keep([arrival(2, b"x" * 5000)])
    except RetryableError as error:
        told.put(error.code)
    spool.keep(arrivals(3))
    os._exit(0)


def test_a_full_disk_is_named_and_what_was_kept_before_stays_whole(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    writer = fork.Process(target=_fill, args=(tmp_path, told))
    writer.start()
    assert told.get(timeout=30) == "spool_full"
    writer.join()
    taker = Taker()

    FileSpool(tmp_path, vault=VAULT).drain(taker)

    assert taker.bodies == [b"1", b"3"]


def _write_and_wait(folder: Path, ready: "multiprocessing.Queue[int]", go: "multiprocessing.Queue[int]") -> None:
    spool = FileSpool(folder, vault=VAULT)
    spool.keep(arrivals(1))
    ready.put(os.getpid())
    go.get()


def test_a_living_process_keeps_its_file_and_a_dead_ones_is_taken(spool: FileSpool, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    ready, go = fork.Queue(), fork.Queue()
    writer = fork.Process(target=_write_and_wait, args=(tmp_path / "spool", ready, go))
    writer.start()
    ready.get(timeout=30)
    taker = Taker()

    assert spool.drain(taker) == 0
    writer.kill()
    writer.join()
    assert spool.drain(taker) == 1
    assert taker.bodies == [b"1"]


def test_two_that_drain_at_once_take_each_webhook_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "FILE_ARRIVALS", 1)
    writer = FileSpool(tmp_path, vault=VAULT)
    for number in range(60):
        writer.keep(arrivals(number))
    taken: list[bytes] = []

    def drain() -> None:
        FileSpool(tmp_path, vault=VAULT).drain(lambda given: taken.extend(one.body for one in given))

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(b"%d" % number for number in range(60))
