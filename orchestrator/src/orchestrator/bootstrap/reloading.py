"""A running service takes changes of its configuration over; mistakes in it are logged and change nothing."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from orchestrator.bootstrap.application import Application
from orchestrator.bootstrap.outside import api_tokens
from orchestrator.config.loading import Loaded
from orchestrator.config.reload import Reload, Reloader
from orchestrator.domain.errors import OrchestratorError

LOG = logging.getLogger(__name__)
ONE_CHANGE = timedelta(seconds=30)
"""Processes of one service see a change within this time; the audit log has it once."""


@contextmanager
def watching(application: Application, loaded: Loaded, load: Callable[[], Loaded]) -> Iterator[Reloader]:
    """Look at the files every two seconds, and at once on SIGHUP, until the block ends."""
    reloader = Reloader(loaded, load=load, tell=lambda reload: take_over(application, reload))
    stop = threading.Event()
    before = signal.signal(signal.SIGHUP, lambda *_: reloader.ask())
    thread = threading.Thread(target=reloader.run, args=(stop,), name="configuration", daemon=True)
    thread.start()
    try:
        yield reloader
    finally:
        stop.set()
        signal.signal(signal.SIGHUP, before)


def take_over(application: Application, reload: Reload) -> None:
    """What a look at the files came to. Connections and integrations follow with the next turn of their duty."""
    for problem in reload.problems:
        LOG.error("configuration_wrong", extra={"problem": str(problem)})
    if reload.problems:
        LOG.error("configuration_kept", extra={"problems": len(reload.problems)})
        return
    application.settings = reload.settings
    application.doorkeeper.know(api_tokens(reload.settings))
    application.sign_in.know(reload.settings.security.admin_password)
    logging.getLogger().setLevel(reload.settings.logging.level.upper())
    LOG.info("configuration_taken", extra={"changed": list(reload.changed)})
    if reload.restart_needed:
        LOG.warning("configuration_needs_restart", extra={"keys": list(reload.restart_needed)})
    if reload.changed:
        _note(application, reload.changed)


def _note(application: Application, changed: Sequence[str]) -> None:
    """A line in the audit log: which keys, never their values."""
    now, keys = application.clock.now(), ", ".join(sorted(changed))
    try:
        with application.database.begin() as tx:
            if tx.nonces.spend(f"configuration {keys}"[:100], until=now + ONE_CHANGE, now=now):
                tx.audit.add(
                    actor="configuration",
                    action="configuration_changed",
                    subject="service",
                    details={"keys": keys},
                    now=now,
                )
    except OrchestratorError as error:
        LOG.warning("configuration_not_noted", extra={"code": error.code})
