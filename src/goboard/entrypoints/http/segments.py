"""The names in a path's segments, which come as they were sent."""

from goboard.domain.names import BoardName, MemberName
from goboard.entrypoints.http.paths import decode_segment
from goboard.entrypoints.updates import Caller, board_name


def board_in(segment: str) -> BoardName:
    """Give the board that the segment names.

    Raises:
        InvalidArgument: it is no valid name.
    """
    return board_name(decode_segment(segment, "dashboard"))


def member_in(segment: str) -> MemberName:
    """Give the member that the segment names.

    Raises:
        InvalidArgument: it is no valid name.
    """
    return MemberName.parse(decode_segment(segment, "member_id"))


def acting_member_in(caller: Caller, segment: str) -> MemberName:
    """Give the member that a request of the caller acts for where the segment names one.

    Raises:
        InvalidArgument: it is no valid name.
        MemberForbidden: as `Caller.member`.
    """
    return caller.member(decode_segment(segment, "member_id"))
