"""The messages of `proto/dashboard.proto` by protobuf's own runtime, from the committed descriptor set."""

from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

SERVICE = "dashboard.DashboardService"

_GENERATED = Path(__file__).resolve().parents[2] / "src/goboard/entrypoints/grpc/generated"


def message(name: str) -> type[Message]:
    """Give the class of the message `dashboard.<name>`."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"dashboard.{name}"))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    # A pool of its own: the default one may hold the same file from elsewhere.
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString((_GENERATED / "dashboard.binpb").read_bytes()).file:
        pool.Add(file)
    return pool
