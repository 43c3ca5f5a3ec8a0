"""Every method of `orchestrator.v1`, found by reflection's descriptors, with messages that fit, that do not, and noise."""

from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orchestra import TOKEN, Orchestra

from judged import TIMES, faults
from orchestrator.entrypoints.grpc._generated import orchestrator_pb2 as pb

Code = grpc.StatusCode
DOCUMENTED = {
    Code.OK, Code.NOT_FOUND, Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION, Code.PERMISSION_DENIED,
    Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE,
}  # fmt: skip
"""docs/errors.md"""
METHODS = [method for service in pb.DESCRIPTOR.services_by_name.values() for method in service.methods]
ADMIN = (("authorization", f"Bearer {TOKEN}"),)
CALLS = 150
NUMBERS = st.one_of(
    st.integers(0, 5), st.sampled_from([-1, 2**31 - 1, 2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**63 - 1)
)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
METADATA = st.one_of(
    st.just(ADMIN),
    st.just(()),
    st.tuples(st.tuples(st.just("authorization"), ASCII.map(str.strip))),
    st.just((*ADMIN, ("x-odd-bin", b"\xff\x00"), ("authorization", "Basic eHg6eHg="))),
    st.binary(max_size=50).map(lambda noise: (*ADMIN, ("grpc-trace-bin", noise))),
)


@pytest.fixture(scope="module")
def channel(service: Orchestra) -> Iterator[grpc.Channel]:
    port = service.application.settings.grpc.port
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


def fitting(method: MethodDescriptor) -> st.SearchStrategy[bytes]:
    """Messages as the method takes them, with any number in any field."""
    kind = message_factory.GetMessageClass(method.input_type)
    fields = {
        field.name: st.integers(-1, 9) if field.type == FieldDescriptor.TYPE_ENUM else NUMBERS
        for field in method.input_type.fields
    }
    return st.fixed_dictionaries({}, optional=fields).map(lambda values: kind(**values).SerializeToString())


def odd(method: MethodDescriptor) -> st.SearchStrategy[bytes]:
    """Cut short, other fields, other wire types, noise."""
    good = fitting(method)
    return st.one_of(
        st.tuples(good, st.integers(0, 20)).map(lambda pair: pair[0][: pair[1]]),
        st.tuples(good, st.binary(max_size=40)).map(b"".join),
        st.tuples(st.integers(0, 255), st.binary(max_size=40)).map(lambda pair: bytes([pair[0]]) + pair[1]),
        st.binary(max_size=300),
        st.just(b"\x0a" + b"\xff" * 9 + b"\x01"),
    )


def call(channel: grpc.Channel, method: MethodDescriptor, body: bytes, metadata: tuple) -> Code:
    path = f"/{method.containing_service.full_name}/{method.name}"
    try:
        if method.server_streaming:
            answers = channel.unary_stream(path)(body, metadata=metadata, timeout=20)
            next(answers, None)
            answers.cancel()
        else:
            channel.unary_unary(path)(body, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        return error.code()
    return Code.OK


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_whatever_a_method_is_sent_it_answers_as_documented(
    service: Orchestra, channel: grpc.Channel, method: MethodDescriptor
) -> None:
    seen: set[Code] = set()

    @settings(max_examples=CALLS * TIMES, suppress_health_check=list(HealthCheck))
    @given(body=st.one_of(fitting(method), odd(method)))
    def judge(body: bytes) -> None:
        code = call(channel, method, body, ADMIN)
        seen.add(code)
        assert code in DOCUMENTED

    judge()

    assert seen & {Code.OK, Code.NOT_FOUND}, "nothing came further than the door"
    assert Code.INVALID_ARGUMENT in seen  # noise
    must_live(service, channel)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_whoever_calls_is_answered_as_documented(
    service: Orchestra, channel: grpc.Channel, method: MethodDescriptor
) -> None:
    """After twenty wrong tokens the address must wait, so this comes last."""

    @settings(max_examples=CALLS * TIMES, suppress_health_check=list(HealthCheck))
    @given(body=st.one_of(fitting(method), odd(method)), metadata=METADATA)
    def judge(body: bytes, metadata: tuple) -> None:
        assert call(channel, method, body, metadata) in DOCUMENTED

    judge()

    must_live(service, channel)


def must_live(service: Orchestra, channel: grpc.Channel) -> None:
    assert faults(service) == []
    alive = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert alive.status == health_pb2.HealthCheckResponse.SERVING
