"""What the machine that holds stores against the model draws: rules, submissions, and leaps of time."""

from boards import instant
from hypothesis import strategies as st

from goboard.domain.names import MemberName
from goboard.domain.rules import Rules
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Submission

# Few of each, so that they meet. The last two would change places in the order of UTF-16.
NAMES = [MemberName.parse(name) for name in ("a", "A", "é", "\uff5e", "\U0001f600")]
MEMBERS = st.sampled_from(NAMES)
FINE = [0.1, -0.5, 5e-324, MAX_SCORE, -MAX_SCORE, MAX_SCORE - 1, 2.0**52 + 0.5]
SCORES = st.sampled_from([0.0, 1.0, 1.0, 2.0, -1.0] * 4 + FINE)
METADATA = st.none() | st.sampled_from(['{"car":"r5"}', '{"name":"é","n":1.5}', "{}"])
SUBMISSIONS = st.builds(Submission, MEMBERS, SCORES, METADATA, st.sampled_from([False] * 3 + [True]), st.none())
WINDOWS = ["all", "hourly", "daily", "weekly", "monthly", "*/20 * * * *"]
LEAPS = st.sampled_from([0.001, 60.0, 600.0, 3600.0, 86_400.0, 7 * 86_400.0, 31 * 86_400.0])
BEGINNINGS = [instant("2026-10-25T00:55:00+00:00"), instant("2026-12-31T23:59:59+00:00")]  # Berlin's clocks change


@st.composite
def some_rules(draw: st.DrawFn) -> Rules:
    """Rules that do not contradict themselves, without attempts."""
    operator = draw(st.sampled_from(["increment", "set", "best", "best"]))
    increments = operator == "increment"
    return Rules.parse(
        {
            "operator": operator,
            "order": draw(st.sampled_from(["desc", "asc"])),
            "ties": draw(st.sampled_from(["member", "earliest", "earliest", "shared", "dense"])),
            "min_score": draw(st.sampled_from([None, None, -2.5])),
            "max_score": draw(st.sampled_from([None, None, 2.0])),
            "max_increment": draw(st.sampled_from([None, 2.0])) if increments else None,
            "capacity": None if increments else draw(st.sampled_from([None, 1, 2, 3])),
            "windows": draw(st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=3, unique=True)),
            "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin"])),
            "week_starts": draw(st.sampled_from(["monday", "sunday"])),
            "keep": draw(st.integers(0, 2)),
            "track": draw(st.booleans()),
        }
    )


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "order": st.sampled_from(["desc", "asc"]),
        "ties": st.sampled_from(["member", "earliest", "shared", "dense"]),
        "max_score": st.sampled_from([None, 2.0]),
        "capacity": st.sampled_from([None, 1, 2]),
        "keep": st.integers(0, 2),
        "track": st.booleans(),
    },
)
