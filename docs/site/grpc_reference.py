"""The gRPC reference: the proto file with its comments as a page."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

WELL_KNOWN = resources.files("grpc_tools") / "_proto"
# Where protobuf keeps things in a file: the field numbers of descriptor.proto, of which paths to comments are made.
SYNTAX = [12]
MESSAGES, ENUMS, SERVICES, IN_SERVICE, IN_MESSAGE, IN_ENUM = 4, 5, 6, 2, 2, 2
Comments = Mapping[tuple[int, ...], str]


def described(proto: Path) -> FileDescriptorProto:
    """The proto file as the compiler understands it, comments included."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "descriptors"
        options = ["protoc", f"-I{proto.parent}", f"--descriptor_set_out={told}", "--include_source_info", proto.name]
        if protoc.main([*options, f"-I{WELL_KNOWN}"]) != 0:
            raise SystemExit(f"docs: {proto} does not compile")
        return FileDescriptorSet.FromString(told.read_bytes()).file[0]


def grpc_reference(file: FileDescriptorProto) -> str:
    return "\n".join(_lines(file)) + "\n"


def _lines(file: FileDescriptorProto) -> Iterator[str]:
    comments = {
        tuple(place.path): " ".join((place.leading_comments + place.trailing_comments).split())
        for place in file.source_code_info.location
        if place.leading_comments or place.trailing_comments
    }
    about = next(place for place in file.source_code_info.location if list(place.path) == SYNTAX)
    told = " ".join(about.leading_comments.split()).replace("docs/errors.md", "[listed here](../errors.md)")
    yield from ("# gRPC API", "", told, "")
    yield from (f"Package `{file.package}`; reflection is on. This page is made of the proto file.", "")
    yield from ("## Services", "")
    for number, service in enumerate(file.service):
        yield from _service(service, comments, (SERVICES, number))
    yield from ("## Messages", "")
    for number, message in enumerate(file.message_type):
        yield from _message(message, comments, (MESSAGES, number))
    yield from ("## Enumerations", "")
    for number, enum in enumerate(file.enum_type):
        yield from _enum(enum, comments, (ENUMS, number))


def _service(service: ServiceDescriptorProto, comments: Comments, place: tuple[int, ...]) -> Iterator[str]:
    rows = []
    for number, call in enumerate(service.method):
        stream = "stream of " if call.server_streaming else ""
        about = comments.get((*place, IN_SERVICE, number), "")
        rows.append((f"`{call.name}`", _linked(call.input_type), stream + _linked(call.output_type), about))
    yield from (f"### {service.name}", "")
    yield from _table(("call", "takes", "answers", "meaning"), rows)


def _message(message: DescriptorProto, comments: Comments, place: tuple[int, ...]) -> Iterator[str]:
    yield from (f"### {message.name}", "")
    if not message.field:
        yield from ("Empty.", "")
        return
    rows = [
        (f"`{field.name}`", str(field.number), _field_type(field), comments.get((*place, IN_MESSAGE, number), ""))
        for number, field in enumerate(message.field)
    ]
    yield from _table(("field", "number", "type", "meaning"), rows)


def _enum(enum: EnumDescriptorProto, comments: Comments, place: tuple[int, ...]) -> Iterator[str]:
    yield from (f"### {enum.name}", "")
    rows = [
        (f"`{value.name}`", str(value.number), comments.get((*place, IN_ENUM, number), ""))
        for number, value in enumerate(enum.value)
    ]
    yield from _table(("value", "number", "meaning"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _field_type(field: FieldDescriptorProto) -> str:
    name = _linked(field.type_name) if field.type_name else FieldDescriptorProto.Type.Name(field.type)[5:].lower()
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"list of {name}"
    return f"{name}, optional" if field.proto3_optional else name


def _linked(type_name: str) -> str:
    if type_name.startswith(".google."):
        return f"`{type_name[1:]}`"
    name = type_name.rpartition(".")[2]
    return f"[{name}](#{name.lower()})"
