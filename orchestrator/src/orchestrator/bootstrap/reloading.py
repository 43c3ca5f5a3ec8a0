"""A running service takes changes of its configuration over; mistakes in it are logged and change nothing."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator.bootstrap.application import Application
from orchestrator.config.loading import Loaded
from orchestrator.config.reload import Reload, Reloader

LOG = logging.getLogger(__name__)


@contextmanager
def watching(application: Application, loaded: Loaded, load: Callable[[], Loaded]) -> Iterator[Reloader]:
    """Look at the files every two seconds, and at once on SIGHUP, until the block ends."""
    reloader = Reloader(loaded, load=load, tell=lambda reload: take_over(application, reload))
    stop = threading.Event()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: reloader.ask())
    thread = threading.Thread(target=reloader.run, args=(stop,), name="configuration", daemon=True)
    thread.start()
    try:
        yield reloader
    finally:
        stop.set()


def take_over(application: Application, reload: Reload) -> None:
    """What a look at the files came to. Connections and integrations follow with the next turn of their duty."""
    for problem in reload.problems:
        LOG.error("configuration_wrong", extra={"problem": str(problem)})
    if reload.problems:
        LOG.error("configuration_kept", extra={"problems": len(reload.problems)})
        return
    application.settings = reload.settings
    logging.getLogger().setLevel(reload.settings.logging.level.upper())
    LOG.info("configuration_taken", extra={"changed": list(reload.changed)})
    if reload.restart_needed:
        LOG.warning("configuration_needs_restart", extra={"keys": list(reload.restart_needed)})
