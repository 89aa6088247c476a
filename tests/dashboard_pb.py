"""The messages of dashboard.proto for foreign clients: by protobuf's own runtime, from the committed descriptor set."""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import goboard

SERVICE = "/dashboard.DashboardService"
_FILE = Path(goboard.__file__).parent / "entrypoints/grpc/generated/dashboard.binpb"


def _pool() -> descriptor_pool.DescriptorPool:
    found = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(_FILE.read_bytes()).file:
        found.Add(file)
    return found


_POOL = _pool()


def message(name: str) -> Any:
    """Give the class of the message `dashboard.<name>`."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"dashboard.{name}"))


def method(channel: Any, name: str) -> Any:
    """Give the callable of a method on a grpcio channel (blocking or aio)."""
    found = _POOL.FindServiceByName("dashboard.DashboardService").methods_by_name[name]
    if found.client_streaming:
        make = channel.stream_stream
    else:
        make = channel.unary_stream if found.server_streaming else channel.unary_unary
    return make(
        f"{SERVICE}/{name}",
        request_serializer=lambda request: request.SerializeToString(),
        response_deserializer=message(found.output_type.name).FromString,
    )
