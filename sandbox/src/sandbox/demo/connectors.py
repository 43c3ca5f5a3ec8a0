"""Runs the two connectors as Airbyte would: separate processes, JSON lines, STATE kept once it comes back."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import orjson

SOURCE = "source-amocrm"
DESTINATION = "destination-unisender"
OUTCOMES = "destination_unisender.outcomes"


class ConnectorFailedError(Exception):
    """A connector ended with an error; the text is its own sentence about it."""


@dataclass(kw_only=True)
class SyncReport:
    """What one sync did. `states` are the acknowledged stream states, ready for `--state`."""

    read: Counter[str] = field(default_factory=Counter)
    contact_ids: set[int] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def command(name: str) -> str:
    """Path of a connector's command beside this Python.

    Raises:
        ConnectorFailedError: it is not installed.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise ConnectorFailedError(f"{name} is not installed beside {sys.executable}; run: make setup")
    return str(path)


def write_json(path: Path, body: Any) -> Path:
    path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    return path


def ask(name: str, verb: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a short command such as `check` and yield its messages.

    Raises:
        ConnectorFailedError: the connector exited with an error.
    """
    done = subprocess.run([command(name), verb, *arguments], capture_output=True, check=False)  # noqa: S603
    messages = [orjson.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    if done.returncode:
        raise ConnectorFailedError(f"{name} {verb}: {_error_of(messages) or done.stderr.decode(errors='replace')}")
    yield from messages


def check(name: str, config: Path) -> None:
    """Raises:
    ConnectorFailedError: the check did not succeed; the text is the connector's own.
    """
    for message in ask(name, "check", "--config", str(config)):
        if message["type"] == "CONNECTION_STATUS":
            status = message["connectionStatus"]
            if status["status"] != "SUCCEEDED":
                raise ConnectorFailedError(f"{name} check: {status.get('message')}")
            return
    raise ConnectorFailedError(f"{name} check: no CONNECTION_STATUS came")


def configured_catalog(config: Path, streams: tuple[str, ...]) -> dict[str, Any]:
    """A catalog of the named streams, each incremental with de-duplication."""
    for message in ask(SOURCE, "discover", "--config", str(config)):
        if message["type"] == "CATALOG":
            known = {stream["name"]: stream for stream in message["catalog"]["streams"]}
            return {
                "streams": [
                    {
                        "stream": known[name],
                        "sync_mode": "incremental",
                        "destination_sync_mode": "append_dedup",
                        "cursor_field": known[name]["default_cursor_field"],
                        "primary_key": known[name]["source_defined_primary_key"],
                    }
                    for name in streams
                ]
            }
    raise ConnectorFailedError(f"{SOURCE} discover: no CATALOG came")


def sync(
    *, source_config: Path, destination_config: Path, catalog: Path, state: Path | None, on_contact: Callable[[], None]
) -> SyncReport:
    """`source read | destination write`, counting what passes.

    Raises:
        ConnectorFailedError: either side failed.
    """
    report = SyncReport()
    read = [command(SOURCE), "read", "--config", str(source_config), "--catalog", str(catalog)]
    write = [command(DESTINATION), "write", "--config", str(destination_config), "--catalog", str(catalog)]
    if state is not None:
        read += ["--state", str(state)]
    with (
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as source,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            write, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as destination,
    ):
        acknowledgements = threading.Thread(target=_listen, args=(destination, report))
        acknowledgements.start()
        try:
            _pump(source, destination, report, on_contact)
        except BaseException:
            # Neither may go on waiting for the other, or for us.
            source.kill()
            destination.kill()
            raise
        acknowledgements.join()
    if source.returncode or destination.returncode or report.errors:
        raise ConnectorFailedError(
            "; ".join(report.errors) or f"exit codes: source {source.returncode}, destination {destination.returncode}"
        )
    return report


def _pump(
    source: subprocess.Popen[bytes],
    destination: subprocess.Popen[bytes],
    report: SyncReport,
    on_contact: Callable[[], None],
) -> None:
    assert source.stdout is not None
    assert destination.stdin is not None
    try:
        for line in source.stdout:
            message: dict[str, Any] = orjson.loads(line) if line.startswith(b"{") else {"type": "?"}
            if message["type"] in ("RECORD", "STATE"):
                destination.stdin.write(line)
            if message["type"] == "RECORD":
                stream = message["record"]["stream"]
                report.read[stream] += 1
                if stream == "contacts":
                    report.contact_ids.add(message["record"]["data"]["id"])
                    on_contact()
            elif message["type"] == "STATE":
                destination.stdin.flush()
            elif error := _error_of([message]):
                report.errors.append(f"{SOURCE}: {error}")
        destination.stdin.close()
    except BrokenPipeError:
        # The destination has ended early; what it said is in its TRACE. What it did not take is lost with it.
        source.terminate()
        with suppress(BrokenPipeError):
            destination.stdin.close()


def _listen(destination: subprocess.Popen[bytes], report: SyncReport) -> None:
    assert destination.stdout is not None
    for line in destination.stdout:
        message = orjson.loads(line)
        if message["type"] == "STATE":
            state = message["state"]
            report.states[state["stream"]["stream_descriptor"]["name"]] = state
        elif message["type"] == "TRACE" and message["trace"]["type"] == "ANALYTICS":
            analytics = message["trace"]["analytics"]
            if analytics["type"] == OUTCOMES:
                report.outcomes.update(outcome["code"] for outcome in orjson.loads(analytics["value"]))
        elif error := _error_of([message]):
            report.errors.append(f"{DESTINATION}: {error}")


def _error_of(messages: list[dict[str, Any]]) -> str | None:
    for message in messages:
        if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
            return cast("str", message["trace"]["error"]["message"])
    return None
