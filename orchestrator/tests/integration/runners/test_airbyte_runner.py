"""A connection of an Airbyte instance, run through its public API."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airbyte_instance import APPLICATION, CONNECTION, Airbyte, serving
from orchestrator.adapters.runners.airbyte import AirbyteRunner
from orchestrator.adapters.runners.airbyte_api import AirbyteApi, Application
from orchestrator.domain.failure import FailureKind
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import Counts
from orchestrator.ports.runner import DestinationOrder, RunEnd, SourceOrder, SyncOrder

Make = Callable[..., Any]


@pytest.fixture
def airbyte() -> Airbyte:
    return Airbyte()


@pytest.fixture
def url(airbyte: Airbyte) -> Iterator[str]:
    with serving(airbyte) as address:
        yield address


@pytest.fixture
def runner(url: str) -> AirbyteRunner:
    return AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.01)


def order(connection_id: str | None = CONNECTION) -> SyncOrder:
    return SyncOrder(
        source=SourceOrder(connector="source-amocrm", config={}, catalog={}),
        destination=DestinationOrder(connector="destination-unisender", config={}, catalog={}),
        airbyte_connection_id=connection_id,
        label="sync 1",
    )


def test_a_sync_is_started_followed_and_counted(runner: AirbyteRunner, airbyte: Airbyte, flow: Make) -> None:
    seen = flow()

    end = runner.run(order(), seen)

    assert end == RunEnd(finished=True, remote=Counts(read=12, sent=12, delivered=12))
    assert [(method, path) for method, path, _ in airbyte.asked] == [
        ("POST", "/applications/token"), ("POST", "/jobs"), ("GET", "/jobs/7"), ("GET", "/jobs/7"),
    ]  # fmt: skip
    assert set(seen.order) == set()
    assert len(seen.of("commit")) == 2


def test_an_attempt_that_failed_is_airbytes_to_repeat(runner: AirbyteRunner, airbyte: Airbyte, flow: Make) -> None:
    airbyte.statuses = ["running", "incomplete", "running", "succeeded"]

    assert runner.run(order(), flow()).finished


@pytest.mark.parametrize(
    ("status", "code"), [("failed", "connector_fault"), ("cancelled", "connector_killed"), ("odd", "connector_fault")]
)
def test_a_job_that_ends_otherwise_is_a_failure_with_its_counts(
    runner: AirbyteRunner, airbyte: Airbyte, flow: Make, status: str, code: str
) -> None:
    airbyte.statuses = ["running", status]

    end = runner.run(order(), flow())

    assert end.failure is not None
    assert (end.finished, end.failure.kind, end.failure.code) == (False, FailureKind.FAULT, code)
    assert end.remote.read == (0 if status == "odd" else 12)


def test_a_flow_that_has_enough_cancels_the_job(runner: AirbyteRunner, airbyte: Airbyte, flow: Make) -> None:
    airbyte.statuses = ["running"]
    seen = flow(commit_=lambda _: len(seen.of("commit")) < 3)

    end = runner.run(order(), seen)

    assert (end.finished, end.failure) == (False, None)
    assert airbyte.cancelled()


def test_an_exception_of_the_flow_passes_through_and_cancels_the_job(
    runner: AirbyteRunner, airbyte: Airbyte, flow: Make
) -> None:
    def refuse(_: Any) -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        runner.run(order(), flow(commit_=refuse))

    assert airbyte.cancelled()


def test_closing_cancels_the_job_without_calling_that_a_failure(
    runner: AirbyteRunner, airbyte: Airbyte, flow: Make
) -> None:
    airbyte.statuses = ["running"]

    def close(_: Any) -> bool:
        runner.close()
        return True

    assert runner.run(order(), flow(commit_=close)).failure is None
    assert airbyte.cancelled()


def test_a_token_is_used_until_it_ends_and_renewed_once_when_it_is_refused(
    url: str, airbyte: Airbyte, flow: Make
) -> None:
    runner = AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.01)
    airbyte.statuses = ["running", "running", "running", "succeeded"]
    airbyte.refusals = [("GET /jobs", 401, {"title": "expired"})]

    assert runner.run(order(), flow()).finished
    assert airbyte.tokens == 2

    airbyte.lifetime = 30  # shorter than the reserve: every call asks for a new one
    shortlived = AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.01)
    airbyte.statuses = ["running", "succeeded"]
    assert shortlived.run(order(), flow()).finished
    assert airbyte.tokens == 4


def test_a_given_token_is_used_as_it_is(url: str, airbyte: Airbyte, flow: Make) -> None:
    runner = AirbyteRunner(api=AirbyteApi(url=url, credentials=Secret("static")), poll=0.01)

    assert runner.run(order(), flow()).finished
    assert airbyte.tokens == 0


@pytest.mark.parametrize(
    ("status", "answer", "kind", "code"),
    [
        (401, {"title": "Unauthorized"}, FailureKind.CONFIGURATION, "misconfigured"),
        (403, {"detail": "no"}, FailureKind.CONFIGURATION, "misconfigured"),
        (404, {"title": "resource-not-found"}, FailureKind.CONFIGURATION, "misconfigured"),
        (409, {"title": "value-conflict"}, FailureKind.RATE_LIMITED, "rate_limited"),
        (429, {}, FailureKind.RATE_LIMITED, "rate_limited"),
        (422, {"detail": "token=abc123 is odd"}, FailureKind.FAULT, "connector_fault"),
        (502, b"<html>", FailureKind.TRANSIENT, "unreachable"),
        (200, b"<html>", FailureKind.TRANSIENT, "unreachable"),
        (200, {"id": "?"}, FailureKind.TRANSIENT, "unreachable"),
    ],
)
def test_a_start_that_is_refused_says_what_follows(
    runner: AirbyteRunner,
    airbyte: Airbyte,
    flow: Make,
    status: int,
    answer: Any,
    kind: FailureKind,
    code: str,
) -> None:
    airbyte.refusals = [("POST /jobs", status, answer)] * 2

    end = runner.run(order(), flow())

    assert end.failure is not None
    assert (end.failure.kind, end.failure.code) == (kind, code)
    assert "abc123" not in end.failure.sentence


def test_an_instance_out_of_reach_is_tried_again_later(flow: Make) -> None:
    runner = AirbyteRunner(api=AirbyteApi(url="http://127.0.0.1:9", credentials=APPLICATION))

    end = runner.run(order(), flow())

    assert end.failure is not None
    assert (end.failure.kind, end.failure.code) == (FailureKind.TRANSIENT, "unreachable")
    assert not runner.check("source-amocrm", {}).succeeded


def test_a_job_under_way_is_followed_through_an_outage_but_not_for_ever(url: str, airbyte: Airbyte, flow: Make) -> None:
    airbyte.refusals = [("GET /jobs", 503, b"")] * 3
    patient = AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.01)
    assert patient.run(order(), flow()).finished

    airbyte.statuses = ["running"]
    airbyte.refusals = [("GET /jobs", 503, b"")] * 1000
    impatient = AirbyteRunner(api=AirbyteApi(url=url, credentials=APPLICATION), poll=0.01, patience=0.05)
    end = impatient.run(order(), flow())
    assert end.failure is not None
    assert end.failure.kind is FailureKind.TRANSIENT


def test_a_connection_that_does_not_say_which_one_it_is_in_airbyte_is_misconfigured(
    runner: AirbyteRunner, airbyte: Airbyte, flow: Make
) -> None:
    end = runner.run(order(None), flow())

    assert end.failure is not None
    assert (end.failure.kind, airbyte.asked) == (FailureKind.CONFIGURATION, [])


def test_a_check_asks_whether_airbyte_lets_us_in(runner: AirbyteRunner, url: str) -> None:
    wrong = Application(client_id="the-client", client_secret=Secret("wrong"))

    assert runner.check("source-amocrm", {}).succeeded
    refused = AirbyteRunner(api=AirbyteApi(url=url, credentials=wrong)).check("source-amocrm", {})
    assert (refused.succeeded, refused.code) == (False, "misconfigured")


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://airbyte.example:8000/", "http://airbyte.example:8000/api/public/v1"),
        ("https://api.airbyte.com", "https://api.airbyte.com/v1"),
        ("https://proxy.example/airbyte/v1", "https://proxy.example/airbyte/v1"),
    ],
)
def test_the_api_is_found_on_an_instance_in_the_cloud_and_behind_a_proxy(url: str, root: str) -> None:
    assert AirbyteApi(url=url, credentials=Secret("x"))._root == root
