"""The service's own calls to Unisender, against the emulator with every unconfirmed point both ways."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from orchestrator.adapters.unisender import HttpUnisender
from orchestrator.adapters.unisender_envelope import RefusedError
from orchestrator.domain.errors import MisconfiguredError, OrchestratorError, RetryableError
from orchestrator.domain.secret import Secret
from orchestrator.domain.unisender_hook import signed_by
from orchestrator.ports.vendors import ListedAddress, Unisender
from sandbox.demo.sandbox_control import SandboxControl
from throwaway_servers import wait_until

KEY = Secret("sandbox-key")


@pytest.fixture
def sandbox(sandbox_server: SandboxControl) -> SandboxControl:
    sandbox_server.post("reset", {"contacts": 0, "rate_limits": "off", "switches": {}})
    sandbox_server.delete("requests")
    return sandbox_server


@pytest.fixture
def unisender(sandbox: SandboxControl) -> Unisender:
    return HttpUnisender(base_url=sandbox.url, wait=lambda _: None, longest_export=60.0)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address that answers everything with 200, and what was posted to it."""
    bodies: list[bytes] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/webhooks/unisender/secret", bodies
        http.shutdown()


def fill(sandbox: SandboxControl, *rows: str, list_id: int = 1) -> None:
    """Rows are `address` or `address status`; an answer with an error fails."""
    data = {
        "api_key": KEY.reveal(),
        "field_names[0]": "email",
        "field_names[1]": "email_list_ids",
        "field_names[2]": "email_status",
    }
    for number, row in enumerate(rows):
        address, _, status = row.partition(" ")
        data |= {
            f"data[{number}][0]": address,
            f"data[{number}][1]": str(list_id),
            f"data[{number}][2]": status or "new",
        }
    answer = requests.post(f"{sandbox.url}/en/api/importContacts", data=data, timeout=10).json()
    assert answer["result"]["invalid"] == 0, answer


def flip(sandbox: SandboxControl, **switches: object) -> None:
    sandbox.patch("switches", {f"unisender.{name}": value for name, value in switches.items()})


def fault(sandbox: SandboxControl, method: str, **order: object) -> None:
    sandbox.post("faults", {"vendor": "unisender", "path": f"*/api/{method}", **order})


def test_the_key_travels_in_bodies_of_posts_only(sandbox: SandboxControl, unisender: Unisender) -> None:
    flip(sandbox, export_seconds=0)

    unisender.lists(KEY)
    unisender.fields(KEY)
    list(unisender.export(KEY, list_id="1"))

    asked = sandbox.get("requests", vendor="unisender")["requests"]
    assert {one["method"] for one in asked if "files" not in one["path"]} == {"POST"}
    assert not [one for one in asked if KEY.reveal() in str(one.get("query")) or KEY.reveal() in one["path"]]


def test_lists_and_fields_are_read(unisender: Unisender) -> None:
    assert unisender.lists(KEY) == {"1": "Newsletter"}
    assert unisender.fields(KEY) == {"Name": "string"}


@pytest.mark.parametrize("code", ["invalid_arg", "unspecified"])
def test_making_a_list_twice_makes_one(sandbox: SandboxControl, unisender: Unisender, code: str) -> None:
    flip(sandbox, duplicate_title_code=code)

    made = unisender.create_list(KEY, "amoCRM contacts")

    assert unisender.create_list(KEY, "amoCRM contacts") == made
    assert unisender.lists(KEY) == {"1": "Newsletter", made: "amoCRM contacts"}


@pytest.mark.parametrize("code", ["object_not_found", "unspecified"])
@pytest.mark.parametrize("ids", ["number", "string"])
def test_a_contact_is_found_or_nobody_is(sandbox: SandboxControl, unisender: Unisender, code: str, ids: str) -> None:
    flip(sandbox, unknown_contact_code=code, getcontact_list_id=ids)
    fill(sandbox, "carol@example.com")
    sandbox.post("unisender/sandbox-key/opt_out", {"email": "carol@example.com"})

    carol = unisender.contact(KEY, "carol@example.com")

    assert carol is not None
    assert (carol.status, carol.lists) == ("unsubscribed", {"1": "unsubscribed"})
    assert unisender.contact(KEY, "nobody@example.com") is None


@pytest.mark.parametrize("empty", ["object", "array"])
def test_a_hook_is_set_seen_told_and_removed(
    sandbox: SandboxControl, unisender: Unisender, listener: tuple[str, list[bytes]], empty: str
) -> None:
    flip(sandbox, empty_result=empty)
    url, bodies = listener
    fill(sandbox, "carol@example.com")

    unisender.set_hook(KEY, url)
    unisender.set_hook(KEY, url)
    sandbox.post("unisender/sandbox-key/opt_out", {"email": "carol@example.com"})
    wait_until(lambda: bool(bodies), what="the webhook", seconds=20)

    assert unisender.hooks(KEY) == {url: "active"}
    assert signed_by(bodies[0], KEY)
    unisender.remove_hook(KEY, url)
    unisender.remove_hook(KEY, url)
    assert unisender.hooks(KEY) == {}


def test_a_hook_nobody_answers_at_is_refused(unisender: Unisender) -> None:
    with pytest.raises(RefusedError, match="did not answer"):
        unisender.set_hook(KEY, "http://127.0.0.1:9/nobody")


CAROL = ListedAddress(
    email="carol@example.com",
    status="unsubscribed",
    availability="available",
    lists=frozenset({"1"}),
    unsubscribed_lists=frozenset({"1"}),
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("order", ["as_asked", "alphabetical"])
@pytest.mark.parametrize("seconds", [0, 1])
def test_an_export_is_read_whatever_its_form(sandbox: SandboxControl, delimiter: str, order: str, seconds: int) -> None:
    def wait(pause: float) -> None:
        sandbox.post("clock", {"advance": 1})

    flip(sandbox, export_delimiter=delimiter, export_column_order=order, export_seconds=seconds)
    fill(sandbox, "carol@example.com", "dina@example.com", "boris@example.com")
    sandbox.post("unisender/sandbox-key/opt_out", {"email": "carol@example.com"})
    sandbox.post("unisender/sandbox-key/bounce", {"email": "boris@example.com"})
    unisender = HttpUnisender(base_url=sandbox.url, wait=wait)

    assert list(unisender.export(KEY, status="unsubscribed")) == [CAROL]
    in_list = {one.email: one for one in unisender.export(KEY, list_id="1")}
    assert set(in_list) == {"carol@example.com", "dina@example.com", "boris@example.com"}
    assert in_list["boris@example.com"].availability == "unreachable"
    assert in_list["dina@example.com"].unsubscribed_lists == frozenset()


def test_an_export_that_wants_an_address_to_report_to_gets_one(
    sandbox: SandboxControl, listener: tuple[str, list[bytes]]
) -> None:
    flip(sandbox, export_notify_url="required", export_seconds=0)
    fill(sandbox, "carol@example.com unsubscribed")
    unisender = HttpUnisender(base_url=sandbox.url, wait=lambda _: None, notify_url=listener[0])

    assert [one.email for one in unisender.export(KEY, status="unsubscribed")] == ["carol@example.com"]


def test_an_export_of_nobody_is_empty_and_a_poll_that_fails_costs_its_turn_only(
    sandbox: SandboxControl, unisender: Unisender
) -> None:
    flip(sandbox, export_seconds=0)
    fault(sandbox, "async/getTaskResult", kind="code", code="retry_later")

    assert list(unisender.export(KEY, status="blocked")) == []


def test_an_export_that_never_ends_is_given_up(sandbox: SandboxControl, unisender: Unisender) -> None:
    flip(sandbox, export_seconds=600)

    with pytest.raises(RetryableError, match="long wait"):
        list(unisender.export(KEY, status="blocked"))


@pytest.mark.parametrize("kind", ["status", "cut_before", "empty", "html"])
def test_a_broken_export_file_is_a_failure_and_no_short_list(
    sandbox: SandboxControl, unisender: Unisender, kind: str
) -> None:
    flip(sandbox, export_seconds=0)
    fill(sandbox, "carol@example.com", "dina@example.com")
    fault(sandbox, "files/*", kind=kind)

    with pytest.raises(RetryableError):
        list(unisender.export(KEY, list_id="1"))


@pytest.mark.parametrize(
    ("vendor_code", "error", "code", "retry_after"),
    [
        ("invalid_api_key", MisconfiguredError, "api_key_invalid", None),
        ("access_denied", MisconfiguredError, "api_key_invalid", None),
        ("not_enough_money", MisconfiguredError, "quota_exhausted", None),
        ("retry_later", RetryableError, "unreachable", 5.0),
        ("api_call_limit_exceeded_for_api_key", RetryableError, "rate_limited", 60.0),
        ("api_call_limit_exceeded_for_ip", RetryableError, "rate_limited", 60.0),
        ("unspecified", RefusedError, "unisender_refused", None),
    ],
)
def test_an_error_within_http_200_is_named_by_what_happens_next(
    sandbox: SandboxControl, unisender: Unisender, vendor_code: str, error: type[OrchestratorError], code: str,
    retry_after: float | None,
) -> None:  # fmt: skip
    fault(sandbox, "getLists", kind="code", code=vendor_code)

    with pytest.raises(error) as raised:
        unisender.lists(KEY)

    assert raised.value.code == code
    assert getattr(raised.value, "retry_after", None) == retry_after
    assert KEY.reveal() not in str(raised.value)


@pytest.mark.parametrize(
    ("order", "error", "code"),
    [
        ({"kind": "status", "status": 500}, RetryableError, "unreachable"),
        ({"kind": "status", "status": 429, "retry_after": 7}, RetryableError, "rate_limited"),
        ({"kind": "status", "status": 403}, MisconfiguredError, "api_blocked"),
        ({"kind": "status", "status": 404}, MisconfiguredError, "misconfigured"),
        ({"kind": "truncated"}, RetryableError, "unreachable"),
        ({"kind": "garbled"}, RetryableError, "unreachable"),
        ({"kind": "empty"}, RetryableError, "unreachable"),
        ({"kind": "html"}, RetryableError, "unreachable"),
        ({"kind": "wrong_shape"}, RetryableError, "unreachable"),
        ({"kind": "cut_before"}, RetryableError, "unreachable"),
        ({"kind": "slow", "seconds": 3}, RetryableError, "unreachable"),
    ],
)
def test_an_answer_that_is_none_is_never_an_empty_success(
    sandbox: SandboxControl, order: dict[str, object], error: type[OrchestratorError], code: str
) -> None:
    fault(sandbox, "getLists", **order)
    unisender = HttpUnisender(base_url=sandbox.url, read_timeout=0.3)

    with pytest.raises(error) as raised:
        unisender.lists(KEY)

    assert raised.value.code == code


def test_a_limit_is_a_limit_with_http_429_too(sandbox: SandboxControl, unisender: Unisender) -> None:
    sandbox.post(
        "reset",
        {
            "contacts": 0,
            "rate_limits": "vendor",
            "switches": {"unisender.limit_status": 429, "unisender.export_seconds": 0},
        },
    )
    for _ in range(20):
        list(unisender.export(KEY, status="blocked"))

    with pytest.raises(RetryableError) as raised:
        list(unisender.export(KEY, status="blocked"))

    assert (raised.value.code, raised.value.retry_after) == ("rate_limited", 60.0)


def test_an_export_of_a_list_that_is_gone_is_refused_in_the_vendors_words(unisender: Unisender) -> None:
    with pytest.raises(RefusedError, match="List 77 not found"):
        list(unisender.export(KEY, list_id="77"))


def test_nobody_listening_is_a_failure_for_now() -> None:
    with pytest.raises(RetryableError):
        HttpUnisender(base_url="http://127.0.0.1:9").lists(KEY)
