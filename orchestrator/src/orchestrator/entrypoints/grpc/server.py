"""The gRPC server: our services, health and reflection, with or without TLS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from orchestrator.domain.errors import MisconfiguredError
from orchestrator.domain.secret import Secret
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2 as pb
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2_grpc as pb_grpc
from orchestrator.entrypoints.grpc.servicers import Accounts, Syncs
from orchestrator.entrypoints.grpc.unreadable import RefuseUnreadable

THREADS = 16
LARGEST_MESSAGE = 1 << 20
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM texts."""

    certificate: bytes
    key: Secret


@contextmanager
def serving(*, accounts: Accounts, syncs: Syncs, host: str, port: int, tls: Tls | None) -> Iterator[int]:
    """Serve until the block ends; yields the port (useful when 0 was asked for).

    Raises:
        MisconfiguredError: the address is taken or not ours, or the certificate does not fit.
    """
    server = grpc.server(
        ThreadPoolExecutor(THREADS),
        interceptors=[RefuseUnreadable()],
        options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)],
    )
    pb_grpc.add_AccountsServicer_to_server(accounts, server)
    pb_grpc.add_SyncsServicer_to_server(syncs, server)
    names = [service.full_name for service in pb.DESCRIPTOR.services_by_name.values()]
    state = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    for name in ("", *names):
        state.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    bound = _bound(server, f"{host}:{port}", tls)
    server.start()
    try:
        yield bound
    finally:
        state.enter_graceful_shutdown()
        server.stop(GRACE_SECONDS).wait()


def _bound(server: grpc.Server, address: str, tls: Tls | None) -> int:
    try:
        if tls is None:
            return server.add_insecure_port(address)
        pair = (tls.key.reveal().encode(), tls.certificate)
        return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    except (RuntimeError, ValueError) as error:
        raise MisconfiguredError(
            f"gRPC cannot listen on {address}: see whether the port is free and grpc.certificate and grpc.key fit."
        ) from error
