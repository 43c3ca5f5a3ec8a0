"""Connectors in containers, through the command line of docker or podman. Any connector image will do."""

import errno
import logging
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import orjson

from orchestrator.adapters.runners.child import Child, NotStartedError
from orchestrator.adapters.runners.ending import Patience
from orchestrator.adapters.runners.ends import Ends
from orchestrator.adapters.runners.local import LocalRunner
from orchestrator.adapters.runners.protocol import fault
from orchestrator.domain.connection import RunnerKind
from orchestrator.domain.failure import Failure, FailureKind

LOGGER = logging.getLogger(__name__)

MOUNTED_AT = "/run/connector"
_HARDENING = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges")
_COMMAND_SECONDS = 20.0


class ContainerRunner(LocalRunner):
    """`command` is the engine's command line (`docker`, `podman`), `images` maps connector names to images.

    `network` is what `--network` takes. `folder` holds the configurations of running connectors; by default it is in
    memory. It must be a folder that the engine sees under the same path.
    """

    def __init__(
        self,
        *,
        images: Mapping[str, str],
        command: Sequence[str] = ("docker",),
        network: str | None = None,
        folder: Path | None = None,
        patience: Patience | None = None,
    ) -> None:
        launcher = ContainerLauncher(images=images, command=command, network=network, folder=folder)
        super().__init__(kind=RunnerKind.CONTAINER, launcher=launcher, patience=patience or Patience())


class ContainerLauncher:
    """Starts images. Configurations are mounted from a folder nobody else may enter, and removed with the container."""

    def __init__(
        self, *, images: Mapping[str, str], command: Sequence[str], network: str | None, folder: Path | None
    ) -> None:
        self._images = dict(images)
        self._command = tuple(command)
        self._network = network
        self._folder = folder or _folder_in_memory()
        self._ours = f"orchestrator-{socket.gethostname()}-"

    def start(self, connector: str, verb: str, files: Mapping[str, bytes], *, fed: bool) -> Child:
        """Nothing of `files` is on the command line."""
        image = self._images.get(connector)
        if image is None:
            raise _misconfigured(f"There is no image for the connector {connector}: name one in runners.container.")
        # Container and folder are named alike, and by our pid: so what a killed worker left can be told.
        name = f"{self._ours}{os.getpid()}-{uuid4().hex[:12]}"
        private = self._folder / name
        with ExitStack() as mess:
            mess.callback(shutil.rmtree, private, ignore_errors=True)
            _write_privately(private, files)
            options = ["run", "--rm", "-i", "--init", "--name", name, *_HARDENING]
            options += ["--network", self._network] if self._network else []
            options += ["-v", f"{private}/files:{MOUNTED_AT}:ro", *_shared_budget(files["config"])]
            arguments = [part for file in files for part in (f"--{file}", f"{MOUNTED_AT}/{file}.json")]
            child = self._run([*self._command, *options, image, verb, *arguments], connector, name, private, fed=fed)
            mess.pop_all()
            return child

    def warm(self) -> None:
        """Remove what workers of this machine left that were killed."""
        for folder in self._folder.glob(f"{self._ours}*"):
            if _left_behind(folder.name):
                self.kill(folder.name)
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Nothing is kept between runs."""

    def kill(self, name: str) -> None:
        """End a container; well also when there is none of this name."""
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(  # noqa: S603 - the configured engine
                [*self._command, "kill", name], capture_output=True, timeout=_COMMAND_SECONDS, check=False
            )

    def _run(self, command: Sequence[str], connector: str, name: str, private: Path, *, fed: bool) -> "ContainerChild":
        ends = Ends(fed=fed)
        with ends.handing_over() as (stdin, stdout, stderr):
            try:
                process = subprocess.Popen(  # noqa: S603 - the configured engine
                    command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
                )
            except OSError as error:
                raise _no_engine(self._command[0], error) from None
        return ContainerChild(connector, name=name, process=process, launcher=self, private=private, ends=ends)


class ContainerChild:
    """A container, as the engine's command line in the foreground shows it."""

    def __init__(
        self,
        connector: str,
        *,
        name: str,
        process: subprocess.Popen[bytes],
        launcher: ContainerLauncher,
        private: Path,
        ends: Ends,
    ) -> None:
        self.connector = connector
        self.ends = ends
        self._name = name
        self._process = process
        self._launcher = launcher
        self._private = private

    def terminate(self) -> None:
        """The command line passes the signal on to the container."""
        self._process.terminate()

    def kill(self) -> None:
        self._launcher.kill(self._name)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
            return
        self._process.kill()

    def wait(self, seconds: float) -> int | None:
        try:
            return self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None

    def excuse(self, code: int) -> Failure | None:
        """What `docker run` means by its own exit codes."""
        if code == 125:
            sentence = f"The container engine could not run {self.connector}; its words are in the log."
            return Failure(kind=FailureKind.TRANSIENT, code="unreachable", sentence=sentence)
        if code in (126, 127):
            sentence = f"The image of {self.connector} has no connector in it."
            return Failure(kind=FailureKind.CONFIGURATION, code="misconfigured", sentence=sentence)
        return None

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()
            self._process.wait()
        self.ends.close()
        shutil.rmtree(self._private, ignore_errors=True)


def _write_privately(private: Path, files: Mapping[str, bytes]) -> None:
    """Only we may enter the folder; whoever an image runs as may read what is mounted from inside it."""
    private.mkdir(mode=0o700)
    inner = private / "files"
    inner.mkdir()
    inner.chmod(0o755)
    for name, content in files.items():
        path = inner / f"{name}.json"
        path.write_bytes(content)
        path.chmod(0o644)


def _folder_in_memory() -> Path:
    shared_memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return shared_memory if os.access(shared_memory, os.W_OK) else Path(tempfile.gettempdir())


def _shared_budget(config: bytes) -> Sequence[str]:
    """The lock file of the account's request budget is shared with the container, and made for whoever it runs as."""
    path = orjson.loads(config).get("budget_file")
    if not isinstance(path, str):
        return ()
    file = Path(path)
    file.touch()
    with suppress(PermissionError):  # another user's, who has seen to it
        file.chmod(0o666)
    return ("-v", f"{path}:{path}")


def _left_behind(name: str) -> bool:
    """Whether the worker in a name of ours runs no more."""
    pid = name.rsplit("-", 2)[-2:-1]
    if not pid or not pid[0].isdecimal():
        return False
    try:
        os.kill(int(pid[0]), 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    return False


def _misconfigured(sentence: str) -> NotStartedError:
    return NotStartedError(Failure(kind=FailureKind.CONFIGURATION, code="misconfigured", sentence=sentence))


def _no_engine(command: str, error: OSError) -> NotStartedError:
    if error.errno == errno.ENOENT:
        return _misconfigured(f"There is no command {command!r} to run containers with: install it, or name another.")
    return NotStartedError(fault("", "connector_fault", f"{command!r} cannot be run ({error.strerror})."))
