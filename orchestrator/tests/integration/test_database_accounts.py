"""Integrations, accounts, tokens, connections and stream states, on each database."""

from dataclasses import replace
from datetime import timedelta, timezone
from itertools import product

import pytest

from databases import NOON, SECOND, add_account, add_connection, add_integration, new_connection
from orchestrator.domain.account import LEGAL, AccountStatus, OAuthToken, UnlinkMode
from orchestrator.domain.connection import ConnectionStatus, OnLeaving, RunnerKind
from orchestrator.domain.errors import ConflictError, NotFoundError
from orchestrator.domain.secret import Secret
from orchestrator.ports.database import Database, Transaction

# Integrations


def test_an_integration_is_found_by_number_name_and_client_id(database: Database) -> None:
    with database.begin() as tx:
        integration = add_integration(tx, name="kommo", client_id="0123-abc", zone="kommo.com")

        assert tx.integrations.get(integration.id) == integration
        assert tx.integrations.by_name("kommo") == integration
        assert tx.integrations.by_client_id("0123-abc") == integration
        assert (tx.integrations.by_name("Kommo"), tx.integrations.by_client_id("0123-ABC")) == (None, None)
        assert list(tx.integrations.all()) == [integration]


def test_a_changed_integration_comes_back_changed(database: Database) -> None:
    with database.begin() as tx:
        integration = replace(add_integration(tx), client_secret=Secret("new"), redirect_uri="https://new.example.org/")
        tx.integrations.save(integration)

        assert tx.integrations.get(integration.id) == integration


def test_two_integrations_never_share_a_name(database: Database) -> None:
    with database.begin() as tx:
        first, second = add_integration(tx), add_integration(tx)

        with pytest.raises(ConflictError):
            add_integration(tx, name=first.name)
        with pytest.raises(ConflictError):
            tx.integrations.save(replace(second, name=first.name))
        assert tx.integrations.get(second.id) == second


def test_an_unknown_integration_is_not_found(database: Database) -> None:
    with database.begin() as tx:
        with pytest.raises(NotFoundError):
            tx.integrations.get(404)
        with pytest.raises(NotFoundError):
            tx.integrations.save(replace(add_integration(tx), id=404))


def test_an_integration_that_accounts_are_linked_by_stays(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)

        with pytest.raises(ConflictError):
            tx.integrations.remove(account.integration_id)
        assert tx.integrations.get(account.integration_id)


def test_an_integration_nobody_uses_goes(database: Database) -> None:
    with database.begin() as tx:
        integration = add_integration(tx)
        tx.integrations.remove(integration.id)

        with pytest.raises(NotFoundError):
            tx.integrations.get(integration.id)


def test_a_removed_integration_comes_back_with_its_unlinked_accounts(database: Database) -> None:
    with database.begin() as tx:
        integration = add_integration(tx, name="mine")
        account = add_account(tx, integration_id=integration.id, status=AccountStatus.UNLINKING)
        tx.accounts.move(account.id, to=AccountStatus.UNLINKED)
        tx.integrations.remove(integration.id)

        assert (tx.integrations.by_name("mine"), tx.integrations.by_client_id(integration.client_id)) == (None, None)
        assert list(tx.integrations.all()) == []
        again = add_integration(tx, name="mine again", client_id=integration.client_id)
        assert tx.accounts.find(integration_id=again.id, amocrm_id=account.amocrm_id)


# Accounts


def test_a_new_account_is_pending_and_found_every_way(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx, status=AccountStatus.PENDING, webhook_secret=Secret("unguessable"))

        assert account.status is AccountStatus.PENDING
        assert account.webhooks
        assert tx.accounts.find(integration_id=account.integration_id, amocrm_id=account.amocrm_id) == account
        assert list(tx.accounts.by_amocrm_id(account.amocrm_id)) == [account]
        assert list(tx.accounts.by_host(account.host)) == [account]
        assert tx.accounts.by_webhook_secret("unguessable") == account
        assert tx.accounts.by_webhook_secret("Unguessable") is None
        with pytest.raises(NotFoundError):
            tx.accounts.get(account.id + 1)


def test_an_amocrm_account_is_linked_once_by_an_integration_but_by_several_integrations(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)

        with pytest.raises(ConflictError):
            add_account(tx, integration_id=account.integration_id, amocrm_id=account.amocrm_id)
        other = add_account(tx, amocrm_id=account.amocrm_id)
        assert [one.id for one in tx.accounts.by_amocrm_id(account.amocrm_id)] == [account.id, other.id]


def test_who_saves_an_account_read_earlier_changes_neither_its_status_nor_how_it_is_being_unlinked(
    database: Database,
) -> None:
    with database.begin() as tx:
        stale = add_account(tx)
        tx.accounts.move(stale.id, to=AccountStatus.UNLINKING, mode=UnlinkMode.ERASE)
        tx.accounts.save(
            replace(
                stale, host="renamed.amocrm.ru", name="Renamed " * 60, webhooks=False, webhook_checked_at=NOON,
                linked_at=NOON - SECOND, webhook_secret=Secret("changed"),
            )
        )  # fmt: skip
        account = tx.accounts.get(stale.id)

        assert (account.status, account.unlink_mode) == (AccountStatus.UNLINKING, UnlinkMode.ERASE)
        assert (account.host, account.webhooks) == ("renamed.amocrm.ru", False)
        assert (account.webhook_checked_at, account.linked_at) == (NOON, NOON - SECOND)
        assert account.name.startswith("Renamed Renamed")
        assert tx.accounts.by_webhook_secret("changed") == account
        tx.accounts.save(replace(account, unlink_mode=UnlinkMode.KEEP))
        assert tx.accounts.get(account.id).unlink_mode is UnlinkMode.KEEP


def test_an_account_may_pass_to_another_integration_that_does_not_have_it(database: Database) -> None:
    with database.begin() as tx:
        account, other = add_account(tx), add_integration(tx)
        tx.accounts.save(replace(account, integration_id=other.id))
        assert tx.accounts.get(account.id).integration_id == other.id

        add_account(tx, integration_id=account.integration_id, amocrm_id=account.amocrm_id)
        with pytest.raises(ConflictError):
            tx.accounts.save(account)
        with pytest.raises(NotFoundError):
            tx.accounts.save(replace(account, id=404, webhook_secret=Secret("other")))


WAYS = {
    AccountStatus.PENDING: (),
    AccountStatus.ACTIVE: (AccountStatus.ACTIVE,),
    AccountStatus.NEEDS_REAUTH: (AccountStatus.ACTIVE, AccountStatus.NEEDS_REAUTH),
    AccountStatus.DISABLED: (AccountStatus.ACTIVE, AccountStatus.DISABLED),
    AccountStatus.UNLINKING: (AccountStatus.UNLINKING,),
    AccountStatus.UNLINKED: (AccountStatus.UNLINKING, AccountStatus.UNLINKED),
}


def at_status(tx: Transaction, status: AccountStatus) -> int:
    account = add_account(tx, status=AccountStatus.PENDING)
    for step in WAYS[status]:
        assert tx.accounts.move(account.id, to=step)
    return account.id


def test_an_account_moves_along_the_legal_ways_only(database: Database) -> None:
    with database.begin() as tx:
        for before, to in product(AccountStatus, AccountStatus):
            account_id = at_status(tx, before)

            moved = tx.accounts.move(account_id, to=to)

            assert moved is (to in LEGAL[before]), (before, to)
            assert tx.accounts.get(account_id).status is (to if moved else before)
        with pytest.raises(NotFoundError):
            tx.accounts.move(404, to=AccountStatus.ACTIVE)


def test_linking_and_unlinking_leave_their_marks(database: Database) -> None:
    with database.begin() as tx:
        account_id = add_account(tx, status=AccountStatus.PENDING).id
        tx.accounts.move(account_id, to=AccountStatus.ACTIVE, now=NOON)
        tx.accounts.move(account_id, to=AccountStatus.NEEDS_REAUTH, now=NOON + SECOND)
        tx.accounts.move(account_id, to=AccountStatus.ACTIVE, now=NOON + 2 * SECOND)
        assert tx.accounts.get(account_id).linked_at == NOON

        tx.accounts.move(account_id, to=AccountStatus.UNLINKING, mode=UnlinkMode.EXCLUDE)
        tx.accounts.move(account_id, to=AccountStatus.UNLINKED)
        assert tx.accounts.get(account_id).unlink_mode is UnlinkMode.EXCLUDE

        tx.accounts.move(account_id, to=AccountStatus.ACTIVE, now=NOON + 3 * SECOND)
        assert tx.accounts.get(account_id).unlink_mode is None
        assert tx.accounts.get(account_id).linked_at == NOON + 3 * SECOND


def test_accounts_are_listed_by_status(database: Database) -> None:
    with database.begin() as tx:
        active, disabled = add_account(tx), add_account(tx, status=AccountStatus.DISABLED)

        assert [one.id for one in tx.accounts.all()] == [active.id, disabled.id]
        assert [one.id for one in tx.accounts.all(status={AccountStatus.DISABLED})] == [disabled.id]
        assert list(tx.accounts.all(status=[])) == []


# Tokens


def test_a_token_comes_back_as_it_was_saved_last(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        token = OAuthToken(
            account_id=account.id, access_token=Secret("a" * 1500), refresh_token=Secret("r"), expires_at=NOON
        )
        assert tx.tokens.get(account.id) is None
        tx.tokens.save(token)
        assert tx.tokens.get(account.id) == token

        begun = replace(token, refreshing_since=NOON)
        tx.tokens.save(begun)
        assert tx.tokens.get(account.id) == begun

        long_lived = OAuthToken(account_id=account.id, access_token=Secret("l"), refresh_token=None, expires_at=None)
        tx.tokens.save(long_lived)
        assert tx.tokens.get(account.id) == long_lived

        tx.tokens.forget(account.id)
        assert tx.tokens.get(account.id) is None


def test_a_token_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(NotFoundError), database.begin() as tx:
        tx.tokens.save(OAuthToken(account_id=404, access_token=Secret("a"), refresh_token=None, expires_at=None))


def test_only_what_can_be_refreshed_and_ends_soon_is_expiring(database: Database) -> None:
    with database.begin() as tx:

        def token(expires_in: int, *, refresh: str | None = "r", status: AccountStatus = AccountStatus.ACTIVE) -> int:
            account = add_account(tx, status=status)
            tx.tokens.save(
                OAuthToken(
                    account_id=account.id, access_token=Secret("a"), refresh_token=Secret(refresh) if refresh else None,
                    expires_at=NOON + timedelta(seconds=expires_in),
                )
            )  # fmt: skip
            return account.id

        later, soon = token(50), token(10)
        token(100)
        token(10, refresh=None)
        token(10, status=AccountStatus.NEEDS_REAUTH)

        assert list(tx.tokens.expiring(NOON + timedelta(seconds=100))) == [soon, later]


# Connections


def test_a_connection_comes_back_with_everything(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        wanted = new_connection(
            account.id, name="Клиенты 🎉", status=ConnectionStatus.PAUSED, streams=("contacts", "companies"),
            destination={"list": {"title": "Клиенты"}, "mapping": [["name", "Name"]]}, filter={"tag": "клиент"},
            consent_field="Согласие", on_leaving=OnLeaving.KEEP, on_delete=OnLeaving.KEEP, schedule=None,
            deep_schedule=None, max_removals=0.123456789, runner=RunnerKind.AIRBYTE, airbyte_connection_id="uuid",
            managed_by="yaml",
        )  # fmt: skip
        connection = tx.connections.add(wanted)

        assert connection == replace(wanted, id=connection.id)
        assert tx.connections.get(connection.id) == connection
        assert tx.connections.by_hook_secret(wanted.hook_secret.reveal()) == connection
        with pytest.raises(NotFoundError):
            tx.connections.get(connection.id + 1)


def test_a_connection_without_a_hook_secret_is_found_by_none(database: Database) -> None:
    with database.begin() as tx:
        for _ in range(2):
            add_connection(tx, hook_secret=Secret(""))

        assert tx.connections.by_hook_secret("") is None


def test_a_name_is_taken_within_an_account_until_its_connection_is_removed(database: Database) -> None:
    with database.begin() as tx:
        first = add_connection(tx, name="main")
        second = add_connection(tx, first.account_id)
        add_connection(tx, name="main")  # of another account

        with pytest.raises(ConflictError):
            add_connection(tx, first.account_id, name="main")
        with pytest.raises(ConflictError):
            tx.connections.save(replace(second, name="main"))
        tx.connections.save(replace(first, status=ConnectionStatus.REMOVED))
        tx.connections.save(replace(second, name="main"))
        assert [one.id for one in tx.connections.of_account(first.account_id)] == [second.id]
        assert {one.id for one in tx.connections.all()} >= {first.id, second.id}
        assert [one.id for one in tx.connections.all(status={ConnectionStatus.REMOVED})] == [first.id]
        with pytest.raises(NotFoundError):
            tx.connections.save(replace(second, id=404, name="other", hook_secret=Secret("")))


# Stream states


def state_of(stream: str, cursor: int, namespace: str | None = None) -> dict[str, object]:
    descriptor = {"name": stream, "namespace": namespace}
    return {
        "type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"updated_at": cursor}}
    }  # fmt: skip


def test_the_newest_stream_state_of_each_stream_is_kept_as_it_was_written(database: Database) -> None:
    with database.begin() as tx:
        one, other = add_connection(tx), add_connection(tx)
        tx.stream_states.save(one.id, [state_of("contacts", 1), state_of("contacts", 2), state_of("companies", 1)])
        tx.stream_states.save(other.id, [state_of("contacts", 7)])
        tx.stream_states.save(one.id, [state_of("contacts", 3)])
        tx.stream_states.save(one.id, [])

        kept = tx.stream_states.get(one.id)
        assert list(kept) == [state_of("companies", 1), state_of("contacts", 3)]
        assert list(kept[0]) == ["type", "stream"]
        tx.stream_states.clear(one.id)
        assert list(tx.stream_states.get(one.id)) == []
        assert list(tx.stream_states.get(other.id)) == [state_of("contacts", 7)]


def test_times_come_back_in_utc_to_the_microsecond_and_never_without_a_zone(database: Database) -> None:
    with database.begin() as tx:
        account = add_account(tx)
        moscow = NOON.astimezone(timezone(timedelta(hours=3)))
        tx.accounts.save(replace(account, linked_at=moscow))

        linked_at = tx.accounts.get(account.id).linked_at
        assert linked_at == NOON
        assert linked_at is not None
        assert linked_at.utcoffset() == timedelta(0)
        with pytest.raises(Exception, match="without a zone"):
            tx.accounts.save(replace(account, linked_at=NOON.replace(tzinfo=None)))
