"""How messages are cut out of DATA frames."""

import pytest

from goboard.entrypoints.grpc import refusals
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.refusals import CallRefused

ONE = b"\0\0\0\0\3one"
TWO = b"\0\0\0\0\3two"


class Counted:
    """An inbox, and how many bytes it gave back to flow control."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.inbox = Inbox(self._acknowledge, 10)

    def _acknowledge(self, size: int) -> None:
        self.acknowledged += size


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def inbox(counted: Counted) -> Inbox:
    return counted.inbox


def test_messages_come_out_whole_however_they_are_cut(inbox: Inbox):
    taken = []
    for byte in ONE + TWO:
        assert inbox.take() is None
        inbox.add(bytes([byte]), 1)
        if len(taken) < 2 and (message := inbox.take()) is not None:
            taken.append(message)
    assert taken == [b"one", b"two"]


def test_several_messages_may_come_at_once(inbox: Inbox):
    inbox.add(ONE + TWO + ONE[:4], 20)
    assert [inbox.take(), inbox.take(), inbox.take()] == [b"one", b"two", None]


def test_it_ends_when_all_is_taken(inbox: Inbox):
    inbox.add(ONE, 8)
    inbox.eof()
    assert not inbox.ended
    assert inbox.take() == b"one"
    assert inbox.ended
    assert inbox.take() is None


def test_flow_control_gets_back_what_was_read_and_not_before(counted: Counted):
    counted.inbox.add(ONE + TWO, 17)  # with padding
    counted.inbox.take()
    assert counted.acknowledged == 0
    counted.inbox.take()
    counted.inbox.take()
    assert counted.acknowledged == 17


def test_a_message_that_is_still_coming_is_given_back_so_that_it_can_come(counted: Counted):
    counted.inbox.add(ONE[:6], 6)
    assert counted.inbox.take() is None
    assert counted.acknowledged == 6


def test_what_was_never_read_is_left_for_the_connection(counted: Counted):
    counted.inbox.add(ONE + TWO, 16)
    counted.inbox.take()
    assert (counted.inbox.unacked_size(), counted.inbox.unacked_size()) == (16, 0)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"\0\0\0\0\x0b", "the message has 11 bytes; at most 10 are allowed"),
        (b"\1\0\0\0\3one", "compressed messages are not read; send them as identity"),
        (b"\7\0\0\0\3one", "the message's flag byte is 7; it must be 0"),
        (b"\0\0\0", "the stream ends within a message, after 3 of its bytes"),
        (b"\0\0\0\0\3on", "the stream ends within a message, after 7 of its bytes"),
    ],
)
def test_what_is_refused(inbox: Inbox, data: bytes, detail: str):
    inbox.add(data, len(data))
    inbox.eof()
    with pytest.raises(CallRefused) as refused:
        inbox.take()
    assert refused.value.problem.detail == detail


def test_after_a_stop_nothing_is_taken(inbox: Inbox):
    inbox.add(ONE, 8)
    inbox.stop(refusals.stopping())
    assert inbox.changed.is_set()
    with pytest.raises(CallRefused, match="stopping"):
        inbox.take()
