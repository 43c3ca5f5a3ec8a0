"""Real servers for tests, each on a free port with a folder of its own, ended with the test run: MariaDB, beanstalkd.

Fixtures, to be imported into a conftest: `mariadb_server` (session), `mariadb_url` (an empty database per test), `beanstalkd`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pymysql
import pytest

LONGEST_START = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    there: Callable[[], bool], *, what: str, seconds: float = LONGEST_START, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait for a condition; the time only bounds a failure.

    Who has waited long looks less often: looking takes time from what is waited for. `sleep` takes seconds.

    Raises:
        TimeoutError: it did not come about.
    """
    begun = time.monotonic()
    while not there():
        waited = time.monotonic() - begun
        if waited > seconds:
            raise TimeoutError(f"{what} did not happen within {seconds} seconds")
        sleep(min(0.02 + waited / 10, 0.2))


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def end(process: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM) -> None:
    """Stop a server of ours, politely first."""
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class MariaDB:
    """A MariaDB of our own; `stop` and `start` keep its data, `kill` is the power cut."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # MariaDB does not want to be root; files must then belong to whom it becomes.
        self._user = "mysql" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._install()

    def _install(self, tries: int = 3) -> None:
        """Make the data folder; again should it fail, as it does now and then when the machine is short of something."""
        command = [
            _program("mariadb-install-db"), "--no-defaults", f"--datadir={self._folder}/data", f"--user={self._user}",
            "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-use-native-aio=0",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(self._folder / "data", ignore_errors=True)
            if tries == 1:
                raise OSError(f"MariaDB could not be set up: {done.stdout[-1000:]} {done.stderr[-1000:]}")
            self._install(tries - 1)

    def start(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [
                _program("mariadbd"), "--no-defaults", f"--datadir={self._folder}/data", f"--user={self._user}",
                f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self._folder}/socket",
                f"--pid-file={self._folder}/pid", f"--log-error={self._folder}/data/log", "--innodb-buffer-pool-size=256M", "--skip-name-resolve", "--innodb-use-native-aio=0",
                "--max-connections=300", *options,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._takes_queries, what="the start of MariaDB")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def kill(self) -> None:
        if self._process is not None:
            end(self._process, by=signal.SIGKILL)

    def query(self, *statements: str) -> None:
        with pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def create(self, name: str) -> str:
        """An empty database; its SQLAlchemy URL."""
        self.query(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def _takes_queries(self) -> bool:
        try:
            self.query("SELECT 1")
        except pymysql.MySQLError:
            return False
        return True


class Beanstalkd:
    """A beanstalkd of our own, with a binlog when asked; `kill(wipe=True)` loses every job."""

    def __init__(self, folder: Path, *, binlog: bool = True) -> None:
        self._folder, self._binlog = folder, binlog
        self.port = free_port()
        self.url = f"beanstalk://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self._folder / "binlog"
        log.mkdir(exist_ok=True)
        command = [_program("beanstalkd"), "-l", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen([*command, *(["-b", str(log), "-f", "0"] if self._binlog else [])])
        wait_until(lambda: answers(self.port), what="the start of beanstalkd")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)

    def kill(self, *, wipe: bool = False) -> None:
        if self._process is not None:
            end(self._process, by=signal.SIGKILL)
        if wipe:
            shutil.rmtree(self._folder / "binlog", ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed: run `make test`, or install Debian's mariadb-server, beanstalkd"
        )
    return found


@contextmanager
def folder_of_our_own() -> Iterator[Path]:
    # Not pytest's tmp_path: a user of MariaDB's must be able to enter every folder above.
    folder = Path(tempfile.mkdtemp(prefix="throwaway-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_mariadb(*options: str) -> Iterator[MariaDB]:
    with folder_of_our_own() as folder:
        server = MariaDB(folder)
        try:
            server.start(*options)
            yield server
        finally:
            server.stop()


@contextmanager
def running_beanstalkd(*, binlog: bool = True) -> Iterator[Beanstalkd]:
    with folder_of_our_own() as folder:
        server = Beanstalkd(folder, binlog=binlog)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    # Durability off: only the power-cut tests need it, and they start servers of their own.
    with running_mariadb("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin") as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: MariaDB) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    yield mariadb_server.create(name)
    mariadb_server.query(f"DROP DATABASE `{name}`")


@pytest.fixture(scope="session")
def beanstalkd() -> Iterator[Beanstalkd]:
    with running_beanstalkd(binlog=False) as server:
        yield server
