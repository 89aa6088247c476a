"""Time limits of many requests by one timer, on a real loop with short limits."""

import asyncio

import pytest

from goboard.entrypoints.http.deadlines import SWEEP_AT, Deadlines


async def test_what_ends_in_time_is_left_alone() -> None:
    deadlines = Deadlines(60)
    with deadlines.limit():
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="mine"), deadlines.limit():
        raise ValueError("mine")


async def test_what_takes_too_long_ends_with_a_timeout_and_its_task_lives_on() -> None:
    deadlines = Deadlines(0.02)
    task = asyncio.current_task()
    assert task is not None
    for _ in range(3):
        with pytest.raises(TimeoutError), deadlines.limit():
            await asyncio.Event().wait()
        assert task.cancelling() == 0


async def test_each_is_due_in_its_turn_and_only_the_late_are_ended() -> None:
    deadlines = Deadlines(0.05)
    ended: list[int] = []
    release = asyncio.Event()

    async def wait(number: int) -> str:
        try:
            with deadlines.limit():
                await (release.wait() if number % 2 else asyncio.Event().wait())
        except TimeoutError:
            ended.append(number)
            return "late"
        return "in time"

    tasks = [asyncio.create_task(wait(number)) for number in range(200)]
    await asyncio.sleep(0)
    release.set()
    outcomes = await asyncio.gather(*tasks)
    assert outcomes == ["late", "in time"] * 100
    assert ended == list(range(0, 200, 2))
    assert not deadlines._begun


async def test_a_cancellation_from_outside_stays_one() -> None:
    deadlines = Deadlines(60)

    async def wait() -> None:
        with deadlines.limit():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_has_ended_is_forgotten_also_behind_what_lasts() -> None:
    deadlines = Deadlines(3600)
    lasting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    deadlines.watch(lasting)  # the first to be due, and never done
    for _ in range(20 * SWEEP_AT):
        with deadlines.limit():
            pass
    assert len(deadlines._begun) <= SWEEP_AT
    lasting.cancel()


async def test_many_that_last_are_all_kept() -> None:
    deadlines = Deadlines(0.2)
    futures: list[asyncio.Future[int]] = [asyncio.get_running_loop().create_future() for _ in range(5 * SWEEP_AT)]
    for future in futures:
        deadlines.watch(future)
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {TimeoutError}


async def test_a_future_that_takes_too_long_brings_a_timeout_and_one_that_is_done_keeps_its_result() -> None:
    deadlines = Deadlines(0.02)
    loop = asyncio.get_running_loop()
    futures: list[asyncio.Future[int]] = [loop.create_future() for _ in range(10)]
    for number, future in enumerate(futures):
        deadlines.watch(future)
        if number % 2:
            future.set_result(number)
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [TimeoutError if isinstance(outcome, TimeoutError) else outcome for outcome in outcomes] == [
        number if number % 2 else TimeoutError for number in range(10)
    ]
    late: asyncio.Future[int] = loop.create_future()
    deadlines.watch(late)  # the timer was off, and is set again
    with pytest.raises(TimeoutError):
        await late
    assert not deadlines._begun
