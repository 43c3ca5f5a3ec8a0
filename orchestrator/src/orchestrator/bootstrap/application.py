"""Everything the service does, built when first asked for, over what `outside` gives it.

Imports stand inside the properties for that reason: the command line is quick, and a process loads what it needs.
"""
# ruff: noqa: PLC0415

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestrator.bootstrap.outside import Outside
from orchestrator.config.settings import Settings

if TYPE_CHECKING:
    from orchestrator.services.admit_widget import AdmitWidget
    from orchestrator.services.allow_removal import AllowRemoval
    from orchestrator.services.apply_configuration import ApplyConfiguration
    from orchestrator.services.check_connection import CheckConnection
    from orchestrator.services.check_queue import CheckQueue
    from orchestrator.services.close_repair import CloseRepair
    from orchestrator.services.depart_people import DepartPeople
    from orchestrator.services.explain_contact import ExplainContact
    from orchestrator.services.link_account import LinkAccount
    from orchestrator.services.manage_connections import ManageConnections
    from orchestrator.services.manage_integrations import ManageIntegrations
    from orchestrator.services.measure import Measure
    from orchestrator.services.note_export import NoteExport
    from orchestrator.services.plan_sync import PlanSync
    from orchestrator.services.preview_rows import PreviewRows
    from orchestrator.services.prune import Prune
    from orchestrator.services.queue_sync import QueueSync
    from orchestrator.services.receive_opt_out import ReceiveOptOut
    from orchestrator.services.receive_webhook import DrainSpool, ReceiveWebhook
    from orchestrator.services.refresh_suppressions import RefreshSuppressions
    from orchestrator.services.refresh_token import RefreshToken
    from orchestrator.services.rename_account import RenameAccount
    from orchestrator.services.report import Report
    from orchestrator.services.retry_contacts import RetryContacts
    from orchestrator.services.run_sync import RunSync
    from orchestrator.services.sample_account import SampleAccount
    from orchestrator.services.schedule import Schedule
    from orchestrator.services.set_up_connection import SetUpConnection
    from orchestrator.services.sign_in import SignIn
    from orchestrator.services.sweep import Sweep
    from orchestrator.services.unlink_account import UnlinkAccount
    from orchestrator.services.watch_webhooks import WatchWebhooks
    from orchestrator.services.work_sync import WorkSync


@contextmanager
def open_application(settings: Settings) -> Iterator["Application"]:
    """The service over these settings, closed at the end of the block. Nothing is connected before it is used."""
    application = Application(settings)
    try:
        yield application
    finally:
        application.close()


class Application(Outside):
    """The services, by name."""

    @cached_property
    def queue_sync(self) -> "QueueSync":
        from orchestrator.services.queue_sync import QueueSync

        return QueueSync(database=self.database, doorbell=self.doorbell, clock=self.clock)

    @cached_property
    def refresh_token(self) -> "RefreshToken":
        from orchestrator.services.refresh_token import RefreshToken

        return RefreshToken(
            database=self.database,
            amocrm=self.amocrm,
            clock=self.clock,
            owner=self.owner,
            public_url=self.public_url,
        )

    @cached_property
    def run_sync(self) -> "RunSync":
        from orchestrator.services.refresh_first import RefreshFirst
        from orchestrator.services.run_sync import RunSync

        return RunSync(
            database=self.database,
            runners=self.runners,
            refresh_token=self.refresh_token,
            vendors=self.vendors,
            clock=self.clock,
            refresh_first=RefreshFirst(refresh_suppressions=self.refresh_suppressions),
        )

    def make_work(self) -> "WorkSync":
        """One for each worker thread."""
        from orchestrator.services.heartbeat import Pace
        from orchestrator.services.work_sync import WorkSync

        workers = self.settings.workers
        pace = Pace(beat=workers.heartbeat_seconds, lease=workers.lease_seconds, slice=workers.slice_seconds)
        return WorkSync(
            database=self.database,
            doorbell=self.doorbell,
            run_sync=self.run_sync,
            refresh_token=self.refresh_token,
            clock=self.clock,
            meter=self.meter,
            owner=f"{self.owner}:{uuid4().hex[:8]}",
            pace=pace,
        )

    @cached_property
    def receive_webhook(self) -> "ReceiveWebhook":
        from orchestrator.services.receive_webhook import ReceiveWebhook

        debounce = timedelta(seconds=self.settings.webhooks.debounce_seconds)
        return ReceiveWebhook(
            database=self.database, doorbell=self.doorbell, clock=self.clock, meter=self.meter, debounce=debounce
        )

    @cached_property
    def drain_spool(self) -> "DrainSpool":
        from orchestrator.services.receive_webhook import DrainSpool

        return DrainSpool(spool=self.spool, receive_webhook=self.receive_webhook)

    @cached_property
    def receive_opt_out(self) -> "ReceiveOptOut":
        from orchestrator.services.receive_opt_out import ReceiveOptOut

        return ReceiveOptOut(database=self.database, clock=self.clock)

    @cached_property
    def retry_contacts(self) -> "RetryContacts":
        from orchestrator.services.retry_contacts import RetryContacts

        return RetryContacts(database=self.database, queue_sync=self.queue_sync, clock=self.clock)

    @cached_property
    def refresh_suppressions(self) -> "RefreshSuppressions":
        from orchestrator.services.refresh_suppressions import RefreshSuppressions

        return RefreshSuppressions(
            database=self.database,
            unisender=self.unisender,
            retry_contacts=self.retry_contacts,
            clock=self.clock,
            public_url=self.public_url,
        )

    @cached_property
    def watch_webhooks(self) -> "WatchWebhooks":
        from orchestrator.services.watch_webhooks import WatchWebhooks

        return WatchWebhooks(
            database=self.database,
            amocrm=self.amocrm,
            unisender=self.unisender,
            refresh_token=self.refresh_token,
            queue_sync=self.queue_sync,
            clock=self.clock,
            public_url=self.public_url,
            every=timedelta(minutes=self.settings.webhooks.watch_minutes),
        )

    @cached_property
    def sweep(self) -> "Sweep":
        from orchestrator.services.sweep import Sweep

        silent = self.settings.workers.lease_seconds
        return Sweep(database=self.database, doorbell=self.doorbell, clock=self.clock, silent_seconds=silent)

    @cached_property
    def schedule(self) -> "Schedule":
        from orchestrator.adapters.cron import next_run
        from orchestrator.services.schedule import Schedule

        return Schedule(database=self.database, doorbell=self.doorbell, clock=self.clock, next_run=next_run)

    @cached_property
    def check_queue(self) -> "CheckQueue":
        from orchestrator.services.check_queue import CheckQueue

        return CheckQueue(database=self.database, doorbell=self.doorbell, clock=self.clock)

    @cached_property
    def prune(self) -> "Prune":
        from orchestrator.services.prune import Prune

        return Prune(database=self.database, clock=self.clock, journal_days=self.settings.webhooks.journal_days)

    @cached_property
    def measure(self) -> "Measure":
        from orchestrator.services.measure import Measure

        return Measure(database=self.database, doorbell=self.doorbell, meter=self.meter)

    @cached_property
    def manage_integrations(self) -> "ManageIntegrations":
        from orchestrator.services.manage_integrations import ManageIntegrations

        return ManageIntegrations(database=self.database, clock=self.clock)

    @cached_property
    def check_connection(self) -> "CheckConnection":
        from orchestrator.services.check_connection import CheckConnection

        return CheckConnection(
            database=self.database, runners=self.runners, refresh_token=self.refresh_token, vendors=self.vendors
        )

    @cached_property
    def manage_connections(self) -> "ManageConnections":
        from orchestrator.adapters.cron import check_cron
        from orchestrator.config.declared import connection_settings
        from orchestrator.services.manage_connections import ManageConnections

        return ManageConnections(
            database=self.database,
            unisender=self.unisender,
            check_connection=self.check_connection,
            queue_sync=self.queue_sync,
            clock=self.clock,
            public_url=self.public_url,
            check_schedule=check_cron,
            defaults=connection_settings(self.settings.connection_defaults),
        )

    @cached_property
    def apply_configuration(self) -> "ApplyConfiguration":
        from orchestrator.adapters.cron import check_cron
        from orchestrator.services.apply_configuration import ApplyConfiguration
        from orchestrator.services.declare_connections import DeclareConnections

        declare = DeclareConnections(
            database=self.database,
            queue_sync=self.queue_sync,
            clock=self.clock,
            check_schedule=check_cron,
        )
        return ApplyConfiguration(
            database=self.database,
            manage_integrations=self.manage_integrations,
            declare_connections=declare,
            clock=self.clock,
        )

    @cached_property
    def link_account(self) -> "LinkAccount":
        from orchestrator.services.link_account import LinkAccount

        amocrm_url = self.settings.vendors.amocrm_url
        return LinkAccount(
            database=self.database,
            amocrm=self.amocrm,
            watch_webhooks=self.watch_webhooks,
            queue_sync=self.queue_sync,
            clock=self.clock,
            public_url=self.public_url,
            state_key=self.vault.signing_key(),
            consent_url=f"{amocrm_url}/oauth" if amocrm_url else None,
        )

    @cached_property
    def depart_people(self) -> "DepartPeople":
        from orchestrator.services.depart_people import DepartPeople

        return DepartPeople(database=self.database, runners=self.runners, vendors=self.vendors, clock=self.clock)

    @cached_property
    def unlink_account(self) -> "UnlinkAccount":
        from orchestrator.services.unlink_account import UnlinkAccount

        return UnlinkAccount(
            database=self.database,
            amocrm=self.amocrm,
            unisender=self.unisender,
            refresh_token=self.refresh_token,
            depart_people=self.depart_people,
            clock=self.clock,
            public_url=self.public_url,
        )

    @cached_property
    def report(self) -> "Report":
        from orchestrator.adapters.database.migration import newest_revision
        from orchestrator.services.report import Report

        return Report(
            database=self.database,
            doorbell=self.doorbell,
            spool=self.spool,
            clock=self.clock,
            newest_revision=newest_revision(),
        )

    @cached_property
    def explain_contact(self) -> "ExplainContact":
        from orchestrator.services.explain_contact import ExplainContact

        return ExplainContact(
            database=self.database,
            unisender=self.unisender,
            runners=self.runners,
            refresh_token=self.refresh_token,
            vendors=self.vendors,
            clock=self.clock,
        )

    @cached_property
    def plan_sync(self) -> "PlanSync":
        from orchestrator.services.plan_sync import PlanSync

        return PlanSync(
            database=self.database,
            runners=self.runners,
            refresh_token=self.refresh_token,
            vendors=self.vendors,
            clock=self.clock,
        )

    @cached_property
    def set_up_connection(self) -> "SetUpConnection":
        from orchestrator.adapters.cron import check_cron
        from orchestrator.config.declared import connection_settings
        from orchestrator.services.set_up_connection import SetUpConnection

        return SetUpConnection(
            database=self.database,
            unisender=self.unisender,
            plan_sync=self.plan_sync,
            refresh_suppressions=self.refresh_suppressions,
            queue_sync=self.queue_sync,
            clock=self.clock,
            public_url=self.public_url,
            check_schedule=check_cron,
            defaults=connection_settings(self.settings.connection_defaults),
        )

    @cached_property
    def preview_rows(self) -> "PreviewRows":
        from orchestrator.services.preview_rows import PreviewRows

        return PreviewRows(
            database=self.database, runners=self.runners, refresh_token=self.refresh_token, vendors=self.vendors
        )

    @cached_property
    def rename_account(self) -> "RenameAccount":
        from orchestrator.services.rename_account import RenameAccount

        return RenameAccount(database=self.database, clock=self.clock)

    @cached_property
    def sample_account(self) -> "SampleAccount":
        from orchestrator.services.sample_account import SampleAccount

        return SampleAccount(amocrm=self.amocrm, refresh_token=self.refresh_token)

    @cached_property
    def close_repair(self) -> "CloseRepair":
        from orchestrator.services.close_repair import CloseRepair

        return CloseRepair(database=self.database, clock=self.clock)

    @cached_property
    def admit_widget(self) -> "AdmitWidget":
        from orchestrator.services.admit_widget import AdmitWidget
        from orchestrator.services.know_administrators import KnowAdministrators

        know_administrators = KnowAdministrators(amocrm=self.amocrm, refresh_token=self.refresh_token, clock=self.clock)
        return AdmitWidget(database=self.database, clock=self.clock, know_administrators=know_administrators)

    @cached_property
    def allow_removal(self) -> "AllowRemoval":
        from orchestrator.services.allow_removal import AllowRemoval

        return AllowRemoval(database=self.database, queue_sync=self.queue_sync, clock=self.clock)

    @cached_property
    def note_export(self) -> "NoteExport":
        from orchestrator.services.note_export import NoteExport

        return NoteExport(database=self.database, clock=self.clock)

    @cached_property
    def sign_in(self) -> "SignIn":
        from orchestrator.adapters.passwords import Argon2Passwords
        from orchestrator.services.sign_in import SignIn

        return SignIn(
            database=self.database,
            clock=self.clock,
            passwords=Argon2Passwords(),
            signing_key=self.vault.signing_key(),
            password=self.settings.security.admin_password,
        )

    def declare(self) -> None:
        """Make the database agree with what the configuration says of integrations and connections."""
        from orchestrator.config.declared import declaration

        self.apply_configuration.run(declaration(self.settings))
