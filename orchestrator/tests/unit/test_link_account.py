"""Linking: only what we asked for, only amoCRM's hosts, one owner, and the same account again after everything."""

import base64
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linked import NOON
from memory_house import ACME, DEMO, PUBLIC, house
from orchestrator.adapters.amocrm import HttpAmocrm
from orchestrator.domain.account import ZONES, AccountStatus, UnlinkMode
from orchestrator.domain.amocrm_host import account_host
from orchestrator.domain.connection import ConnectionStatus
from orchestrator.domain.errors import (
    ConflictError,
    ForbiddenError,
    NeedsConsentError,
    NotFoundError,
    RejectedError,
    RetryableError,
)
from orchestrator.domain.repair import RepairCode
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, SyncStatus
from orchestrator.services.watch_webhooks import SETTINGS
from trap import trapped

__all__ = ["house"]


def test_consent_is_asked_for_in_the_zone_of_the_integration_with_documented_parameters_only(house):
    house.integration("kommo", zone="kommo.com")

    url = urlsplit(house.link.start("kommo", actor="api:ops"))

    assert (url.scheme, url.netloc, url.path) == ("https", "www.kommo.com", "/oauth")
    query = parse_qs(url.query)
    assert set(query) == {"client_id", "state", "mode"}
    assert query["client_id"] == ["client-kommo"]


def test_renewed_consent_is_asked_for_in_the_zone_of_the_account(house):
    house.amocrm.hosts["shop.kommo.com"] = 16180339
    account = house.linked("shop.kommo.com")

    assert house.link.start("main", actor="api:ops", account_id=account.id).startswith("https://www.kommo.com/oauth?")


@pytest.mark.parametrize("return_to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_nobody_is_sent_back_to_somewhere_else(house, return_to):
    with pytest.raises(RejectedError):
        house.link.start("main", actor="api:ops", return_to=return_to)


def test_what_is_not_known_cannot_be_linked(house):
    with pytest.raises(NotFoundError):
        house.link.start("unknown", actor="api:ops")
    with pytest.raises(NotFoundError):
        house.link.start("main", actor="api:ops", account_id=77)


def test_consent_links_the_account_with_tokens_webhook_name_and_audit(house):
    linked = house.link.complete(house.answer(return_to="/accounts?linked=1"))

    account = house.account(linked.account.id)
    assert (account.status, account.amocrm_id, account.host, account.name) == (
        AccountStatus.ACTIVE,
        31415926,
        DEMO,
        "Демо",
    )
    assert account.linked_at == house.clock.now()
    assert (linked.relinked, linked.return_to) == (False, "/accounts?linked=1")
    assert house.token(account.id).expires_at == house.clock.now() + timedelta(days=1)
    assert house.hooks() == [f"{PUBLIC}/webhooks/amocrm/{account.webhook_secret.reveal()}"]
    assert house.amocrm.hooks[31415926][house.hooks()[0]].settings == SETTINGS
    assert account.webhook_checked_at == house.clock.now()
    assert house.audit() == [
        ("api:ops", "account_linked", "account 1"),
        ("watchdog", "webhook_subscribed", "account 1"),
    ]


def test_all_changes_of_contacts_and_companies_are_subscribed_to():
    assert set(SETTINGS) == {
        "add_contact", "update_contact", "delete_contact", "restore_contact", "responsible_contact",
        "add_company", "update_company", "delete_company", "restore_company", "responsible_company",
    }  # fmt: skip


def test_two_accounts_of_one_integration_have_secrets_of_their_own(house):
    one, other = house.linked(DEMO), house.linked(ACME)

    assert one.webhook_secret != other.webhook_secret
    assert len(one.webhook_secret.reveal()) >= 32
    assert house.token(one.id).access_token != house.token(other.id).access_token


@pytest.mark.parametrize("state", [None, "", "x", "eyJ9.00", "a" * 10_000])
def test_an_answer_nobody_here_asked_for_is_refused_before_anything_is_sent(house, state):
    query = house.answer()
    query = (
        {**query, "state": state}
        if state is not None
        else {key: value for key, value in query.items() if key != "state"}
    )

    with pytest.raises(ForbiddenError) as refused:
        house.link.complete(query)
    assert refused.value.code == "oauth_state_refused"
    assert house.amocrm.calls == []


def test_an_answer_counts_once(house):
    query = house.answer()
    house.link.complete(query)
    asked = list(house.amocrm.calls)

    with pytest.raises(ForbiddenError) as refused:
        house.link.complete({**query, "code": house.amocrm.grant(DEMO)})
    assert refused.value.code == "oauth_state_refused"
    assert house.amocrm.calls == asked


def test_an_answer_after_twenty_minutes_is_too_late(house):
    query = house.answer()
    house.pass_time(minutes=20)

    with pytest.raises(ForbiddenError) as refused:
        house.link.complete(query)
    assert refused.value.code == "oauth_state_expired"


def test_a_state_of_one_integration_does_not_serve_another(house):
    house.integration("other")

    with pytest.raises(ForbiddenError):
        house.link.complete({**house.answer(), "client_id": "client-other"})
    assert house.amocrm.calls == []


def test_an_administrator_who_refuses_is_told_so_and_the_state_is_spent(house):
    query = {"error": "access_denied", "state": house.answer()["state"]}

    with pytest.raises(ForbiddenError) as refused:
        house.link.complete(query)
    assert refused.value.code == "access_denied"
    with pytest.raises(ForbiddenError) as again:
        house.link.complete({**house.answer(), "state": query["state"]})
    assert again.value.code == "oauth_state_refused"


def test_a_code_amocrm_does_not_accept_links_nothing(house):
    with pytest.raises(RejectedError) as refused:
        house.link.complete({**house.answer(), "code": "def50200nonsense"})
    assert refused.value.code == "code_refused"
    with house.database.begin() as tx:
        assert tx.accounts.all() == []


LABEL = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
HOSTILE_HOSTS = st.one_of(
    st.text(max_size=60),
    st.builds("{}.{}".format, LABEL, st.sampled_from(["evil.example", "amocrm.ru.evil.example", "amocrm.su", "kommo.co"])),
    st.builds("{}.{}{}".format, LABEL, st.sampled_from(ZONES), st.sampled_from([":443", ".", "/", "@evil.example", "#", "?x", "\\", "%2f", "\n"])),
    st.builds("{}{}.{}".format, st.sampled_from(["www.", "api-b.", "xn--", "evil.example/", "evil.example#", "u:p@", "//", "a."]), LABEL, st.sampled_from(ZONES)),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(host=HOSTILE_HOSTS.filter(lambda host: account_host(host) is None), by_widget=st.booleans())
def test_a_hostile_referer_gets_nothing(house, host, by_widget):
    house.amocrm.calls.clear()
    query = {**house.answer(), "referer": host}
    if by_widget:
        query = {**{key: value for key, value in query.items() if key != "state"}, "from_widget": "1"}

    with pytest.raises(ForbiddenError) as refused:
        house.link.complete(query)
    assert refused.value.code == "host_refused"
    assert house.amocrm.calls == []


def test_no_client_secret_ever_reaches_a_host_a_query_names(house):
    """Through the real adapter and real sockets."""
    real = house.over(amocrm=HttpAmocrm(connect_timeout=1, read_timeout=1))
    with trapped() as trap:
        port = trap.address.partition(":")[2]
        for referer in (
            trap.address, f"http://{trap.address}", f"https://{trap.address}", f"acme.amocrm.ru@{trap.address}", f"acme.amocrm.ru:x@{trap.address}",
            f"{trap.address}/.amocrm.ru", f"{trap.address}#.amocrm.ru", f"{trap.address}?.amocrm.ru", f"{trap.address}\\.amocrm.ru", f"localhost:{port}",
            f"0x7f000001:{port}", f"[::ffff:127.0.0.1]:{port}", f"acme.amocrm.ru.localhost:{port}", f"{trap.address}\r\nHost: acme.amocrm.ru",
        ):  # fmt: skip
            with pytest.raises(ForbiddenError):
                real.link.complete({**house.answer(), "referer": referer})
            with pytest.raises(ForbiddenError):
                real.link.with_token("main", referer, Secret("token"), actor="api:ops")

        assert trap.requests == []


def test_an_account_linked_by_another_integration_is_refused_a_second_owner(house):
    house.integration("other")
    first = house.linked()

    with pytest.raises(ConflictError) as refused:
        house.linked(integration="other")
    assert refused.value.code == "already_linked"
    assert house.token(first.id).access_token == Secret("access-2")


def test_of_two_integrations_linking_one_account_at_once_one_wins(house):
    house.integration("other")
    answers, barrier, ends = [house.answer(), house.answer(integration="other")], Barrier(2), []

    def link(query):
        barrier.wait()
        try:
            ends.append(house.link.complete(query).account.integration_id)
        except ConflictError as error:
            ends.append(error.code)

    threads = [Thread(target=link, args=(query,)) for query in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ends.count("already_linked") == 1
    with house.database.begin() as tx:
        assert len(tx.accounts.all()) == 1


def test_renewed_consent_answered_by_another_account_is_refused(house):
    account = house.linked(DEMO)
    before = house.token(account.id)

    with pytest.raises(ConflictError) as refused:
        house.linked(ACME, account_id=account.id)
    assert refused.value.code == "other_account"
    assert house.token(account.id) == before
    with house.database.begin() as tx:
        assert len(tx.accounts.all()) == 1


def full(house):
    """A linked account with a connection that has done its backfill."""
    account = house.linked()
    connection = house.connect(account.id)
    with house.database.begin() as tx:
        tx.stream_states.save(
            connection.id,
            [
                {
                    "type": "STREAM",
                    "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"updated_at": 5}},
                }
            ],
        )
        sync, _ = tx.syncs.open(
            account_id=account.id,
            connection_id=connection.id,
            kind=SyncKind.BACKFILL,
            trigger="manual",
            due_at=NOON,
            now=NOON,
        )
    finish(house, sync)
    return account, connection


def finish(house, sync, *, to=SyncStatus.DONE):
    from orchestrator.domain.sync import Counts

    with house.database.begin() as tx:
        assert tx.syncs.claim(sync.id, owner="w", now=house.clock.now(), lease=timedelta(seconds=25))
        assert tx.syncs.end(sync.id, owner="w", to=to, now=house.clock.now(), counts=Counts(), outcome=to.value)


@pytest.mark.parametrize("where", ["unlinked", "needs_reauth", "disabled"])
def test_linking_again_keeps_account_connections_ledger_and_states_and_closes_the_gap(house, where):
    account, connection = full(house)
    if where == "unlinked":
        house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
        assert house.unlink.resume() == 1
    else:
        house.move(account.id, AccountStatus(where))
    house.pass_time(days=3)

    again = house.link.complete(house.answer())

    assert (again.account.id, again.account.status, again.relinked) == (account.id, AccountStatus.ACTIVE, True)
    assert again.account.webhook_secret == account.webhook_secret
    with house.database.begin() as tx:
        [kept] = tx.connections.of_account(account.id)
        assert (kept.id, kept.api_key, kept.status) == (connection.id, connection.api_key, ConnectionStatus.ACTIVE)
        assert tx.stream_states.get(connection.id)
    assert house.syncs(account.id, status={SyncStatus.QUEUED}) == [SyncKind.INCREMENTAL]
    assert len(house.hooks()) == 1
    assert house.unisender.hooks == {f"{PUBLIC}/webhooks/unisender/hook-secret"}


def test_a_backfill_that_was_never_finished_is_finished_after_linking_again(house):
    account = house.linked()
    connection = house.connect(account.id)
    house.queue_sync.start(connection.id, kind=SyncKind.BACKFILL, trigger="manual", actor="api:ops")
    with house.database.begin() as tx:
        tx.stream_states.save(
            connection.id,
            [
                {
                    "type": "STREAM",
                    "stream": {"stream_descriptor": {"name": "contacts"}, "stream_state": {"updated_at": 5}},
                }
            ],
        )
    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
    house.unlink.resume()

    house.linked()

    assert house.syncs(account.id, status={SyncStatus.QUEUED}) == [SyncKind.BACKFILL, SyncKind.INCREMENTAL]


def test_a_connection_that_never_read_anything_begins_with_a_backfill(house):
    account = house.linked()
    house.connect(account.id)
    house.connect(account.id, name="resting", status=ConnectionStatus.PAUSED, hook_secret=Secret("other-hook"))

    house.linked()

    assert house.syncs(account.id) == [SyncKind.BACKFILL]


def test_linking_again_closes_the_repair_that_asked_for_consent(house):
    account = house.linked()
    house.amocrm.revoke()
    house.pass_time(days=2)
    with pytest.raises(NeedsConsentError):
        house.refresh_token.access_token(account.id)
    assert RepairCode.CONSENT_NEEDED in house.repairs()

    house.linked(account_id=account.id)

    assert house.repairs() == {}
    assert house.account(account.id).status is AccountStatus.ACTIVE


def test_fresh_tokens_of_a_new_consent_are_judged_anew(house):
    account = house.linked()
    second = house.refresh_token.refused(account.id, house.token(account.id).access_token)
    house.amocrm.revoke()
    with pytest.raises(NeedsConsentError):
        house.refresh_token.refused(account.id, second)

    house.linked(account_id=account.id)
    fresh = house.token(account.id).access_token

    assert house.refresh_token.refused(account.id, fresh) != fresh


def test_a_renamed_account_is_known_by_its_id(house):
    account = house.linked()
    house.amocrm.rename(DEMO, "demo-two.amocrm.ru")

    again = house.linked("demo-two.amocrm.ru")

    assert (again.id, again.host) == (account.id, "demo-two.amocrm.ru")


def test_an_account_unlinked_by_one_integration_is_the_same_account_when_another_links_it(house):
    other = house.integration("other")
    account, connection = full(house)
    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")
    house.unlink.resume()

    again = house.linked(integration="other")

    assert (again.id, again.integration_id) == (account.id, other)
    with house.database.begin() as tx:
        assert [one.id for one in tx.connections.of_account(account.id)] == [connection.id]


def test_consent_renewed_through_another_integration_moves_the_account_to_it(house):
    other = house.integration("other")
    account = house.linked()

    again = house.linked(integration="other", account_id=account.id)

    assert (again.id, again.integration_id) == (account.id, other)


def test_an_account_being_unlinked_cannot_be_linked_until_that_is_done(house):
    account = house.linked()
    house.unlink.start(account.id, UnlinkMode.KEEP, actor="api:ops")

    with pytest.raises(ConflictError) as refused:
        house.linked()
    assert refused.value.code == "unlinking"
    house.unlink.resume()
    assert house.linked().status is AccountStatus.ACTIVE


def widget(house, host=DEMO, **parts):
    return {
        "code": house.amocrm.grant(host),
        "referer": host,
        "from_widget": "1",
        "platform": "1",
        "client_id": "client-main",
        **parts,
    }


def test_a_widgets_install_asks_for_nothing_but_the_tokens_and_the_watchdog_does_the_rest(house):
    linked = house.link.complete(widget(house))

    assert linked.account.status is AccountStatus.ACTIVE
    assert house.amocrm.calls == ["exchange_code", "account"]
    assert linked.account.webhook_checked_at is None
    house.watch.check_due()
    account = house.account(linked.account.id)
    assert len(house.hooks()) == 1
    assert (account.name, account.webhook_checked_at) == ("Демо", house.clock.now())
    assert house.audit()[0] == ("amocrm:widget", "account_linked", "account 1")


def test_a_widgets_install_whose_token_names_the_account_is_one_call(house):
    def jwt(number):
        claims = (
            base64.urlsafe_b64encode(json.dumps({"account_id": 31415926, "n": number}).encode()).decode().rstrip("=")
        )
        return f"e30.{claims}.x"

    house.amocrm.access_form = jwt
    account = house.link.complete(widget(house)).account

    assert account.amocrm_id == 31415926
    assert house.amocrm.calls == ["exchange_code"]


def test_a_widgets_install_without_client_id_means_the_only_integration(house):
    query = widget(house)
    del query["client_id"]
    assert house.link.complete(query).account.amocrm_id == 31415926

    house.integration("other")
    query = widget(house, ACME)
    del query["client_id"]
    with pytest.raises(ForbiddenError):
        house.link.complete(query)


@pytest.mark.parametrize(
    "parts", [{"client_id": "unknown"}, {"client_id": ""}, {"from_widget": "0"}, {"from_widget": ""}]
)
def test_a_widgets_install_of_an_integration_we_do_not_know_is_refused_before_anything_is_sent(house, parts):
    with pytest.raises(ForbiddenError):
        house.link.complete(widget(house, **parts))
    assert house.amocrm.calls == []


def test_a_widget_reinstalled_during_work_links_the_same_account(house):
    account, _ = full(house)

    again = house.link.complete(widget(house))

    assert again.account.id == account.id
    assert house.syncs(account.id, status={SyncStatus.QUEUED}) == [SyncKind.INCREMENTAL]


def test_an_account_whose_tariff_allows_no_webhooks_is_linked_all_the_same_and_says_so(house):
    house.amocrm.webhooks_allowed = False

    account = house.linked()

    assert account.status is AccountStatus.ACTIVE
    assert account.webhooks is False
    assert house.repairs()[RepairCode.WEBHOOKS_NOT_IN_TARIFF]["host"] == DEMO


def test_an_account_is_linked_even_when_amocrm_fails_right_after_the_exchange(house):
    def fail(call):
        if call in ("webhooks", "subscribe"):
            raise RetryableError("down")

    house.amocrm.before = fail
    account = house.linked()
    house.connect(account.id)
    assert (account.status, account.webhook_checked_at) == (AccountStatus.ACTIVE, None)

    house.amocrm.before = lambda call: None
    house.watch.check_due()
    assert len(house.hooks()) == 1
    assert house.syncs(account.id) == [SyncKind.BACKFILL]


def test_tokens_wait_for_a_database_that_is_away_when_they_come(house):
    class Away:
        failures = 0

        @contextmanager
        def begin(self, *, reading=False):
            if self.failures:
                self.failures -= 1
                raise RetryableError("away", code="database_unavailable")
            with house.database.begin(reading=reading) as tx:
                yield tx

    away = Away()
    query = house.answer()
    house.amocrm.after = lambda call: setattr(away, "failures", 3) if call == "exchange_code" else None

    account = house.over(database=away).link.complete(query).account

    assert house.account(account.id).status is AccountStatus.ACTIVE
    assert house.amocrm.asked("exchange_code") == 1


def test_a_long_lived_token_links_until_it_says_it_ends(house):
    end = datetime(2030, 1, 1, tzinfo=UTC)
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(end.timestamp())}).encode()).decode().rstrip("=")
    token = house.amocrm.long_lived(f"e30.{claims}.x", DEMO)

    account = house.link.with_token("main", "Demo.amoCRM.ru", token, actor="cli")

    assert (account.status, account.host) == (AccountStatus.ACTIVE, DEMO)
    assert house.token(account.id).expires_at == end
    assert house.token(account.id).refresh_token is None
    assert len(house.hooks()) == 1


def test_a_long_lived_token_without_a_readable_end_is_used_until_it_is_refused(house):
    account = house.link.with_token("main", DEMO, house.amocrm.long_lived("opaque", DEMO), actor="cli")
    assert house.token(account.id).expires_at is None

    house.pass_time(days=400)
    assert house.refresh_token.access_token(account.id) == Secret("opaque")
    house.amocrm.revoke()
    assert house.watch.check_due() == 0
    assert house.account(account.id).status is AccountStatus.NEEDS_REAUTH


def test_a_dead_long_lived_token_links_nothing(house):
    with pytest.raises(NeedsConsentError):
        house.link.with_token("main", DEMO, Secret("dead"), actor="cli")
    with house.database.begin() as tx:
        assert tx.accounts.all() == []


def test_a_site_button_brings_its_own_integration(house):
    state = house.link.site_button_state(actor="api:ops", return_to="/accounts")
    keys = {"client_id": "client-new", "client_secret": "right", "state": state}
    house.link.take_secrets(keys)

    linked = house.link.complete(
        {"code": house.amocrm.grant(DEMO), "referer": DEMO, "client_id": "client-new", "state": state}
    )

    with house.database.begin() as tx:
        integration = tx.integrations.get(linked.account.integration_id)
    assert (integration.client_id, integration.client_secret) == ("client-new", Secret("right"))
    assert integration.redirect_uri == f"{PUBLIC}/oauth/callback"
    assert linked.return_to == "/accounts"


def test_secrets_are_taken_once_and_only_with_a_state_made_for_the_site_button(house):
    state = house.link.site_button_state(actor="api:ops")
    ordinary = house.answer()["state"]
    keys = {"client_id": "client-new", "client_secret": "secret"}

    for wrong in ("", "nonsense", ordinary):
        with pytest.raises(ForbiddenError):
            house.link.take_secrets({**keys, "state": wrong})
    with pytest.raises(RejectedError):
        house.link.take_secrets({"client_id": "client-new", "state": state})
    house.link.take_secrets({**keys, "state": state})
    with pytest.raises(ForbiddenError):
        house.link.take_secrets({**keys, "client_id": "client-newer", "state": state})


def test_nobody_changes_the_secret_of_a_known_integration_through_the_site_button(house):
    state = house.link.site_button_state(actor="api:ops")

    with pytest.raises(ConflictError):
        house.link.take_secrets({"client_id": "client-main", "client_secret": "theirs", "state": state})
    with house.database.begin() as tx:
        assert tx.integrations.by_name("main").client_secret == Secret("right")


def test_a_site_buttons_answer_that_comes_without_its_secrets_is_refused(house):
    state = house.link.site_button_state(actor="api:ops")

    with pytest.raises(ForbiddenError):
        house.link.complete(
            {"code": house.amocrm.grant(DEMO), "referer": DEMO, "client_id": "client-main", "state": state}
        )
    assert house.amocrm.calls == []


def test_no_secret_is_told_in_audit_log_or_errors(house, caplog):
    caplog.set_level("DEBUG")
    account, _ = full(house)
    errors = []
    for query in ({**house.answer(), "code": "bad"}, {**house.answer(), "referer": "evil.example"}):
        with pytest.raises(Exception) as failed:
            house.link.complete(query)
        errors.append(str(failed.value))

    with house.database.begin() as tx:
        told = f"{tx.audit.page()} {tx.accounts.get(account.id)} {errors} {caplog.text}"
    token = house.token(account.id)
    for secret in (token.access_token, token.refresh_token, account.webhook_secret, Secret("right")):
        assert secret.reveal() not in told
