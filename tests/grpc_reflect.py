"""What a gRPC server says it offers, asked by grpcio's own client of reflection."""

import json
import subprocess
import sys

_PROGRAM = """
import json, sys, grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
with grpc.insecure_channel(sys.argv[1]) as channel:
    database = ProtoReflectionDescriptorDatabase(channel)
    services = list(database.get_services())
    pool = DescriptorPool(database)
    methods = {name: [m.name for m in pool.FindServiceByName(name).methods] for name in services}
print(json.dumps(methods))
"""


def methods_of(target: str) -> dict[str, list[str]]:
    """Give the methods of each service, in a process of its own: the client's descriptors are named as grpclib's."""
    command = [sys.executable, "-c", _PROGRAM, target]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found
