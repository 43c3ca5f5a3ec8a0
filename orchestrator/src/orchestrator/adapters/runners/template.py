"""The template: a process that has the connectors loaded and forks one for every run. Starts as `python -m`.

Why not multiprocessing's forkserver: its children import the worker's `__main__` (command line, web framework and all)
before they begin, inherit the worker's environment with its secrets, and outlive a worker that is killed.

The worker sends a JSON line and descriptors over `control`: [run, stdin, stdout, stderr, files …]. The forked child
is the connector. Over `run`, a socket of its own, the worker says `T` (terminate) or `K` (kill) and hears `+` when the
child is there and its exit code when it is not. When `run` closes the child is killed, when `control` closes everything
ends; children also die with the template. So nothing is left of a worker, however it ends.
"""

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

MOST_DESCRIPTORS = 16
LONGEST_ORDER = 1 << 16
_TICK = 2.0
_ORDERS = {b"T": signal.SIGTERM, b"K": signal.SIGKILL}
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    missing = {name: problem for name in sys.argv[2:] if (problem := _load(name))}
    # What is loaded lives for ever: forked children must not look through it, nor copy its pages by counting.
    gc.collect()
    gc.freeze()
    control.sendall(json.dumps(missing).encode() + b"\n")
    Template(control).serve()


def _load(name: str) -> str:
    """Import a connector's `run` module and let it prepare; why that did not work, or nothing."""
    try:
        module = importlib.import_module(name)
        if preload := getattr(module, "preload", None):
            preload()
    except Exception as error:  # noqa: BLE001 - whatever a foreign module does, the others still work
        return f"{type(error).__name__}: {error}"
    return ""


class Template:
    """Forks and reaps. One thread, so forking is safe."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._parent = os.getppid()
        self._runs: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def serve(self) -> None:
        """Until the worker is gone."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # the worker's to deal with: it has work to hand back
        while os.getppid() == self._parent:
            for key, _ in self._selector.select(_TICK):
                if key.fileobj is self._control:
                    if not self._take_order():
                        return self._end()
                elif key.fd == self._woken:
                    self._reap()
                elif self._runs.get(key.data) is key.fileobj:
                    self._obey(key.data)
        return self._end()

    def _take_order(self) -> bool:
        """Fork for one order. False: there is nobody left to order."""
        line, descriptors = b"", []
        while not line.endswith(b"\n"):
            part, some, _, _ = socket.recv_fds(self._control, LONGEST_ORDER, MOST_DESCRIPTORS)
            if not part:
                return False
            line += part
            descriptors += some
        run = socket.socket(fileno=descriptors[0])
        with suppress(OSError):  # no more processes to be had, or nobody to tell: `run` closes, and says so
            self._fork(line, run, descriptors[1:])
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        return True

    def _fork(self, line: bytes, run: socket.socket, descriptors: Sequence[int]) -> None:
        template = os.getpid()
        pid = os.fork()
        if not pid:
            try:
                run.close()
                self._let_go()
                be_connector(json.loads(line), descriptors, template)
            finally:
                os._exit(1)
        self._runs[pid] = run
        self._selector.register(run, selectors.EVENT_READ, data=pid)
        run.sendall(b"+")

    def _obey(self, pid: int) -> None:
        order = self._runs[pid].recv(1)
        os.kill(pid, _ORDERS.get(order, signal.SIGKILL))
        if not order:
            self._selector.unregister(self._runs[pid])

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while os.read(self._woken, 512):
                pass
        for pid in list(self._runs):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._dismiss(self._runs.pop(pid), os.waitstatus_to_exitcode(status))

    def _dismiss(self, run: socket.socket, code: int) -> None:
        with suppress(KeyError):  # the worker has let go of it
            self._selector.unregister(run)
        with suppress(OSError):
            run.sendall(b"%d\n" % code)
        run.close()

    def _end(self) -> None:
        for pid in self._runs:
            os.kill(pid, signal.SIGKILL)

    def _let_go(self) -> None:
        """In the child: keep nothing of the template's."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        self._control.close()
        for run in self._runs.values():
            run.close()
        os.close(self._woken)
        os.close(self._wake)


def be_connector(order: dict[str, Sequence[str] | str], descriptors: Sequence[int], template: int) -> None:
    """Be the connector's own process and never return."""
    code = 1
    try:
        _die_with(template)
        for end, descriptor in enumerate(descriptors[:3]):
            os.dup2(descriptor, end)
            os.close(descriptor)
        # The old ones remember what the template's were: a /dev/null one can seek in, say.
        sys.stdin, sys.stdout, sys.stderr = (
            open(end, mode, closefd=False, encoding="utf-8")  # noqa: SIM115 - live as long as the process
            for end, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        sys.argv = [str(order["connector"]), str(order["verb"])]
        for name, descriptor in zip(order["files"], descriptors[3:], strict=True):
            sys.argv += [f"--{name}", f"/dev/fd/{descriptor}"]
        importlib.import_module(str(order["module"])).run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the border of a process: its stderr is read
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)


def _die_with(template: int) -> None:
    """Let the kernel end this process when the template ends (Linux; elsewhere its closed pipes will)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != template:
            os._exit(1)


if __name__ == "__main__":
    main()
