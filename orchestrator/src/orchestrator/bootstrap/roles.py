"""What a process of the service does: answer, work, schedule, or all three at once."""
# ruff: noqa: PLC0415

import gc
import logging
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.bootstrap.application import Application
from orchestrator.domain.errors import MisconfiguredError
from orchestrator.entrypoints.processes import run_processes, stop_on_signals
from orchestrator.entrypoints.scheduler import run_scheduler
from orchestrator.entrypoints.worker import run_worker
from orchestrator.services.duties import DoDuties, Duty

if TYPE_CHECKING:
    from orchestrator.entrypoints.grpc.server import Tls
    from orchestrator.entrypoints.http.server import Server

LOG = logging.getLogger(__name__)
HOUR = 3600.0
PACKAGES = ("amocrm-unisender-orchestrator", "airbyte-source-amocrm", "airbyte-destination-unisender")


def serve(application: Application) -> None:
    """Answer webhooks, the API and gRPC until SIGTERM.

    Raises MisconfiguredError when an address cannot be had.
    """
    with _prepared(application):
        server = _server(application)
        _collect_seldom()
        _answer(application, server)


def work(application: Application, *, processes: int, command: Sequence[str]) -> bool:
    """Work on what the doorbell rings for until SIGTERM; several processes as children that run `command`.

    True when everything under way was handed back in time.
    """
    stop = threading.Event()
    stop_on_signals(stop)
    if processes > 1:
        run_processes(command, processes=processes, stop=stop)
        return True
    _need_a_queue(application, "orchestrator worker")
    with _prepared(application):
        return _work(application, stop)


def schedule(application: Application) -> bool:
    """Do the periodic duties until SIGTERM, shared with other schedulers. True when all ended in time."""
    stop = threading.Event()
    stop_on_signals(stop)
    with _prepared(application):
        return _schedule(application, stop)


def up(application: Application) -> bool:
    """Everything in this one process until SIGTERM."""
    stop = threading.Event()
    server = _server(application)
    in_time: list[bool] = []

    def beside(role: Callable[[Application, threading.Event], bool]) -> threading.Thread:
        def run() -> None:
            try:
                in_time.append(role(application, stop))
            except Exception as error:
                LOG.exception("role_failed", extra={"role": role.__name__, "error": type(error).__name__})
                server.should_exit = True
                in_time.append(False)

        return threading.Thread(target=run, name=role.__name__.strip("_"))

    with _prepared(application):
        threads = [beside(_work), beside(_schedule)]
        for thread in threads:
            thread.start()
        try:
            _answer(application, server)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    return all(in_time)


def exit_at_once(code: int = 0) -> None:
    """Leave without waiting for threads that did not end in time: what they hold is taken over."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@contextmanager
def _prepared(application: Application) -> Iterator[None]:
    application.database.migrate()
    application.declare()
    yield


def _work(application: Application, stop: threading.Event) -> bool:
    for runner in application.runners.values():
        runner.warm()
    _collect_seldom()
    workers = application.settings.workers
    return run_worker(
        application.make_work,
        application.doorbell,
        realtime_threads=workers.realtime_threads,
        bulk_threads=workers.bulk_threads,
        stop=stop,
    )


def _collect_seldom() -> None:
    """Records and hooks by the thousand are many small objects without circles: looking for circles among them as often
    as Python does by default cost a worker a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _schedule(application: Application, stop: threading.Event) -> bool:
    do_duties = DoDuties(database=application.database, clock=application.clock, owner=application.owner)
    return run_scheduler(duties(application), do_duties, stop=stop)


def duties(application: Application) -> Sequence[Duty]:
    """Everything that is done over and over, and how often (seconds)."""
    return (
        Duty(name="sweep", every_seconds=2, run=application.sweep.run),
        Duty(name="schedule", every_seconds=5, run=application.schedule.run),
        Duty(name="spool", every_seconds=5, run=application.drain_spool.run),
        Duty(name="figures", every_seconds=5, run=application.measure.run),
        Duty(
            name="unlink",
            every_seconds=1,
            run=application.unlink_account.resume,
            wanted=application.unlink_account.has_begun,
        ),
        Duty(name="webhooks", every_seconds=15, run=application.watch_webhooks.check_due),
        Duty(name="queue", every_seconds=60, run=application.check_queue.run),
        Duty(name="tokens", every_seconds=60, run=application.refresh_token.refresh_due),
        Duty(name="opt_outs", every_seconds=HOUR / 4, run=application.refresh_suppressions.refresh_all),
        Duty(name="configuration", every_seconds=15, run=application.declare),
        Duty(name="prune", every_seconds=HOUR, run=application.prune.run),
    )


def versions() -> Mapping[str, str]:
    """What is installed; connectors that run elsewhere are not."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _server(application: Application) -> "Server":
    from orchestrator.entrypoints.http.app import make_app
    from orchestrator.entrypoints.http.server import Server
    from orchestrator.entrypoints.http.services import HttpOptions, Services

    settings = application.settings
    services = Services(**{field.name: getattr(application, field.name) for field in fields(Services)})
    options = HttpOptions(
        language=settings.language or "en",
        body_limit_bytes=settings.webhooks.body_limit_bytes,
        database_wait_seconds=settings.webhooks.database_wait_seconds,
        public_url=application.public_url,
        versions=versions(),
        open_metrics=settings.http.open_metrics,
        threads=settings.http.threads,
    )
    app = make_app(services, options, doorkeeper=application.doorkeeper)
    return Server(app, trusted_proxies=settings.http.trusted_proxies)


def _answer(application: Application, server: "Server") -> None:
    http = application.settings.http
    with ExitStack() as stack:
        if application.settings.grpc.enabled:
            stack.enter_context(_grpc(application))
        LOG.info("serving", extra={"address": f"http://{http.host}:{http.port}"})
        try:
            server.serve_on(http.host, http.port)
        except OSError as error:
            raise MisconfiguredError(
                f"http.host and http.port ({http.host}:{http.port}) cannot be had ({error.strerror}):"
                " choose a free port, or stop what listens there.",
                code="address_taken",
            ) from None


@contextmanager
def _grpc(application: Application) -> Iterator[int]:
    from orchestrator.domain.access import FailureLimit
    from orchestrator.entrypoints.grpc.calls import Gate
    from orchestrator.entrypoints.grpc.server import serving
    from orchestrator.entrypoints.grpc.servicers import Accounts, Syncs

    wanted, database = application.settings.grpc, application.database
    gate = Gate(doorkeeper=application.doorkeeper, failures=FailureLimit(), clock=application.clock)
    accounts = Accounts(gate=gate, database=database, unlink_account=application.unlink_account)
    syncs = Syncs(gate=gate, database=database, queue_sync=application.queue_sync)
    tls = _tls(wanted.certificate, wanted.key)
    with serving(accounts=accounts, syncs=syncs, host=wanted.host, port=wanted.port, tls=tls) as port:
        LOG.info("serving_grpc", extra={"address": f"{wanted.host}:{port}", "tls": tls is not None})
        yield port


def _tls(certificate: Path | None, key: Path | None) -> "Tls | None":
    from orchestrator.domain.secret import Secret
    from orchestrator.entrypoints.grpc.server import Tls

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise MisconfiguredError("grpc.certificate and grpc.key belong together: give both or neither.")
    try:
        return Tls(certificate=certificate.read_bytes(), key=Secret(key.read_text()))
    except OSError as error:
        raise MisconfiguredError(
            f"{error.filename} cannot be read ({error.strerror}): correct grpc.certificate and grpc.key."
        ) from None


def _need_a_queue(application: Application, command: str) -> None:
    if application.settings.queue.url == "embedded":
        raise MisconfiguredError(
            f"queue.url is embedded, which only `orchestrator up` can hear: give {command} a beanstalkd"
            " (beanstalk://host:11300), or run `orchestrator up`."
        )
