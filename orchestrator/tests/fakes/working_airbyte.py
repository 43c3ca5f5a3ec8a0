"""An Airbyte instance that really runs its one connection, as the platform's replication worker does.

Both connectors are processes joined by their protocol: what the source says goes to the destination, and a STATE is kept
once the destination has said it back. The connection's configurations and catalog are the instance's own.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airbyte_instance import CONNECTION, Airbyte

BIN = Path(sys.executable).parent
Message = dict[str, Any]


class WorkingAirbyte(Airbyte):
    """`records` is what was replicated, `said` everything the destination answered, `states` the newest by stream."""

    def __init__(self, folder: Path, *, source: Message, destination: Message, catalog: Message) -> None:
        super().__init__()
        self._folder = folder
        for name, content in (("source", source), ("destination", destination), ("catalog", catalog)):
            self._file(name, content)
        self.records: list[Message] = []
        self.said: list[Message] = []
        self.states: dict[str, Message] = {}
        self._rows = 0
        self._job: threading.Thread | None = None

    def answer_of_the_api(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if (method, path) == ("POST", "/jobs") and body == {"connectionId": CONNECTION, "jobType": "sync"}:
            self.statuses = ["running"]
            self._job = threading.Thread(target=self._replicate)
            self._job.start()
        return super().answer_of_the_api(method, path, body)

    def job(self) -> dict[str, Any]:
        return super().job() | {"rowsSynced": self._rows}

    def _replicate(self) -> None:
        state = self._file("state", list(self.states.values()))
        self._rows = 0
        with (
            self._connector("source-amocrm", "read", "source", "--state", str(state)) as source,
            self._connector("destination-unisender", "write", "destination") as destination,
        ):
            listening = threading.Thread(target=self._listen, args=(destination,))
            listening.start()
            for line in source.stdout:
                message = json.loads(line)
                if message["type"] == "RECORD":
                    self.records.append(message["record"])
                    self._rows += 1
                if message["type"] in ("RECORD", "STATE"):
                    destination.stdin.write(line)
                if message["type"] == "STATE":
                    destination.stdin.flush()
            destination.stdin.close()
            listening.join()
        self.statuses = ["failed" if source.returncode or destination.returncode else "succeeded"]

    def _listen(self, destination: subprocess.Popen[bytes]) -> None:
        for line in destination.stdout:
            message = json.loads(line)
            self.said.append(message)
            if message["type"] == "STATE":
                self.states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]

    def _connector(self, name: str, verb: str, config: str, *more: str) -> subprocess.Popen[bytes]:
        files = ["--config", self._folder / f"{config}.json", "--catalog", self._folder / "catalog.json"]
        pipe = subprocess.PIPE
        return subprocess.Popen([BIN / name, verb, *files, *more], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def _file(self, name: str, content: Any) -> Path:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return path

    @property
    def outcomes(self) -> Sequence[Message]:
        """What became of each record, as the destination reports it in its analytics."""
        told = [
            one["trace"]["analytics"] for one in self.said if one["type"] == "TRACE" and "analytics" in one["trace"]
        ]
        reports = [one["value"] for one in told if one["type"] == "destination_unisender.outcomes"]
        return [outcome for report in reports for outcome in json.loads(report)]
