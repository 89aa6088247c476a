"""An event loop whose clock leaps to the next timer: minutes pass at once, and everything has its exact time."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

_Parameters = ParamSpec("_Parameters")


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop for what waits for timers and for itself alone, and for no socket."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        select = self._selector.select  # type: ignore[attr-defined] # what asyncio's own loop waits with

        def leap(timeout: float | None) -> Any:
            if timeout is None:
                raise RuntimeError("all wait, and no timer is set")
            self._now += max(0.0, timeout)
            return select(0)

        self._selector.select = leap  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now


def leaping(test: Callable[_Parameters, Coroutine[Any, Any, None]]) -> Callable[_Parameters, None]:
    """Run a test on such a loop; in it, `asyncio.sleep` is no waiting."""

    @functools.wraps(test)
    def run(*arguments: _Parameters.args, **named: _Parameters.kwargs) -> None:
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            runner.run(test(*arguments, **named))

    return run
