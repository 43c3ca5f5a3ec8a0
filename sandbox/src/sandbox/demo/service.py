"""The demo's orchestrator: a real process beside the sandbox, and its HTTP API as a program calls it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import requests

from sandbox.demo.sandbox_control import SandboxControl

COMMAND = Path(sys.executable).with_name("orchestrator")
TOKEN = "token-of-the-demo-only"  # noqa: S105 - of this demo, which ends with the process
PASSWORD = "password-of-the-demo-only"  # noqa: S105 - as the token
CLIENT, CLIENT_SECRET = "demo-client", "secret-of-the-demo-only"
LONGEST_WAIT = 120.0


class ServiceFailedError(Exception):
    """The service did not do what the demo asked for; the text says what, and where its log is."""


class Service:
    """A running orchestrator's API. Failures raise ServiceFailedError with its own words."""

    def __init__(self, url: str, *, token: str, kind: str, log: str) -> None:
        """`kind`: how it runs, `log`: where its log is, both for people."""
        self.url, self.kind = url, kind
        self._log = log
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, json={} if body is None else body)

    def delete(self, path: str, **query: Any) -> Any:
        return self._ask("DELETE", path, params=query)

    def follow(self, sync_id: int) -> Iterator[dict[str, Any]]:
        """The sync after every change until its end, by server-sent events."""
        with self._session.get(
            f"{self.url}/api/v1/syncs/{sync_id}/events", stream=True, timeout=LONGEST_WAIT
        ) as answer:
            for line in answer.iter_lines():
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))

    def consent(self, control: SandboxControl, amocrm_id: int) -> None:
        """Link an account as its administrator does in the browser: to amoCRM, "allow", and back by the redirect."""
        browser = requests.Session()
        to_amocrm = browser.get(f"{self.url}/oauth/start", params={"integration": "main"}, allow_redirects=False)
        state = requests.models.PreparedRequest()
        state.prepare_url(to_amocrm.headers["Location"], {})
        asked = dict(part.split("=", 1) for part in str(state.url).partition("?")[2].split("&"))
        form = {"client_id": asked["client_id"], "state": asked["state"], "account_id": amocrm_id, "decision": "allow"}
        back = browser.post(f"{control.url}/oauth", data=form, allow_redirects=False, timeout=LONGEST_WAIT)
        page = browser.get(back.headers["Location"], timeout=LONGEST_WAIT)
        if not page.ok:
            raise ServiceFailedError(f"linking ended with {page.status_code}; see {self._log}")

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        answer = self._session.request(method, f"{self.url}/api/v1/{path}", timeout=LONGEST_WAIT, **how)
        if not answer.ok:
            problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            detail = problem.get("detail") or answer.reason
            raise ServiceFailedError(f"{method} {path}: {answer.status_code} {detail}; see {self._log}")
        return answer.json() if answer.content else None


@contextmanager
def running_service(control: SandboxControl, folder: Path) -> Iterator[Service]:
    """`orchestrator up` with its embedded defaults over the sandbox, everything it keeps in a fresh folder."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    control.post(
        "amocrm/integrations",
        {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": f"{url}/oauth/callback",
            "uninstall_url": f"{url}/hooks/amocrm/uninstall",
            "name": "amoCRM to Unisender",
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    configuration, log = folder / "configuration.yaml", folder / "orchestrator.log"
    configuration.write_text(json.dumps(_settings(control, folder, port), indent=2))  # JSON is YAML
    with log.open("wb") as told, _ended(_started(configuration, told)) as process:
        _wait_for(url, process, log)
        kind = "`orchestrator up`, SQLite, doorbell in the same process"
        yield Service(url, token=TOKEN, kind=kind, log=str(log))


def _settings(control: SandboxControl, folder: Path, port: int) -> Mapping[str, Any]:
    return {
        "public_url": f"http://127.0.0.1:{port}",
        "data_folder": str((folder / "data").resolve()),
        "security": {"encryption_keys": ["key-of-the-demo-only"], "admin_password": PASSWORD},
        "http": {"port": port, "tokens": [{"name": "demo", "token": TOKEN, "scopes": ["admin"]}]},
        "vendors": {"amocrm_url": control.url, "unisender_url": control.url},
        "integrations": [{"name": "main", "client_id": CLIENT, "client_secret": CLIENT_SECRET}],
    }


def _started(configuration: Path, log: Any) -> subprocess.Popen[bytes]:
    command = [str(COMMAND), "up", "--config", str(configuration)]
    return subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - our own command


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise ServiceFailedError(f"the orchestrator did not start; {log} says why")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])
