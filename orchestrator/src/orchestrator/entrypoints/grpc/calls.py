"""Around every call: who asks and may they, and one table from our errors to gRPC's status codes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from logging import getLogger
from typing import Any, NoReturn

import grpc

from orchestrator.domain.access import Caller, Doorkeeper, FailureLimit, Scope, bearer
from orchestrator.domain.errors import (
    ConflictError,
    ForbiddenError,
    MisconfiguredError,
    NeedsConsentError,
    NotFoundError,
    OrchestratorError,
    RejectedError,
    RetryableError,
)
from orchestrator.ports.clock import Clock

LOG = getLogger(__name__)

STATUS: tuple[tuple[type[OrchestratorError], grpc.StatusCode], ...] = (
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (RejectedError, grpc.StatusCode.INVALID_ARGUMENT),
    (ConflictError, grpc.StatusCode.FAILED_PRECONDITION),
    (NeedsConsentError, grpc.StatusCode.FAILED_PRECONDITION),
    (MisconfiguredError, grpc.StatusCode.FAILED_PRECONDITION),
    (ForbiddenError, grpc.StatusCode.PERMISSION_DENIED),
    (RetryableError, grpc.StatusCode.UNAVAILABLE),
    (OrchestratorError, grpc.StatusCode.INTERNAL),
)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Lets a call in, or ends it."""

    doorkeeper: Doorkeeper
    failures: FailureLimit
    clock: Clock

    def admit(self, context: grpc.ServicerContext, scope: Scope) -> Caller:
        """Who calls; ends the call as UNAUTHENTICATED, RESOURCE_EXHAUSTED or PERMISSION_DENIED otherwise."""
        address = _address(context.peer())
        if self.failures.wait(address, now=self.clock.now()) is not None:
            refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_failures", "Too many wrong tokens: wait.")
        presented = bearer({str(key): str(value) for key, value in context.invocation_metadata() or ()})
        caller = self.doorkeeper.recognise(presented) if presented else None
        if caller is None:
            self.failures.failed(address, now=self.clock.now())
            refuse(
                context,
                grpc.StatusCode.UNAUTHENTICATED,
                "unauthenticated",
                "Send metadata `authorization: Bearer <token>` with a token of http.tokens.",
            )
        if not caller.may(scope):
            refuse(
                context,
                grpc.StatusCode.PERMISSION_DENIED,
                "forbidden",
                f"The token {caller.name!r} lacks the scope {scope.value!r}.",
            )
        return caller


def answered(call: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose errors end the call with their status and code."""

    @wraps(call)
    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request, context)
        except OrchestratorError as error:
            _end(context, error)
        except Exception as error:  # noqa: BLE001 - the edge: what it was is told to the log, not to strangers
            _fault(context, error)

    return wrapped


def streamed(call: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """The same for a method that answers with a stream."""

    @wraps(call)
    def wrapped(self: Any, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        try:
            yield from call(self, request, context)
        except OrchestratorError as error:
            _end(context, error)
        except Exception as error:  # noqa: BLE001
            _fault(context, error)

    return wrapped


def _end(context: grpc.ServicerContext, error: OrchestratorError) -> NoReturn:
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    refuse(context, status, error.code, str(error))


def _fault(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    if context.code() is not None:  # type: ignore[attr-defined]  # it was ended on purpose: abort() raises
        raise error
    LOG.error("grpc_call_failed", extra={"error": type(error).__name__})
    refuse(context, grpc.StatusCode.INTERNAL, "internal_error", "An error of ours: the log says more.")


def refuse(context: grpc.ServicerContext, status: grpc.StatusCode, code: str, sentence: str) -> NoReturn:
    """End the call. Never returns."""
    context.set_trailing_metadata((("error-code", code),))
    context.abort(status, sentence)
    raise AssertionError("abort() always raises")


def _address(peer: str) -> str:
    """`ipv4:192.0.2.1:5000` without the port."""
    return peer.rpartition(":")[0]
