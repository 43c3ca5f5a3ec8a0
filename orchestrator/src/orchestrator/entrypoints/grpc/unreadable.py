"""Messages that cannot be read are the caller's mistake. gRPC would call them ours: INTERNAL, with a traceback in the
log for every stranger who sends noise.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from orchestrator.domain.errors import RejectedError
from orchestrator.entrypoints.grpc.calls import refuse

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"


class RefuseUnreadable(grpc.ServerInterceptor):
    """Reads the message of a call inside the call, where a refusal has its status and code."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = continuation(handler_call_details)
        if handler is None or handler.request_streaming or handler.request_deserializer is None:
            return handler
        read, answer = handler.request_deserializer, handler.unary_stream or handler.unary_unary
        assert answer is not None

        def answer_readable(body: bytes, context: grpc.ServicerContext) -> Any:
            try:
                request = read(body)
            except DecodeError:
                refuse(context, grpc.StatusCode.INVALID_ARGUMENT, RejectedError.code, "The message cannot be read.")
            return answer(request, context)

        made = (
            grpc.unary_stream_rpc_method_handler if handler.response_streaming else grpc.unary_unary_rpc_method_handler
        )
        return made(answer_readable, response_serializer=handler.response_serializer)
