"""A destination that keeps what it is given in the file `journal`, tells outcomes, and fails when it is told to."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def tell(outcomes: list[dict[str, Any]]) -> None:
    analytics = {"type": "destination_unisender.outcomes", "value": json.dumps(outcomes)}
    say({"type": "TRACE", "trace": {"type": "ANALYTICS", "emitted_at": 1, "analytics": analytics}})


def fail(config: dict[str, Any]) -> None:
    told = {"message": config["sentence"], "internal_message": config["internal"], "failure_type": config["type"]}
    say({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": told}})
    sys.exit(1)


class Destination:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.outcomes: list[dict[str, Any]] = []
        self.count = 0
        self.journal = Path(config["journal"]) if "journal" in config else None
        self.written: list[str] = []

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "RECORD":
            self.take_record(message["record"])
        elif message["type"] == "STATE":
            self.take_state(message)

    def take_record(self, record: dict[str, Any]) -> None:
        key = str(record["data"]["id"])
        self.count += 1
        self.written.append(json.dumps([record["stream"], record["data"]]) + "\n")
        if self.config.get("kill_at") == key:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.config.get("fail_at") == key:
            fail(self.config["failure"])
        if self.config.get("hang_at") == key:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(3600)
        if self.config.get("garble_at") == key:
            print('{"type":"STATE","state":{"ty', flush=True)
        if key not in self.config.get("forget", ()):
            code = "rejected" if key in self.config.get("reject", ()) else "delivered"
            self.outcomes.append(
                {"stream": record["stream"], "key": key, "code": code, "addresses": [f"{key}@example.com"]}
            )

    def take_state(self, message: dict[str, Any]) -> None:
        if self.journal:
            with self.journal.open("a") as journal:
                journal.writelines(self.written)
            self.written.clear()
        time.sleep(self.config.get("seconds_per_chunk", 0))
        while "wait_for" in self.config and not Path(self.config["wait_for"]).exists():
            time.sleep(0.01)
        tell(self.outcomes)
        if not self.config.get("uncounted"):
            message["state"]["destinationStats"] = {
                "recordCount": float(self.count - self.config.get("miscount", 0)),
                "rejectedRecordCount": 0.0,
            }
        self.outcomes, self.count = [], 0
        print("a line that is no message", flush=True)
        say(message)


def run() -> None:
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_bytes())
    if "pids" in config:
        (Path(config["pids"]) / str(os.getpid())).touch()
    if "fail_first" in config:
        fail(config["fail_first"])
    destination = Destination(config)
    for line in sys.stdin.buffer:
        destination.take(json.loads(line))


if __name__ == "__main__":
    run()
