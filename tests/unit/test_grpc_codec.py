"""The codec between gRPC's bytes and the handlers' messages."""

import dashboard_pb
import pytest
from google.rpc import status_pb2

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints import problems
from goboard.entrypoints.grpc import codec
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.problems import Problem

CODEC = codec.WireCodec()
REQUEST = dashboard_pb.message("UpdateRequest")(dashboard="b", member_id="ann", increment=1.5)
BYTES = REQUEST.SerializeToString()
NAMES = [name for name, value in vars(dashboard).items() if isinstance(value, type) and hasattr(value, "to_dict")]


def test_a_foreign_message_is_read():
    request: dashboard.UpdateRequest = CODEC.decode(BYTES, dashboard.UpdateRequest)
    assert (request.dashboard, request.member_id, request.increment) == ("b", "ann", 1.5)


def test_what_is_written_is_read_by_betterproto_too():
    response = codec.wire_type(dashboard.UpdateResponse)(member_id="ann", rank=2, score=-1.5)
    read = dashboard.UpdateResponse().parse(CODEC.encode(response, dashboard.UpdateResponse))
    assert (read.member_id, read.rank, read.score) == ("ann", 2, -1.5)


def test_a_betterproto_message_is_written_too():
    response = dashboard.UpdateResponse(member_id="ann", rank=2, score=-1.5)
    read = dashboard_pb.message("UpdateResponse").FromString(CODEC.encode(response, dashboard.UpdateResponse))
    assert (read.member_id, read.rank, read.score) == ("ann", 2, -1.5)


@pytest.mark.parametrize("name", NAMES)
def test_each_generated_type_has_the_fields_that_upb_gives(name: str):
    upb = codec.wire_type(getattr(dashboard, name))()
    assert set(upb.DESCRIPTOR.fields_by_name) == set(getattr(dashboard, name).__dataclass_fields__)


@pytest.mark.parametrize(
    "data",
    [
        BYTES[:-1],
        b"\xff\xff\xff",
        b"\x0a\x02\xff\xfe",  # dashboard: no UTF-8
        b"\x08\x05",  # dashboard as a varint
        b"\x0a\x01b\x12\x01m\x18\x05",  # increment as a varint
        b"\x0a\x01b\x1d\0\0\0\0",  # increment as a 32-bit number
    ],
)
def test_what_is_no_message_is_refused(data: bytes):
    with pytest.raises(InvalidArgument, match=r"no valid message of type dashboard\.UpdateRequest"):
        CODEC.decode(data, dashboard.UpdateRequest)


def test_fields_of_a_later_version_are_skipped():
    assert CODEC.decode(BYTES + b"\x48\x05\x52\x01x", dashboard.UpdateRequest).member_id == "ann"


def test_the_status_details_hold_the_problem():
    problem = Problem(problems.INVALID_ARGUMENT, "no good")
    status = status_pb2.Status.FromString(codec.status_details(problem, "/s/M"))
    assert (status.code, status.message) == (3, "no good")
    assert status.details[0].type_url == "type.googleapis.com/dashboard.ProblemDetails"
    details = dashboard_pb.message("ProblemDetails").FromString(status.details[0].value)
    found = {name: getattr(details, name) for name in details.DESCRIPTOR.fields_by_name}
    assert found == problem.members("/s/M")
