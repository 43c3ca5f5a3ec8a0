"""A source that does what its configuration tells it, step by step: `{"steps": [["record", "contacts", {…}], …]}`."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def record(stream: str, data: dict[str, Any]) -> None:
    say({"type": "RECORD", "record": {"stream": stream, "emitted_at": 1, "data": data}})


def records(stream: str, first: int, count: int) -> None:
    for number in range(first, first + count):
        record(stream, {"id": number, "name": f"person {number}"})


def state(stream: str, value: Any, count: int | None = None) -> None:
    stats = {} if count is None else {"sourceStats": {"recordCount": float(count)}}
    described = {"stream_descriptor": {"name": stream}, "stream_state": {"cursor": value}}
    say({"type": "STATE", "state": {"type": "STREAM", "stream": described, **stats}})


def error(failure_type: str, message: str, internal: str) -> None:
    told = {"message": message, "internal_message": internal, "failure_type": failure_type}
    say({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": told}})


def status(stream: str, value: str) -> None:
    told = {"stream_descriptor": {"name": stream}, "status": value}
    say({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": told}})


def control(config: dict[str, Any]) -> None:
    told = {"type": "CONNECTOR_CONFIG", "emitted_at": 1, "connectorConfig": {"config": config}}
    say({"type": "CONTROL", "control": told})


def log(level: str, text: str) -> None:
    say({"type": "LOG", "log": {"level": level, "message": text}})


def raw(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def huge(size: int) -> None:
    record("contacts", {"id": 1, "note": "x" * size})


def what_i_see() -> None:
    """Tell everything a process of ours could leak or lack."""
    descriptors = {}
    for path in list(Path("/proc/self/fd").iterdir()):
        try:
            descriptors[path.name] = str(path.readlink())
        except FileNotFoundError:  # the listing's own
            continue
    record(
        "contacts",
        {
            "id": 1,
            "argv": sys.argv,
            "files": {name: json.loads(Path(path).read_bytes()) for name, path in arguments().items()},
            "environment": dict(os.environ),
            "descriptors": descriptors,
            "command_line": Path("/proc/self/cmdline").read_bytes().decode(),
            "ignored": [s.name for s in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
                        if signal.getsignal(s) is signal.SIG_IGN],
        },
    )  # fmt: skip


def exit_with(code: int) -> None:
    sys.exit(code)


def kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.01)


def touch(path: str) -> None:
    Path(path).touch()


def note_pid(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()


def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


STEPS = {
    "record": record, "records": records, "state": state, "error": error, "status": status, "control": control,
    "log": log, "raw": raw, "complain": complain, "huge": huge, "see": what_i_see, "exit": exit_with,
    "kill": kill_myself, "sleep": time.sleep, "wait_for": wait_for, "touch": touch, "note_pid": note_pid, "deaf": deaf,
}  # fmt: skip


def arguments() -> dict[str, str]:
    return {name.removeprefix("--"): value for name, value in zip(sys.argv[2::2], sys.argv[3::2], strict=True)}


def run() -> None:
    config = json.loads(Path(arguments()["config"]).read_bytes())
    for name, *how in config["steps"]:
        STEPS[name](*how)
    if sys.argv[1] == "check":
        say({"type": "CONNECTION_STATUS", "connectionStatus": config["status"]})
    sys.stdout.flush()


if __name__ == "__main__":
    run()
