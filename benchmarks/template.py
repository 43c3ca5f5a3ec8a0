"""A warm template process: the connector is imported once, then every run is a fork of it.

Usage: template.py MODULE. Says `ready`, then for each line `{"arguments", "stdin"}` on stdin runs MODULE.run() in a
child that inherits stdout, and says `done CODE` when the child has ended. One thread, so forking is safe.
"""

import gc
import importlib
import json
import os
import sys
from collections.abc import Callable


def serve(module: str) -> None:
    imported = importlib.import_module(module)
    preload = getattr(imported, "preload", None)
    if preload:
        preload()
    gc.collect()
    gc.freeze()
    _say("ready")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _run(imported.run, module, order)
        _say(f"done {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


def _run(run: Callable[[], None], module: str, order: dict[str, object]) -> None:
    """Be the connector's own process and never return."""
    os.dup2(os.open(str(order.get("stdin") or os.devnull), os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    arguments = order["arguments"]
    assert isinstance(arguments, list)
    sys.argv = [module, *arguments]
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the border of a process
        code = 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
