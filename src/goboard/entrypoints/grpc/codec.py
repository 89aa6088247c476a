"""What goes over the wire: betterproto's types by name, protobuf's own (upb) by nature.

Handlers are typed with the generated betterproto types. What they hold are upb messages, which have the same fields:
making a betterproto message costs 15-18 µs and reading one 50 µs, where upb takes 0.3 each, and betterproto 2.0.0b7
takes truncated input, wrong wire types and garbage for messages.
"""

from functools import cache
from importlib import resources
from typing import Any, TypeVar, cast

import betterproto
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet
from google.rpc.status_pb2 import Status as RpcStatus  # type: ignore[import-untyped] # it has no stubs
from grpclib.encoding.base import CodecBase
from grpclib.health.v1 import health_pb2

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.metrics import families
from goboard.entrypoints.problems import Problem

PACKAGE = "dashboard"

M = TypeVar("M", bound=betterproto.Message)


def _pool() -> DescriptorPool:
    """Load the committed descriptors into a pool of their own: the default one is the embedding program's."""
    pool = DescriptorPool()
    generated = resources.files("goboard.entrypoints.grpc.generated").joinpath("dashboard.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(generated).file:
        pool.Add(file)
    pool.AddSerializedFile(health_pb2.DESCRIPTOR.serialized_pb)  # reflection describes the health service too
    return pool


POOL = _pool()


def wire_type(message_type: type[M]) -> type[M]:
    """Give the class to make messages of: the upb class that stands for a betterproto type."""
    descriptor = POOL.FindMessageTypeByName(f"{PACKAGE}.{message_type.__name__}")
    return cast("type[M]", GetMessageClass(descriptor))


ProblemDetails = wire_type(dashboard.ProblemDetails)


def optional(message: betterproto.Message, field: str) -> Any:
    """Give the value of an optional field, or of one that is a message; None: it is unset."""
    held = cast("Message", message)
    return getattr(held, field) if held.HasField(field) else None


class WireCodec(CodecBase):
    """Reads strictly: what protobuf cannot parse, and known fields of the wrong type, are refused."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:  # noqa: ARG002 -- grpclib's signature
        """Write a message."""
        return cast("bytes", message.SerializeToString())

    def decode(self, data: bytes, message_type: Any) -> Any:
        """Read a message.

        Raises:
            InvalidArgument: `data` is none.
        """
        upb_type = _upb_type(message_type)
        try:
            message = upb_type.FromString(data)
        except DecodeError as exc:
            raise _invalid(upb_type) from exc
        unknown = UnknownFieldSet(message)
        if len(unknown):  # 0.1 µs, and nearly never true
            _check_unknown(unknown, upb_type)
        return message


@cache
def _upb_type(message_type: type) -> type[Message]:
    if issubclass(message_type, betterproto.Message):
        return cast("type[Message]", wire_type(message_type))
    return cast("type[Message]", message_type)


def _check_unknown(unknown: UnknownFieldSet, upb_type: type[Message]) -> None:
    """Refuse a known field in another wire type: protobuf keeps it as an unknown one, and reads on."""
    for index in range(len(unknown)):
        if unknown[index].field_number in upb_type.DESCRIPTOR.fields_by_number:
            raise _invalid(upb_type)


def _invalid(upb_type: type[Message]) -> InvalidArgument:
    return InvalidArgument(f"the bytes are no valid message of type {upb_type.DESCRIPTOR.full_name}")


def framed(message: Any) -> bytes:
    """Write a message with gRPC's prefix before it."""
    data: bytes = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4) + data


def status_details(problem: Problem, instance: str) -> bytes:
    """Write the content of `grpc-status-details-bin`: a google.rpc.Status with the problem in it."""
    status = RpcStatus(code=problem.kind.grpc.value, message=problem.detail)
    status.details.add().Pack(cast("Message", problem_details(problem, instance)))
    return cast("bytes", status.SerializeToString())


def problem_details(problem: Problem, instance: str) -> dashboard.ProblemDetails:
    """Say `problem` as a message."""
    families.REFUSALS.add("grpc", problem.kind.code)
    return ProblemDetails(**problem.members(instance))  # type: ignore[arg-type] # its own fields
