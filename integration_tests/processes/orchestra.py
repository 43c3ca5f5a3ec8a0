"""The whole service as its user runs it: real processes over a sandbox, one by one to start, kill and look into."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from orchestrator.bootstrap import Application, open_application
from orchestrator.config.loading import load
from orchestrator.domain.account import Account
from orchestrator.domain.connection import Connection
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import OPEN, Sync, SyncKind, SyncStatus, Trigger
from sandbox.demo.sandbox_control import SandboxControl
from throwaway_servers import end, free_port, wait_until

COMMAND = Path(sys.executable).with_name("orchestrator")
TOKEN = "token-of-the-tests-only"
PASSWORD = "password-of-the-tests-only"
LIST = "amoCRM contacts"
UNISENDER_KEY = "sandbox-key"


class Orchestra:
    """One service over one sandbox. `application` is a second view of it, in the test's own process."""

    def __init__(self, folder: Path, sandbox: SandboxControl, settings: Mapping[str, Any]) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.configuration = folder / "configuration.yaml"
        # JSON is YAML.
        self.configuration.write_text(json.dumps(merged(self._settings(), settings)))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.application: Application

    def _settings(self) -> dict[str, Any]:
        return {
            "public_url": self.url,
            "data_folder": str(self.folder / "data"),
            "security": {"encryption_keys": ["key-of-the-tests-only"], "admin_password": PASSWORD},
            "http": {"port": self.port, "tokens": [{"name": "tests", "token": TOKEN, "scopes": ["admin"]}]},
            "vendors": {"amocrm_url": self.sandbox.url, "unisender_url": self.sandbox.url},
            "integrations": [
                {
                    "name": "main",
                    "client_id": "sandbox-client",
                    "client_secret": "sandbox-secret",
                    "redirect_uri": "http://127.0.0.1:8901/callback",
                }
            ],
            "connection_defaults": {"schedule": None, "deep_schedule": None},
            "workers": {"heartbeat_seconds": 0.5, "lease_seconds": 3},
        }

    def start(self, role: str, *arguments: str, name: str = "") -> subprocess.Popen[bytes]:
        """A process of the service; `serve` and `up` are there when they answer."""
        log = (self.folder / f"{name or role}.log").open("ab")
        process = subprocess.Popen(
            [COMMAND, role, "--config", self.configuration, *arguments], stdout=log, stderr=log, env=_environment()
        )
        log.close()
        self._processes[name or role] = process
        if role in ("serve", "up"):
            wait_until(lambda: process.poll() is not None or self._answers(), what=f"the start of {role}")
        assert process.poll() is None, self.log(name or role)
        return process

    def kill(self, name: str) -> None:
        """As when the power goes, or the kernel is out of memory."""
        end(self._processes.pop(name), by=signal.SIGKILL)

    def stop(self, name: str) -> int:
        process = self._processes.pop(name)
        end(process)
        return process.returncode

    def stop_all(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for name in list(self._processes):
            self.stop(name)

    @property
    def processes(self) -> Mapping[str, subprocess.Popen[bytes]]:
        """Those that were started and neither stopped nor killed, by name."""
        return self._processes

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """A call of the HTTP API."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=30, **how)

    def link(self, host: str = "demo.amocrm.ru", token: str = "sandbox-token") -> Account:
        return self.application.link_account.with_token("main", host, Secret(token), actor="tests")

    def connect(self, account: Account, *, key: str = UNISENDER_KEY, title: str = LIST, **settings: Any) -> Connection:
        """A connection; its backfill is queued."""
        destination = {"list": {"title": title}, **settings.pop("destination", {})}
        return self.application.manage_connections.add(
            account.id, api_key=Secret(key), settings={"destination": destination, **settings}, actor="tests"
        )

    def sync(self, connection: Connection, kind: SyncKind, *, seconds: float = 60) -> Sync:
        """Run one and wait for its end."""
        queued = self.application.queue_sync.start(connection.id, kind=kind, trigger=Trigger.MANUAL, actor="tests")
        return self.ended(queued.id, seconds=seconds)

    def ended(self, sync_id: int, *, seconds: float = 60) -> Sync:
        wait_until(
            lambda: self._sync(sync_id).status not in OPEN | {SyncStatus.RUNNING},
            what=f"the end of sync {sync_id}",
            seconds=seconds,
        )
        return self._sync(sync_id)

    def settle(self, *, seconds: float = 90) -> None:
        """Wait until nothing is left to do: no hook under way, no change pending, no sync open or running."""
        wait_until(self.is_quiet, what="quiet", seconds=seconds)

    def is_quiet(self) -> bool:
        hosts = [account["host"] for account in self.sandbox.get("amocrm")["accounts"]]
        for host in hosts:
            if self.sandbox.get(f"amocrm/{host}/deliveries", status="pending")["deliveries"]:
                return False
        with self.application.database.begin(reading=True) as tx:
            if tx.syncs.page(status=OPEN | {SyncStatus.RUNNING}, limit=1):
                return False
            return not any(tx.changes.count(connection.id) for connection in tx.connections.all())

    def members(self, *, key: str = UNISENDER_KEY, title: str = LIST) -> dict[str, dict[str, Any]]:
        """Who is in the list, by address, as Unisender really holds them."""
        lists = self.sandbox.get(f"unisender/{key}")["lists"]
        list_id = next(number for number, name in lists.items() if name == title)
        found = self.sandbox.pages(f"unisender/{key}/contacts", "contacts", list_id=list_id)
        return {member["email"]: member for member in found if list_id in member["lists"]}

    def contacts(self, host: str = "demo.amocrm.ru") -> dict[int, dict[str, Any]]:
        return {one["id"]: one for one in self.sandbox.pages(f"amocrm/{host}/contacts", "contacts")}

    def _sync(self, sync_id: int) -> Sync:
        with self.application.database.begin(reading=True) as tx:
            return tx.syncs.get(sync_id)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.ConnectionError:
            return False


@contextmanager
def orchestra(folder: Path, sandbox: SandboxControl, settings: Mapping[str, Any]) -> Iterator[Orchestra]:
    """The service over a fresh database; no process runs yet. All that were started end with the block."""
    whole = Orchestra(folder, sandbox, settings)
    with open_application(load(whole.configuration)) as application:
        whole.application = application
        application.database.migrate()
        application.declare()
        try:
            yield whole
        finally:
            whole.stop_all()


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, mappings key by key."""
    return {
        **base,
        **{
            key: merged(base[key], value)
            if isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
            else value
            for key, value in over.items()
        },
    }


def _environment() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("PROMETHEUS")}
