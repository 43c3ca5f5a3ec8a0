"""Connectors in warm processes of this machine: each run is forked from a template that has them loaded already."""

import json
import logging
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from orchestrator.adapters.runners.child import LOST, Child, NotStartedError
from orchestrator.adapters.runners.ending import Patience
from orchestrator.adapters.runners.ends import Ends
from orchestrator.adapters.runners.local import LocalRunner
from orchestrator.adapters.runners.protocol import fault
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure, FailureKind

LOGGER = logging.getLogger(__name__)

_TEMPLATE = "orchestrator.adapters.runners.template"
_BOOT_SECONDS = 120.0
_FORK_SECONDS = 30.0
_END_SECONDS = 5.0
_ENVIRONMENT = frozenset({
    "PATH", "HOME", "USER", "TMPDIR", "LANG", "LANGUAGE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
})  # fmt: skip
_ENVIRONMENTS = ("LC_", "PYTHON", "AIRBYTE_")


class ProcessRunner(LocalRunner):
    """`modules` maps connector names to the modules whose `run()` their console scripts call."""

    def __init__(self, *, modules: Mapping[str, str], patience: Patience | None = None) -> None:
        super().__init__(
            kind=RunnerKind.PROCESS, launcher=TemplateLauncher(modules=modules), patience=patience or Patience()
        )


class TemplateLauncher:
    """Starts connectors by forking a template of our own, booted when first needed and again should it die."""

    def __init__(self, *, modules: Mapping[str, str]) -> None:
        self._modules = dict(modules)
        self._lock = threading.Lock()
        self._template: _Template | None = None
        self._closed = False

    def start(self, connector: str, verb: str, files: Mapping[str, bytes], *, fed: bool) -> Child:
        """Nothing of `files` touches a disk or a command line: they are handed over as open descriptors."""
        module = self._modules.get(connector)
        if module is None:
            raise _absent(connector, "is not in the catalogue")
        with self._lock:
            template = self._booted()
            if problem := template.missing.get(module):
                raise _absent(connector, f"cannot be loaded on this machine ({problem})")
            order = {"connector": connector, "module": module, "verb": verb, "files": list(files)}
            return _fork(template, order, list(files.values()), fed=fed)

    def warm(self) -> None:
        with self._lock:
            self._booted()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._template:
                self._template.end()
                self._template = None

    def _booted(self) -> "_Template":
        if self._closed:
            raise NotStartedError(fault("", "connector_killed", "The service is being stopped."))
        # A process forked from this one must not share the template: it would keep it alive.
        if self._template and not self._template.usable():
            self._template.end()
            self._template = None
        if self._template is None:
            self._template = _Template(sorted(set(self._modules.values())))
        return self._template


class _Template:
    """Our side of a template process. `missing` maps modules that could not be loaded to why."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._owner = os.getpid()
        self.control, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-X", "utf8", "-m", _TEMPLATE, str(theirs.fileno()), *modules]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_harmless_environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.control.settimeout(_BOOT_SECONDS)
        self.missing: Mapping[str, str] = json.loads(self._greeting())

    def usable(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def end(self) -> None:
        """Let it end, and with it every process it forked."""
        self.control.close()
        if self._owner != os.getpid():
            return
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _greeting(self) -> bytes:
        said = b""
        with suppress(TimeoutError):
            while not said.endswith(b"\n"):
                part = self.control.recv(1 << 16)
                if not part:
                    break
                said += part
        if not said.endswith(b"\n"):
            self._process.kill()
            self.end()
            raise NotStartedError(fault("", "connector_fault", "The template of the connectors does not start."))
        return said


def _fork(template: _Template, order: Mapping[str, object], contents: Sequence[bytes], *, fed: bool) -> "ForkedChild":
    ends = Ends(fed=fed)
    run, their_run = socket.socketpair()
    child = ForkedChild(str(order["connector"]), ends=ends, run=run)
    with ExitStack() as theirs:
        theirs.enter_context(their_run)
        descriptors = [their_run.fileno(), *theirs.enter_context(ends.handing_over())]
        for content in contents:
            descriptors.append(_in_memory(content))
            theirs.callback(os.close, descriptors[-1])
        with suppress(OSError):  # the template is gone, so it will not answer either
            socket.send_fds(template.control, [json.dumps(order).encode() + b"\n"], descriptors)
    if not child.there(_FORK_SECONDS):
        child.close()
        sentence = "No process could be had for a connector."
        raise NotStartedError(Failure(kind=FailureKind.TRANSIENT, code="connector_fault", sentence=sentence))
    return child


class ForkedChild:
    """A connector forked from the template, which reaps it and tells us of its end over `run`."""

    def __init__(self, connector: str, *, ends: Ends, run: socket.socket) -> None:
        self.connector = connector
        self.ends = ends
        self._run = run
        self._code: int | None = None

    def there(self, seconds: float) -> bool:
        """Whether the template has forked it."""
        return self._hear(seconds, 1) == b"+"

    def terminate(self) -> None:
        self._order(b"T")

    def kill(self) -> None:
        self._order(b"K")

    def wait(self, seconds: float) -> int | None:
        if self._code is None:
            told = self._hear(seconds, 16)
            if told is not None:
                self._code = int(told) if told else LOST
        return self._code

    def excuse(self, code: int) -> Failure | None:  # noqa: ARG002 - nothing stands between it and us
        return None

    def close(self) -> None:
        self.ends.close()
        self._run.close()

    def _order(self, word: bytes) -> None:
        with suppress(OSError):
            self._run.sendall(word)

    def _hear(self, seconds: float, most: int) -> bytes | None:
        """What the template says; nothing when it is gone; None when it says nothing in time."""
        poll = select.poll()
        poll.register(self._run, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            return None
        try:
            return self._run.recv(most)
        except OSError:
            return b""


def _in_memory(content: bytes) -> int:
    """A descriptor of a file that has no name; on Linux it is no file at all."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("connector")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _harmless_environment() -> dict[str, str]:
    """What a connector may need of our environment; ours holds secrets that are none of its business."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _ENVIRONMENT or name.startswith(_ENVIRONMENTS)
    }


def _absent(connector: str, why: str) -> NotStartedError:
    sentence = f"The connector {connector} {why}: install it, or choose another runner for this connection."
    return NotStartedError(Failure(kind=FailureKind.CONFIGURATION, code="misconfigured", sentence=sentence))
