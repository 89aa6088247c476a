"""How many updates an identity may make: a token bucket each."""

from collections.abc import Callable

MAX_BUCKETS = 100_000
"""Identities that are remembered at once, at about 150 bytes each; one that is forgotten has a full bucket again."""


class RateLimit:
    """Lets each identity do `burst` things at once and `rate` a second from then on: in t seconds burst + rate·t.

    In place of a bucket's level stands the time at which the bucket is full again (the "theoretical arrival time" of
    the generic cell rate algorithm, ITU-T I.371): one number, and nothing to do while time goes by.
    """

    def __init__(self, rate: float, burst: int, now: Callable[[], float]) -> None:
        self.rate = rate
        self.burst = burst
        self._now = now
        self._interval = 1 / rate
        self._span = (burst - 1) / rate
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, identity: str) -> float:
        """Let it do one thing more, and give 0; or give in how many seconds it may, and count nothing."""
        now = self._now()
        full_at = max(self._full_at.get(identity, now), now)
        if full_at - now > self._span:
            return full_at - now - self._span
        if identity not in self._full_at and len(self._full_at) >= MAX_BUCKETS:
            self._forget(now)
        self._full_at[identity] = full_at + self._interval
        return 0.0

    def _forget(self, now: float) -> None:
        """Forget full buckets, which changes nothing; and where that is not half of all, the oldest."""
        self._full_at = {identity: full_at for identity, full_at in self._full_at.items() if full_at > now}
        for identity in list(self._full_at)[: max(0, len(self._full_at) - MAX_BUCKETS // 2)]:
            del self._full_at[identity]
