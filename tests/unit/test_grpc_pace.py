"""How what comes over a connection is cut into portions of whole frames."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from goboard.entrypoints.grpc.pace import FRAME_COST, MAX_IDLE_FRAMES, PORTION, Pace

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
KINDS = st.integers(0, 12)
FRAMES = st.lists(st.tuples(KINDS, st.integers(0, 40)), max_size=300)


def frame(kind: int, length: int) -> bytes:
    return length.to_bytes(3) + bytes([kind, 0, 0, 0, 0, 1]) + b"x" * length


def ends(frames: list[bytes]) -> set[int]:
    """Where a frame begins."""
    found = {0, len(PREFACE)}
    for each in frames:
        found.add(max(found) + len(each))
    return found


@settings(deadline=None, max_examples=50)
@given(FRAMES, st.lists(st.integers(1, 2000), min_size=1))
async def test_portions_end_with_a_frame_and_nothing_is_lost_however_it_is_cut(
    drawn: list[tuple[int, int]], reads: list[int]
) -> None:
    frames = [frame(*each) for each in drawn]
    whole, starts = PREFACE + b"".join(frames), ends(frames)
    pace, at, sizes = Pace(), 0, itertools.cycle(reads)
    while at < len(whole):
        end = min(len(whole), at + next(sizes))
        while at < end:
            taken = pace.portion(whole[at:end])
            assert 0 < taken <= end - at
            assert sum(at <= start < at + taken for start in starts) <= PORTION + 1
            at += taken
            assert at == end or at in starts


async def test_a_portion_is_so_many_frames() -> None:
    pace = Pace()
    assert pace.portion(PREFACE) == len(PREFACE)
    assert pace.portion(frame(6, 8) * 1000) == PORTION // FRAME_COST * 17
    assert pace.portion(frame(0, 5) * 1000) == PORTION * 14
    assert pace.portion(frame(1, 16_000) * 10) == 2 * 16_009


async def test_frames_that_carry_nothing_are_forgotten_with_time() -> None:
    pace = Pace()
    pace.portion(PREFACE)
    for _ in range(MAX_IDLE_FRAMES // 100):
        pace.portion(frame(6, 8) * 100)
    assert pace.fault is None
    pace._counted_at -= 1
    for _ in range(10):
        pace.portion(frame(6, 8) * 100)
    assert pace.fault is None
    for _ in range(3):
        pace.portion(frame(6, 8) * 100)
    assert pace.fault is not None
