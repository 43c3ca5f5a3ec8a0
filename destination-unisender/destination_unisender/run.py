"""The command line: `spec | check | discover | preview | write`. Importing it has no side effects."""

import argparse
import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from destination_unisender.config_reading import parse_config
from destination_unisender.discovery import destination_catalog
from destination_unisender.errors import ConfigError, UnisenderError
from destination_unisender.output import Output
from destination_unisender.spec import connector_specification
from destination_unisender.stopping import EXIT_CODE, StopSignal, Terminated
from destination_unisender.wiring import find_problem, open_client, open_loop


def run(args: Sequence[str] | None = None) -> None:
    """Entry point of the console script; ends the process with the command's exit code."""
    code = launch(sys.argv[1:] if args is None else args)
    if code == EXIT_CODE:
        # A call may still be under way in its thread; waiting for it would outlast the patience of who stopped us.
        os._exit(code)
    sys.exit(code)


def launch(args: Sequence[str]) -> int:
    """Run one Airbyte command on standard input and output; may be called after a fork, in the main thread.

    Returns the exit code. 0: done (also a check that failed, which says so itself); 1: ended in a TRACE ERROR;
    143: stopped by a signal.
    """
    chosen = _parser().parse_args(list(args))
    stop = StopSignal()
    output = Output(sys.stdout.buffer, stop=stop)
    try:
        match chosen.command:
            case "spec":
                output.emit({"type": "SPEC", "spec": connector_specification()})
            case "check":
                _check(chosen.config, output)
            case "discover":
                _discover(chosen.config, output)
            case "preview":
                stop.listen()
                records = _without_states(sys.stdin.buffer)
                _write(chosen.config, chosen.catalog, records, output, stop, rehearsal=True)
            case _:
                stop.listen()
                _write(chosen.config, chosen.catalog, sys.stdin.buffer, output, stop)
    except Terminated:
        stop.end()
        output.log("WARN", "Asked to stop: what has no state yet was not acknowledged and comes again in the next run.")
        return EXIT_CODE
    except UnisenderError as error:
        output.error(str(error), failure_type=error.failure_type, code=error.code)
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001  # the edge: whatever it is, Airbyte learns of it, without values
        output.error(
            f"The connector failed unexpectedly ({type(error).__name__}): please report it with this trace.",
            failure_type="system_error",
            code="connector_fault",
            error=error,
        )
    else:
        return 0
    return 1


def _check(config_path: str, output: Output) -> None:
    problem: UnisenderError | None
    try:
        raw_config = _read_json(config_path, what="configuration")
        _hide_key(raw_config, output)
        problem = find_problem(raw_config, log=output.log)
    except ConfigError as error:
        problem = error
    status: dict[str, Any] = {"status": "SUCCEEDED"}
    if problem:
        # The status is for people; programs read the code in this.
        output.error(str(problem), failure_type=problem.failure_type, code=problem.code)
        status = {"status": "FAILED", "message": str(problem)}
    output.emit({"type": "CONNECTION_STATUS", "connectionStatus": status})


def _discover(config_path: str, output: Output) -> None:
    raw_config = _read_json(config_path, what="configuration")
    _hide_key(raw_config, output)
    client = open_client(parse_config(raw_config), log=output.log)
    output.emit({"type": "DESTINATION_CATALOG", "destination_catalog": destination_catalog(client)})


def _write(
    config_path: str,
    catalog_path: str,
    lines: Iterable[bytes],
    output: Output,
    stop: StopSignal,
    *,
    rehearsal: bool = False,
) -> None:
    raw_config = _read_json(config_path, what="configuration")
    _hide_key(raw_config, output)
    raw_catalog = _read_json(catalog_path, what="configured catalog")
    _tune_garbage_collection()
    loop = open_loop(raw_config, raw_catalog, output=output, stop=stop, rehearsal=rehearsal)
    try:
        for line in lines:
            loop.feed(line)
        loop.finish()
    finally:
        loop.close()


def _without_states(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A STATE that came back would say that what is before it was stored."""
    for line in lines:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError:
            message = None  # the loop says what is wrong with it
        if not isinstance(message, dict) or message.get("type") != "STATE":
            yield line


def _hide_key(raw_config: object, output: Output) -> None:
    key = raw_config.get("api_key") if isinstance(raw_config, dict) else None
    if isinstance(key, str):
        output.hide(key.strip())


def _read_json(path: str, *, what: str) -> Any:
    try:
        return orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise ConfigError(
            f"The {what} file {path} cannot be read ({error.strerror}): give the path of a JSON file."
        ) from None
    except orjson.JSONDecodeError as error:
        raise ConfigError(
            f"The {what} file {path} is not JSON (line {error.lineno}, column {error.colno}): correct it."
        ) from None


def _tune_garbage_collection() -> None:
    """Records come and go by the million and hold no cycles: collect seldom, and never what was there before them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="destination-unisender", description="Airbyte destination for Unisender.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("spec", help="print the specification of the configuration")
    for name, about in (
        ("check", "see whether the configuration works"),
        ("discover", "print what the destination can take"),
        ("preview", "tell what writing the Airbyte records on stdin would change at Unisender, and change nothing"),
        ("write", "write the Airbyte messages on stdin to Unisender"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("--config", required=True, help="path of the configuration, JSON")
        if name in ("preview", "write"):
            command.add_argument("--catalog", required=True, help="path of the configured catalog, JSON")
    return parser
