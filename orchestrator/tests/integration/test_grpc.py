"""orchestrator.v1 as a program sees it: real server, real channel, the services behind it over SQLite."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from linked import VAULT_KEY, linked
from orchestrator.bootstrap import Application, open_application
from orchestrator.config.settings import Settings
from orchestrator.domain.access import ApiToken, Doorkeeper, FailureLimit, Scope
from orchestrator.domain.account import AccountStatus
from orchestrator.domain.secret import Secret
from orchestrator.domain.sync import SyncKind, SyncStatus, Trigger
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2 as pb
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2_grpc as pb_grpc
from orchestrator.entrypoints.grpc.calls import Gate
from orchestrator.entrypoints.grpc.server import Tls, serving
from orchestrator.entrypoints.grpc.servicers import Accounts, Syncs

ORCHESTRATOR = Path(__file__).parents[2]
READ, WRITE = (("authorization", "Bearer read-token"),), (("authorization", "Bearer write-token"),)


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    here = linked(tmp_path)
    here.database.close()
    settings = Settings.model_validate(
        {
            "data_folder": str(tmp_path),
            "database": {"url": f"sqlite:///{tmp_path / 'test.db'}"},
            "security": {"encryption_keys": [VAULT_KEY.reveal()]},
        }
    )
    with open_application(settings) as opened:
        yield opened


def servicers(application: Application) -> dict:
    tokens = [
        ApiToken(name="reader", token=Secret("read-token"), scopes=frozenset({Scope.READ})),
        ApiToken(name="writer", token=Secret("write-token"), scopes=frozenset({Scope.WRITE})),
    ]
    gate = Gate(doorkeeper=Doorkeeper(tokens), failures=FailureLimit(most=5), clock=application.clock)
    return {
        "accounts": Accounts(gate=gate, database=application.database, unlink_account=application.unlink_account),
        "syncs": Syncs(gate=gate, database=application.database, queue_sync=application.queue_sync),
    }


@pytest.fixture
def api(application: Application) -> Iterator[SimpleNamespace]:
    with (
        serving(**servicers(application), host="127.0.0.1", port=0, tls=None) as port,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield SimpleNamespace(accounts=pb_grpc.AccountsStub(channel), syncs=pb_grpc.SyncsStub(channel), channel=channel)


def only_account(application: Application) -> int:
    with application.database.begin() as tx:
        return tx.accounts.all()[0].id


def only_connection(application: Application) -> int:
    with application.database.begin() as tx:
        return tx.connections.all()[0].id


def refusal(call: object, request: object, metadata: object = WRITE) -> tuple[grpc.StatusCode, str]:
    def told() -> None:
        answer = call(request, metadata=metadata)
        if isinstance(answer, grpc.Call):  # a stream: refusals come with its first item
            list(answer)

    with pytest.raises(grpc.RpcError) as refused:
        told()
    return refused.value.code(), dict(refused.value.trailing_metadata()).get("error-code", "")


def test_accounts_are_listed_and_shown(api: SimpleNamespace, application: Application) -> None:
    account = api.accounts.ListAccounts(pb.ListAccountsRequest(), metadata=READ).accounts[0]

    assert account.status == pb.ACCOUNT_STATUS_ACTIVE
    assert api.accounts.GetAccount(pb.GetAccountRequest(account_id=account.id), metadata=READ) == account


def test_unlinking_starts_by_a_call_and_needs_a_mode(api: SimpleNamespace, application: Application) -> None:
    account_id = only_account(application)

    no_mode = refusal(api.accounts.UnlinkAccount, pb.UnlinkAccountRequest(account_id=account_id))
    told = api.accounts.UnlinkAccount(
        pb.UnlinkAccountRequest(account_id=account_id, mode=pb.UNLINK_MODE_KEEP), metadata=WRITE
    )

    assert no_mode == (grpc.StatusCode.INVALID_ARGUMENT, "invalid_request")
    assert told.status in (pb.ACCOUNT_STATUS_UNLINKING, pb.ACCOUNT_STATUS_UNLINKED)
    with application.database.begin() as tx:
        assert tx.accounts.get(account_id).status in (AccountStatus.UNLINKING, AccountStatus.UNLINKED)


def test_a_sync_is_started_once_however_often_it_is_asked_for(api: SimpleNamespace, application: Application) -> None:
    request = pb.StartSyncRequest(connection_id=only_connection(application), kind=pb.SYNC_KIND_DEEP)

    first, second = (api.syncs.StartSync(request, metadata=WRITE) for _ in range(2))

    assert first.id == second.id
    assert (first.kind, first.status, first.trigger) == (pb.SYNC_KIND_DEEP, pb.SYNC_STATUS_QUEUED, "manual")
    assert api.syncs.GetSync(pb.GetSyncRequest(sync_id=first.id), metadata=READ).id == first.id


@pytest.mark.parametrize("kind", [pb.SYNC_KIND_UNSPECIFIED, pb.SYNC_KIND_REALTIME, 99])
def test_only_kinds_a_person_can_ask_for_are_started(api: SimpleNamespace, application: Application, kind: int) -> None:
    request = pb.StartSyncRequest(connection_id=only_connection(application), kind=kind)

    assert refusal(api.syncs.StartSync, request) == (grpc.StatusCode.INVALID_ARGUMENT, "invalid_request")


@pytest.mark.parametrize("method", ["unary_unary", "unary_stream"])
def test_noise_instead_of_a_message_is_the_callers_mistake(
    api: SimpleNamespace, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/orchestrator.v1.Syncs/{'GetSync' if method == 'unary_unary' else 'WatchSync'}"
    call = getattr(api.channel, method)(path)

    assert refusal(call, b"\xff\xff") == (grpc.StatusCode.INVALID_ARGUMENT, "invalid_request")
    assert "Traceback" not in caplog.text


def test_a_watcher_sees_every_step_until_the_end(api: SimpleNamespace, application: Application) -> None:
    sync = application.queue_sync.start(
        only_connection(application), kind=SyncKind.DEEP, trigger=Trigger.MANUAL, actor="tests"
    )
    steps = api.syncs.WatchSync(pb.WatchSyncRequest(sync_id=sync.id), metadata=READ)
    seen = [next(steps).status]
    with application.database.begin() as tx:
        tx.syncs.claim(sync.id, owner="a worker", now=datetime.now(UTC), lease=timedelta(minutes=1))
    seen.append(next(steps).status)
    with application.database.begin() as tx:
        running = tx.syncs.get(sync.id)
        tx.syncs.end(
            sync.id, owner="a worker", to=SyncStatus.DONE, now=datetime.now(UTC), counts=running.counts, outcome="done"
        )
    seen += [step.status for step in steps]

    assert seen == [pb.SYNC_STATUS_QUEUED, pb.SYNC_STATUS_RUNNING, pb.SYNC_STATUS_DONE]


def test_watchers_beyond_the_servers_threads_are_asked_to_come_again(
    api: SimpleNamespace, application: Application
) -> None:
    sync = application.queue_sync.start(
        only_connection(application), kind=SyncKind.DEEP, trigger=Trigger.MANUAL, actor="tests"
    )
    request = pb.WatchSyncRequest(sync_id=sync.id)
    watching = [api.syncs.WatchSync(request, metadata=READ) for _ in range(8)]
    for steps in watching:
        next(steps)

    refused = refusal(api.syncs.WatchSync, request, READ)
    still_answers = api.syncs.GetSync(pb.GetSyncRequest(sync_id=sync.id), metadata=READ)
    for steps in watching:
        steps.cancel()

    assert refused == (grpc.StatusCode.UNAVAILABLE, "unavailable")
    assert still_answers.id == sync.id


EVERY_CALL = [
    ("accounts", "ListAccounts", pb.ListAccountsRequest(), False),
    ("accounts", "GetAccount", pb.GetAccountRequest(account_id=1), False),
    ("accounts", "UnlinkAccount", pb.UnlinkAccountRequest(account_id=1, mode=pb.UNLINK_MODE_KEEP), True),
    ("syncs", "StartSync", pb.StartSyncRequest(connection_id=1, kind=pb.SYNC_KIND_DEEP), True),
    ("syncs", "GetSync", pb.GetSyncRequest(sync_id=1), False),
    ("syncs", "WatchSync", pb.WatchSyncRequest(sync_id=1), False),
]


def test_the_list_of_calls_is_complete() -> None:
    known = {
        (service.name.lower(), method.name)
        for service in pb.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }

    assert known == {(service, name) for service, name, _, _ in EVERY_CALL}


@pytest.mark.parametrize(("service", "name", "request_", "writes"), EVERY_CALL)
def test_no_call_answers_without_a_token_that_allows_it(
    api: SimpleNamespace, service: str, name: str, request_: object, writes: bool
) -> None:
    call = getattr(getattr(api, service), name)

    assert refusal(call, request_, ()) == (grpc.StatusCode.UNAUTHENTICATED, "unauthenticated")
    if writes:
        assert refusal(call, request_, READ) == (grpc.StatusCode.PERMISSION_DENIED, "forbidden")


def test_whoever_guesses_tokens_must_wait(api: SimpleNamespace) -> None:
    guesses = [(("authorization", f"Bearer guess-{number}"),) for number in range(6)]

    codes = [refusal(api.accounts.ListAccounts, pb.ListAccountsRequest(), guess)[0] for guess in guesses]

    assert codes == [grpc.StatusCode.UNAUTHENTICATED] * 5 + [grpc.StatusCode.RESOURCE_EXHAUSTED]


@pytest.mark.parametrize(
    ("service", "name", "request_"),
    [
        ("accounts", "GetAccount", pb.GetAccountRequest(account_id=77)),
        ("accounts", "UnlinkAccount", pb.UnlinkAccountRequest(account_id=77, mode=pb.UNLINK_MODE_KEEP)),
        ("syncs", "StartSync", pb.StartSyncRequest(connection_id=77, kind=pb.SYNC_KIND_DEEP)),
        ("syncs", "GetSync", pb.GetSyncRequest(sync_id=77)),
        ("syncs", "WatchSync", pb.WatchSyncRequest(sync_id=77)),
    ],
)
def test_what_is_not_there_is_not_found(api: SimpleNamespace, service: str, name: str, request_: object) -> None:
    assert refusal(getattr(getattr(api, service), name), request_) == (grpc.StatusCode.NOT_FOUND, "not_found")


def test_health_is_open_and_reflection_names_the_services(api: SimpleNamespace) -> None:
    health = health_pb2_grpc.HealthStub(api.channel).Check(
        health_pb2.HealthCheckRequest(service="orchestrator.v1.Syncs")
    )
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    listed = next(reflection_pb2_grpc.ServerReflectionStub(api.channel).ServerReflectionInfo(iter([asked])))

    assert health.status == health_pb2.HealthCheckResponse.SERVING
    names = {service.name for service in listed.list_services_response.service}
    assert {"orchestrator.v1.Accounts", "orchestrator.v1.Syncs"} <= names


def test_with_a_certificate_only_tls_is_spoken(application: Application) -> None:
    certificate, key = self_signed()
    with serving(
        **servicers(application), host="127.0.0.1", port=0, tls=Tls(certificate=certificate, key=Secret(key))
    ) as port:
        trusted = grpc.ssl_channel_credentials(root_certificates=certificate)
        with grpc.secure_channel(f"localhost:{port}", trusted) as channel:
            listed = pb_grpc.AccountsStub(channel).ListAccounts(pb.ListAccountsRequest(), metadata=READ)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            plain, _ = refusal(pb_grpc.AccountsStub(channel).ListAccounts, pb.ListAccountsRequest(), READ)

    assert len(listed.accounts) == 1
    assert plain is grpc.StatusCode.UNAVAILABLE


def test_many_callers_at_once_are_all_answered(api: SimpleNamespace) -> None:
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(api.accounts.ListAccounts(pb.ListAccountsRequest(), metadata=READ))
        )
        for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(answer.accounts) for answer in answers] == [1] * 30


def test_the_generated_code_is_what_the_proto_file_makes(tmp_path: Path) -> None:
    subprocess.run(["sh", ORCHESTRATOR / "proto" / "generate.sh", sys.executable, tmp_path], check=True)
    place = Path("orchestrator/entrypoints/grpc/_generated")
    fresh = {path.name: path.read_text() for path in (tmp_path / place).iterdir()}

    assert fresh == {name: (ORCHESTRATOR / "src" / place / name).read_text() for name in fresh}


def self_signed() -> tuple[bytes, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private.decode()
