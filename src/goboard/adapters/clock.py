"""The machine's clock."""

import time


class SystemClock:
    """A `Clock` that tells this machine's time."""

    def now(self) -> float:
        return time.time()
