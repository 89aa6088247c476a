"""How long the fuzzers look: FUZZ_EXAMPLES inputs each, by default 30; `make fuzz` takes more, new ones each time.

Machines that go many steps on several stores take a tenth of that, and by default as many as they say.
"""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")

fuzzed = settings(
    max_examples=int(EXAMPLES or "30"),
    deadline=None,
    derandomize=EXAMPLES is None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def runs(usually: int) -> int:
    """Tell how many runs such a machine makes."""
    return int(EXAMPLES) // 10 if EXAMPLES else usually
