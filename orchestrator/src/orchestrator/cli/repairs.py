"""`orchestrator repairs`: what a person must do."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.cli.exits import Exit
from orchestrator.cli.finding import find_account
from orchestrator.cli.opening import answered, opened
from orchestrator.cli.options import AsJson, ConfigFile, OneAccount
from orchestrator.cli.screen import Screen
from orchestrator.domain.repair import Repair
from orchestrator.domain.repair_texts import text_of


def repairs(*, account: OneAccount = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show what a person must do: what happened, what it means, what to do. Exit code 4 when there is something."""
    with opened(config, as_json=as_json) as desk:
        database = desk.application.database
        account_id = find_account(database, account).id if account else None
        with database.begin(reading=True) as tx:
            found = tx.repairs.open_ones(account_id=account_id)
            hosts = {one.id: one.host for one in tx.accounts.all()}
        document = [repair_document(one, desk.screen, hosts) for one in found]
        desk.screen.answer(document, lambda: show_repairs(found, desk.screen, hosts))
        answered(Exit.ATTENTION if found else Exit.OK)


def repair_document(repair: Repair, screen: Screen, hosts: Mapping[int, str]) -> dict[str, Any]:
    """A repair for machines, its sentences included."""
    sentences = text_of(repair, screen.language)
    return {
        "id": repair.id,
        "code": repair.code,
        "account": hosts.get(repair.account_id or 0),
        "connection_id": repair.connection_id,
        "opened_at": repair.opened_at,
        "happened": sentences.happened,
        "means": sentences.means,
        "do": sentences.do,
    }


def show_repairs(found: Sequence[Repair], screen: Screen, hosts: Mapping[int, str]) -> None:
    """Three sentences each."""
    if not found:
        screen.say("no_repairs")
    for repair in found:
        sentences = text_of(repair, screen.language)
        where = hosts.get(repair.account_id or 0, screen.text("service"))
        screen.say("repair_head", host=where, code=repair.code, since=repair.opened_at)
        for sentence in (sentences.happened, sentences.means, sentences.do):
            screen.write(f"  {sentence}")
