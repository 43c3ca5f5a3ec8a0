"""`orchestrator account`: linked amoCRM accounts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.asking import read_secret
from orchestrator.cli.connection_views import connection_document, show_connections
from orchestrator.cli.exits import Exit
from orchestrator.cli.finding import find_account
from orchestrator.cli.opening import ACTOR, Desk, opened
from orchestrator.cli.options import AccountName, AsJson, ConfigFile
from orchestrator.cli.repairs import repair_document, show_repairs
from orchestrator.domain.account import Account, AccountStatus, UnlinkMode
from orchestrator.domain.errors import RejectedError

if TYPE_CHECKING:
    from orchestrator.services.views import AccountView

accounts = typer.Typer(no_args_is_help=True, help="Linked amoCRM accounts.")

SIGNS = {
    AccountStatus.ACTIVE: "●",
    AccountStatus.NEEDS_REAUTH: "◐",
    AccountStatus.PENDING: "○",
    AccountStatus.UNLINKING: "◌",
    AccountStatus.UNLINKED: "·",
    AccountStatus.DISABLED: "✗",
}
"""Shape and word, never colour alone."""


@accounts.command("list")
def list_accounts(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show every account: whether it works, how many people are in its lists, how fresh they are."""
    with opened(config, as_json=as_json) as desk:
        found = desk.application.report.accounts()
        columns = (
            "id",
            "account",
            "status",
            "in_list",
            "need_attention",
            "opted_out",
            "to_send",
            "freshness",
            "repairs",
        )
        rows = [_row(desk, view) for view in found]
        desk.screen.answer(
            [_document(view, desk) for view in found],
            lambda: desk.screen.table(columns, rows, empty="no_accounts"),
        )


@accounts.command()
def show(account: AccountName, *, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show one account with its connections and what is to be done."""
    with opened(config, as_json=as_json) as desk:
        screen = desk.screen
        view = desk.application.report.account(find_account(desk.application.database, account).id)

        def people() -> None:
            found = view.account
            screen.say("account_head", sign=SIGNS[found.status], host=found.host, status=screen.text(found.status))
            if not found.webhooks:
                screen.say("account_polled")
            show_connections(desk, [(found, one) for one in view.connections])
            if view.repairs:
                show_repairs(view.repairs, screen, {found.id: found.host})

        screen.answer(_document(view, desk), people)


@accounts.command()
def link(
    *,
    integration: Annotated[
        str | None, typer.Option(help="Name of the integration; may be left out when there is one only.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Link this host by a long-lived token, asked for or read from standard input.")
    ] = None,
    renew: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="Renew the consent of this account.")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the address where an amoCRM administrator grants access; or, with --host, link by a long-lived token."""
    with opened(config, as_json=as_json) as desk:
        name = integration or _only_integration(desk)
        service = desk.application.link_account
        if host is not None:
            account = service.with_token(name, host, read_secret(desk.screen, "ask_token"), actor=ACTOR)
            document = {"id": account.id, "host": account.host, "status": account.status}
            desk.screen.answer(document, lambda: desk.screen.say("linked", host=account.host))
            return
        account_id = find_account(desk.application.database, renew).id if renew else None
        url = service.start(name, actor=ACTOR, account_id=account_id)
        desk.screen.answer({"url": url}, lambda: desk.screen.say("open_url", url=url))


@accounts.command()
def unlink(
    account: AccountName,
    *,
    mode: Annotated[
        UnlinkMode,
        typer.Option(
            help="People stay in the list (keep), are taken out (exclude), or are also forgotten here (erase)."
        ),
    ] = UnlinkMode.KEEP,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Unlink an account: its webhook is removed, its tokens are forgotten. Typing its host confirms it."""
    with opened(config, as_json=as_json) as desk:
        found = find_account(desk.application.database, account)
        if not yes:
            view = desk.application.report.account(found.id)
            _confirm(desk, found, mode, in_list=sum(one.people.synced for one in view.connections))
        after = desk.application.unlink_account.start(found.id, mode, actor=ACTOR)
        document = {"id": after.id, "host": after.host, "status": after.status, "mode": after.unlink_mode}
        desk.screen.answer(document, lambda: desk.screen.say("unlink_started", host=after.host))


def _confirm(desk: Desk, account: Account, mode: UnlinkMode, *, in_list: int) -> None:
    typer.echo(desk.screen.text("unlink_what", host=account.host), err=True)
    typer.echo(desk.screen.text(f"unlink_{mode.value}", count=in_list), err=True)
    typed = typer.prompt(desk.screen.text("unlink_type", host=account.host), err=True, default="", show_default=False)
    if typed.strip().lower() != account.host:
        typer.echo(desk.screen.text("unlink_not"), err=True)
        raise typer.Exit(Exit.FAILED)


def _only_integration(desk: Desk) -> str:
    known = desk.application.manage_integrations.list()
    if len(known) == 1:
        return known[0].name
    if not known:
        raise RejectedError("There is no integration: write one under integrations in the configuration file.")
    raise RejectedError(f"Say which integration by --integration: {', '.join(one.name for one in known)}.")


def _row(desk: Desk, view: "AccountView") -> tuple[object, ...]:
    account, connections = view.account, view.connections
    medians = [one.freshness.p50 for one in connections if one.freshness.p50 is not None]
    return (
        account.id,
        account.host,
        f"{SIGNS[account.status]} {desk.screen.text(account.status)}",
        sum(one.people.synced for one in connections),
        sum(one.people.attention for one in connections),
        sum(one.people.opted_out for one in connections),
        sum(one.pending_changes for one in connections),
        desk.screen.text("seconds", number=f"{max(medians):.1f}") if medians else None,
        len(view.repairs),
    )


def _document(view: "AccountView", desk: Desk) -> dict[str, Any]:
    account = view.account
    return {
        "id": account.id,
        "amocrm_id": account.amocrm_id,
        "host": account.host,
        "name": account.name,
        "status": account.status,
        "webhooks": account.webhooks,
        "linked_at": account.linked_at,
        "connections": [connection_document(one) for one in view.connections],
        "repairs": [repair_document(one, desk.screen, {account.id: account.host}) for one in view.repairs],
    }
