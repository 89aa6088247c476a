"""Boards with rules over gRPC, as grpcio sees them: scores, windows, pages, neighbours, friends, archives."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import dashboard_pb
import grpc
import grpc.aio
import pytest
from drivers import Problem, rich_problem
from grpc_local import AUTHORIZED, Local, call, served, update

from goboard.domain.identity import Role

DAY = 86_400
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
FORBIDDEN = Problem(403, "role_required", "this operation needs the role server")


class Clock:
    """Tells the time that the test says."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> float:
        return self.time


class Client:
    """Calls that must succeed, in short; `call` gives the problem too."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    async def call(self, name: str, /, **fields: Any) -> Any:
        return await call(self.channel, name, **{"dashboard": "b", **fields})

    async def set(self, **scores: float) -> None:
        for member, score in scores.items():
            assert (await self.call("SetScore", member_id=member, score=score)).kept

    async def rules(self, **fields: Any) -> Any:
        return await self.call("SetRules", rules=fields)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def local(clock: Clock) -> AsyncIterator[Local]:
    async with served(now=clock) as running:
        yield running


@pytest.fixture
async def client(local: Local) -> AsyncIterator[Client]:
    async with grpc.aio.insecure_channel(local.target) as channel:
        yield Client(channel)


def places(reply: Any) -> list[tuple[str, int, float]]:
    return [(record.member_id, record.rank, record.score) for record in reply.members]


def names(reply: Any) -> str:
    return "".join(record.member_id for record in reply.members)


def outcome(reply: Any) -> tuple[str, int, float, bool, bool]:
    assert reply.HasField("kept")  # so that JSON shows a false
    return reply.member_id, reply.rank, reply.score, reply.improved, reply.kept


# Scores


@pytest.mark.parametrize(
    ("operator", "after"),
    [("increment", [(5, True), (8, True)]), ("set", [(5, True), (3, True)]), ("best", [(5, True), (5, False)])],
)
async def test_a_submission_does_what_the_operator_does(client: Client, operator: str, after: list[Any]):
    await client.rules(operator=operator)
    for submitted, (score, improved) in zip((5, 3), after, strict=True):
        reply = await client.call("SubmitScore", member_id="ann", score=submitted)
        assert outcome(reply) == ("ann", 1, score, improved, True)


async def test_set_score_overwrites_whatever_the_operator(client: Client):
    await client.rules(operator="best")
    await client.set(ann=9, bob=8)
    assert outcome(await client.call("SetScore", member_id="ann", score=2)) == ("ann", 2, 2, True, True)


async def test_who_does_not_make_the_capacity_is_told_so(client: Client):
    await client.rules(operator="best", capacity=1)
    await client.set(ann=9)
    assert outcome(await client.call("SubmitScore", member_id="bob", score=3)) == ("bob", 0, 3, False, False)
    assert (await client.call("GetDashboardStats")).total_members == 1


async def test_many_are_answered_in_their_places(client: Client):
    submissions = [
        {"member_id": "ann", "score": 2, "metadata": '{"car": 7}'},
        {"member_id": "bob", "score": 9},
        {"member_id": "ann", "score": 5},
        {"member_id": "a\tb", "score": 1},
        {"member_id": "bob", "score": 1, "metadata": "[]"},
        {"score": float("nan")},
        {"score": 1},
    ]
    await client.rules(operator="best", max_score=6)
    results = (await client.call("SubmitScores", scores=submissions)).results
    told = [result.problem.code if result.HasField("problem") else outcome(result) for result in results]
    assert told == [
        ("ann", 1, 2, True, True),
        "score_out_of_range",
        ("ann", 1, 5, True, True),
        *["invalid_argument"] * 3,
        ("admin_user", 2, 1, True, True),
    ]
    assert results[1].problem.instance == "/dashboard.DashboardService/SubmitScores"
    assert not results[1].HasField("kept")
    assert (await client.call("GetMember", member_id="ann")).metadata == '{"car":7}'


@pytest.mark.parametrize(
    ("name", "field", "item", "detail"),
    [
        ("SubmitScores", "scores", {"member_id": "m"}, "the message has 1001 updates"),
        ("LookupMembers", "member_ids", "m", "member_ids has 1001 members"),
    ],
)
async def test_a_message_has_at_most_a_thousand(client: Client, name: str, field: str, item: Any, detail: str):
    assert not isinstance(await client.call(name, **{field: [item] * 1000}), Problem)
    refused = await client.call(name, **{field: [item] * 1001})
    assert refused == Problem(400, "invalid_argument", f"{detail}; at most 1000 are allowed")


async def test_increments_are_refused_where_scores_are_set(client: Client):
    await client.rules(operator="set")
    assert (await client.call("IncrementScore", member_id="ann", increment=1)).code == "operator_mismatch"
    batch = await client.call("IncrementScores", increments=[{"member_id": "ann", "increment": 1}])
    assert batch.results[0].problem.code == "operator_mismatch"
    stream = dashboard_pb.method(client.channel, "StreamUpdates")(iter([update("ann")]), metadata=AUTHORIZED)
    assert [reply.problem.code async for reply in stream] == ["operator_mismatch"]


async def test_attempts_end(client: Client):
    await client.rules(operator="best", attempts={"max": 1, "window": "all"})
    await client.call("SubmitScore", member_id="ann", score=1)
    request = dashboard_pb.message("SubmitScoreRequest")(dashboard="b", member_id="ann", score=2)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await dashboard_pb.method(client.channel, "SubmitScore")(request, metadata=AUTHORIZED)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert rich_problem(caught.value).code == "attempts_exhausted"


# Metadata


async def test_metadata_is_given_where_it_is_asked_for(client: Client):
    await client.call("SubmitScore", member_id="ann", score=1, metadata='{"name": "Ánn", "cars": [1, 2.5, null]}')
    await client.set(bob=2)
    asked: dict[str, dict[str, Any]] = {
        "GetTopMembers": {},
        "ListEntries": {},
        "GetAround": {"member_id": "ann"},
        "LookupMembers": {"member_ids": ["ann", "bob"]},
    }
    for name, fields in asked.items():
        with_it = await client.call(name, **fields, metadata=True)
        assert [record.metadata for record in with_it.members] == ["", '{"name":"Ánn","cars":[1,2.5,null]}']
        assert [record.metadata for record in (await client.call(name, **fields)).members] == ["", ""]


async def test_metadata_stays_until_other_comes(client: Client):
    shown = []
    for metadata in ('{"car": 1}', "", '{"car": 2}', "{}"):
        await client.call("SetScore", member_id="ann", score=1, metadata=metadata)
        shown.append((await client.call("GetMember", member_id="ann")).metadata)
    assert shown == ['{"car":1}', '{"car":1}', '{"car":2}', "{}"]


@pytest.mark.parametrize("metadata", ["[]", "7", "{", '{"a": NaN}', "null", '{"a": "' + "x" * 1024 + '"}', "[" * 9999])
@pytest.mark.parametrize("name", ["SubmitScore", "SetScore"])
async def test_bad_metadata_is_refused_and_nothing_written(client: Client, name: str, metadata: str):
    refused = await client.call(name, member_id="ann", score=1, metadata=metadata)
    assert refused.code == "invalid_argument"
    assert "metadata" in refused.detail
    assert (await client.call("GetDashboardStats")).total_members == 0


# Reads


async def test_all_about_a_member(client: Client, clock: Clock):
    await client.rules(track=True)
    clock.time = NOON + 0.001
    await client.call("SubmitScore", member_id="ann", score=1, metadata='{"a":1}')
    clock.time = NOON + 2.5
    await client.call("SubmitScore", member_id="ann", score=1)
    await client.set(bob=1, cid=3)
    found = await client.call("GetMember", member_id="ann")
    assert (found.member_id, found.rank, found.score, found.percentile, found.metadata) == ("ann", 2, 2, 50, '{"a":1}')
    assert (found.first_update_ms, found.last_update_ms) == (NOON * 1000 + 1, NOON * 1000 + 2500)


async def test_a_member_alone_and_untracked(client: Client):
    await client.set(ann=1)
    found = await client.call("GetMember", member_id="ann")
    assert (found.percentile, found.metadata, found.first_update_ms, found.last_update_ms) == (100, "", 0, 0)


async def test_those_around_a_member(client: Client):
    await client.set(**{f"{number:x}": -number for number in range(16)})
    assert names(await client.call("GetAround", member_id="8")) == "3456789abcd"
    assert names(await client.call("GetAround", member_id="8", above=0, below=1)) == "89"
    assert names(await client.call("GetAround", member_id="0", below=0)) == "0"
    assert places(await client.call("GetAround", member_id="f", above=1, below=100)) == [("e", 15, -14), ("f", 16, -15)]


async def test_friends_and_who_of_them_is_absent(client: Client):
    await client.set(ann=1, bob=5, cid=3, admin_user=4)
    found = await client.call("LookupMembers", member_ids=["ann", "zoe", "cid", "ann", "dan", ""])
    assert places(found) == [("admin_user", 2, 4), ("cid", 3, 3), ("ann", 4, 1)]
    assert list(found.absent) == ["zoe", "dan"]


async def test_pages_both_ways(client: Client):
    await client.set(a=9, b=8, c=7, d=6, e=5)
    first = await client.call("ListEntries", limit=2)
    second = await client.call("ListEntries", limit=2, cursor=first.next)
    third = await client.call("ListEntries", limit=2, cursor=second.next)
    back = await client.call("ListEntries", limit=2, cursor=third.previous)
    assert [names(page) for page in (first, second, third, back)] == ["ab", "cd", "e", "cd"]
    assert (first.previous, third.next) == ("", "")


async def test_pages_from_a_rank_and_of_a_range_of_scores(client: Client):
    await client.set(a=9, b=8, c=0, d=-6, e=-7)
    assert places(await client.call("ListEntries", from_rank=4)) == [("d", 4, -6), ("e", 5, -7)]
    assert places(await client.call("ListEntries", min_score=-6, max_score=0)) == [("c", 3, 0), ("d", 4, -6)]
    assert names(await client.call("ListEntries", min_score=0)) == "abc"
    assert names(await client.call("ListEntries", limit=-1)) == "abcde"


async def test_a_cursor_ends_with_the_rules_under_which_it_was_made(client: Client):
    await client.set(a=9, b=8)
    cursor = (await client.call("ListEntries", limit=1)).next
    await client.call("SetRules", rules={"order": "asc"}, force=True)
    request = dashboard_pb.message("ListEntriesRequest")(dashboard="b", cursor=cursor)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await dashboard_pb.method(client.channel, "ListEntries")(request, metadata=AUTHORIZED)
    assert caught.value.code() is grpc.StatusCode.ABORTED
    assert rich_problem(caught.value)[:2] == (400, "cursor_stale")


async def test_stats_in_detail(client: Client):
    await client.set(**{f"m{score}": score for score in range(1, 101)})
    plain = await client.call("GetDashboardStats")
    assert plain.total_members == 100
    assert not plain.HasField("minimum")
    detailed = await client.call("GetDashboardStats", detail=True)
    assert (detailed.total_members, detailed.minimum, detailed.maximum) == (100, 1, 100)
    assert [(each.percentile, each.score) for each in detailed.percentiles] == [(50, 50), (90, 90), (99, 99)]
    assert [each.members for each in detailed.histogram] == [10] * 10
    asked = await client.call("GetDashboardStats", detail=True, percentiles=[0, 12.5], bins=2)
    assert [each.percentile for each in asked.percentiles] == [0, 12.5]
    assert [(each.low, each.high, each.members) for each in asked.histogram] == [(1, 50.5, 50), (50.5, 100, 50)]


async def test_stats_of_nobody_in_detail(client: Client):
    empty = await client.call("GetDashboardStats", detail=True)
    assert (empty.total_members, len(empty.percentiles), len(empty.histogram)) == (0, 0, 0)
    assert not empty.HasField("minimum")
    assert not empty.HasField("maximum")


async def test_the_boards_by_page(client: Client):
    for board in ("c", "a", "b"):
        await client.call("IncrementScore", dashboard=board, member_id="m", increment=1)
    await client.call("IncrementScore", dashboard="b", member_id="n", increment=1)
    first = await call(client.channel, "ListDashboards", limit=2)
    assert [(each.name, each.total_members) for each in first.dashboards] == [("a", 1), ("b", 2)]
    rest = await call(client.channel, "ListDashboards", limit=2, after=first.next)
    assert [each.name for each in rest.dashboards] == ["c"]
    assert rest.next == ""
    assert (await call(client.channel, "ListDashboards", limit=3)).next == ""
    assert (await call(client.channel, "ListDashboards", limit=101)).code == "invalid_argument"
    assert len((await call(client.channel, "ListDashboards")).dashboards) == 3


# Windows


async def test_each_read_is_of_the_period_that_is_asked_for(client: Client, clock: Clock):
    await client.rules(windows=["all", "daily"], keep=2)
    await client.set(ann=9, bob=1)
    clock.time = NOON + DAY
    await client.set(ann=2)
    asked: dict[str, dict[str, Any]] = {
        "GetTopMembers": {},
        "ListEntries": {},
        "GetAround": {"member_id": "ann"},
        "LookupMembers": {"member_ids": ["ann", "bob"]},
    }
    for name, fields in asked.items():
        today = await client.call(name, **fields, window="daily")
        before = await client.call(name, **fields, window="daily", period="2026-11-24")
        always = await client.call(name, **fields)
        assert [places(reply) for reply in (today, before, always)] == [
            [("ann", 1, 2)],
            [("ann", 1, 9), ("bob", 2, 1)],
            [("ann", 1, 2), ("bob", 2, 1)],
        ]
    for name in ("GetMemberRank", "GetMember"):
        assert (await client.call(name, member_id="ann", window="daily", period="2026-11-24")).score == 9
    for detail in (False, True):
        counts = [
            await client.call("GetDashboardStats", window="daily", period=period, detail=detail)
            for period in ("", "2026-11-24")
        ]
        assert [reply.total_members for reply in counts] == [1, 2]


async def test_the_periods_of_a_window(client: Client, clock: Clock):
    await client.rules(windows=["daily", "all"])
    await client.set(ann=1)
    clock.time = NOON + DAY
    await client.set(ann=1)
    daily = (await client.call("ListPeriods", window="daily")).periods
    midnight = int(NOON - DAY / 2) * 1000
    assert [(each.name, each.start_ms, each.end_ms) for each in daily] == [
        ("2026-11-25", midnight + DAY * 1000, midnight + 2 * DAY * 1000),
        ("2026-11-24", midnight, midnight + DAY * 1000),
    ]
    (always,) = (await client.call("ListPeriods", window="all")).periods
    assert always.name == "all"
    assert not always.HasField("start_ms")
    assert not always.HasField("end_ms")


@pytest.mark.parametrize(
    "name", ["GetTopMembers", "GetMemberRank", "GetMember", "GetAround", "LookupMembers", "ListEntries"]
)
@pytest.mark.parametrize(
    ("window", "period", "problem"),
    [
        ("weekly", "", (400, "invalid_argument")),
        ("daily", "yesterday", (400, "invalid_argument")),
        ("archive", "", (400, "invalid_argument")),
        ("daily", "2026-11-25", (404, "period_not_found")),
        ("daily", "2026-11-20", (404, "period_not_found")),
    ],
)
async def test_a_window_or_period_that_there_is_not(client: Client, name: str, window: str, period: str, problem: Any):
    await client.rules(windows=["all", "daily"])
    await client.set(admin_user=1)
    assert (await client.call(name, window=window, period=period))[:2] == problem


async def test_an_archive_is_set_aside_and_the_board_begins_afresh(client: Client):
    await client.set(ann=9, bob=1)
    archived = await client.call("ArchiveDashboard", name="spring")
    assert (archived.name, archived.total_members) == ("spring", 2)
    assert places(await client.call("GetTopMembers")) == []
    assert names(await client.call("GetTopMembers", window="archive", period="spring")) == "annbob"
    assert [each.name for each in (await client.call("ListPeriods", window="archive")).periods] == ["spring"]
    await client.set(ann=1)
    assert (await client.call("ArchiveDashboard", name="spring"))[:2] == (409, "archive_exists")
    assert (await client.call("ArchiveDashboard", name="autumn", window="daily")).code == "invalid_argument"


# Rules

ALL_RULES: dict[str, Any] = {
    "order": "asc",
    "operator": "best",
    "ties": "earliest",
    "min_score": 0,
    "max_score": 500.5,
    "capacity": 100,
    "windows": ["daily", "0 18 * * 5"],
    "timezone": "Europe/Berlin",
    "week_starts": "sunday",
    "keep": 0,
    "attempts": {"max": 3, "window": "daily"},
    "track": True,
}


def told(reply: Any) -> dict[str, Any]:
    """Give the rules in a reply as a client reads them: what is set."""
    found = {field.name: value for field, value in reply.rules.ListFields()}
    if "attempts" in found:
        found["attempts"] = {"max": found["attempts"].max, "window": found["attempts"].window}
    return {**found, "windows": list(found["windows"])}


async def test_rules_are_set_and_told(client: Client):
    replies = [await client.rules(**ALL_RULES), await client.call("GetRules")]
    assert [(reply.revision, told(reply)) for reply in replies] == [(1, ALL_RULES)] * 2


async def test_what_is_unset_has_its_default(client: Client):
    untouched = await client.call("GetRules")
    assert untouched.revision == 0
    assert told(untouched) == {
        "order": "desc",
        "operator": "increment",
        "ties": "member",
        "windows": ["all"],
        "timezone": "UTC",
        "week_starts": "monday",
        "keep": 1,
    }
    await client.rules(**ALL_RULES)
    again = await client.rules()
    assert (again.revision, again.rules) == (2, untouched.rules)


async def test_rules_that_would_falsify_scores_need_force(client: Client):
    await client.set(ann=1, bob=2)
    assert (await client.rules(order="asc"))[:2] == (409, "rules_conflict")
    assert (await client.call("SetRules", rules={"order": "asc"}, force=True)).revision == 1
    assert names(await client.call("GetTopMembers")) == "annbob"


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        (None, "rules are required"),
        ({"order": "up"}, "order 'up'"),
        ({"capacity": 5}, "capacity goes with"),
        ({"min_score": 2, "max_score": 1}, "min_score"),
        ({"min_score": float("nan")}, "min_score must be a finite number"),
        ({"keep": -1}, "keep -1"),
        ({"attempts": {"window": "all"}}, "max of attempts 0"),
        ({"attempts": {}}, "max of attempts 0"),
        ({"windows": ["all", "all"]}, "twice"),
        ({"timezone": "Europe/Nowhere"}, "timezone"),
    ],
)
async def test_bad_rules(client: Client, rules: Any, detail: str):
    refused = await client.call("SetRules", rules=rules)
    assert refused[:2] == (400, "invalid_argument")
    assert detail in refused.detail
    assert (await client.call("GetRules")).revision == 0


# Removal


async def test_a_member_is_removed(client: Client):
    await client.set(ann=1, bob=2)
    assert (await client.call("RemoveMember", member_id="ann")).deleted
    assert not (await client.call("RemoveMember", member_id="ann")).deleted
    assert names(await client.call("GetTopMembers")) == "bob"


async def test_a_board_is_deleted_with_its_rules(client: Client):
    await client.rules(order="asc")
    await client.set(ann=1)
    assert (await client.call("DeleteDashboard")).deleted
    assert not (await client.call("DeleteDashboard")).deleted
    assert (await client.call("GetRules")).revision == 0


# Who may what


async def test_writes_are_the_identitys_and_reads_of_whom_they_name():
    async with served(role=Role.MEMBER) as local, grpc.aio.insecure_channel(local.target) as channel:
        client = Client(channel)
        assert (await client.call("SubmitScore", member_id="ann", score=1)).member_id == "admin_user"
        many = await client.call("SubmitScores", scores=[{"member_id": "ann", "score": 1}])
        assert many.results[0].member_id == "admin_user"
        for name in ("GetMember", "GetAround"):
            assert (await client.call(name, member_id="ann")).code == "member_not_found"
        assert (await client.call("GetMemberRank", member_id="ann")).member_id == "admin_user"  # go-board's


async def test_an_empty_member_id_means_the_identity_itself(client: Client):
    for name in ("SubmitScore", "SetScore", "GetMember"):
        assert (await client.call(name)).member_id == "admin_user"
    assert names(await client.call("GetAround")) == "admin_user"
    assert (await client.call("RemoveMember")).deleted


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("SetScore", {"member_id": "admin_user", "score": 1}),
        ("SetRules", {"rules": {}}),
        ("RemoveMember", {"member_id": "ann"}),
        ("RemoveMember", {}),
        ("ArchiveDashboard", {"name": "spring"}),
        ("DeleteDashboard", {}),
    ],
)
async def test_what_needs_the_role_server(name: str, fields: dict[str, Any]):
    async with served(role=Role.MEMBER) as local, grpc.aio.insecure_channel(local.target) as channel:
        await Client(channel).call("SubmitScore", score=1)
        assert await Client(channel).call(name, **fields) == FORBIDDEN
        request = dashboard_pb.message(f"{name}Request")(dashboard="b", **fields)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await dashboard_pb.method(channel, name)(request, metadata=AUTHORIZED)
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert (await Client(channel).call("GetDashboardStats")).total_members == 1


async def test_a_member_may_remove_itself_alone_where_the_settings_say_so():
    async with (
        served(role=Role.MEMBER, allow_self_delete=True) as local,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        client = Client(channel)
        await client.call("SubmitScore", score=1)
        assert await client.call("RemoveMember", member_id="ann") == FORBIDDEN
        assert (await client.call("RemoveMember", member_id="admin_user")).deleted


# Bad input

BOARD_CALLS = [
    *("SubmitScore", "SetScore", "SubmitScores", "GetMember", "GetAround", "LookupMembers", "ListEntries"),
    *("ListPeriods", "GetRules", "SetRules", "RemoveMember", "ArchiveDashboard", "DeleteDashboard"),
]


@pytest.mark.parametrize("name", BOARD_CALLS)
async def test_every_call_checks_the_boards_name(client: Client, name: str):
    fields = {"ListPeriods": {"window": "all"}, "SetRules": {"rules": {}}, "ArchiveDashboard": {"name": "n"}}
    for board, detail in (("", "dashboard is empty"), ("{b}", "{ }")):
        refused = await client.call(name, **fields.get(name, {}), dashboard=board)
        assert refused[:2] == (400, "invalid_argument")
        assert detail in refused.detail


@pytest.mark.parametrize(
    ("name", "fields", "detail"),
    [
        ("SubmitScore", {"member_id": "\x07"}, "control character"),
        ("SubmitScore", {"score": float("inf")}, "score must be a finite number"),
        ("SetScore", {"member_id": "x" * 257}, "257 bytes"),
        ("SetScore", {"score": float("nan")}, "score must be a finite number"),
        ("GetMember", {"member_id": "\x07"}, "control character"),
        ("GetAround", {"above": 101}, "above is 101; at most 100 is allowed"),
        ("GetAround", {"below": 101}, "below is 101; at most 100 is allowed"),
        ("GetAround", {"below": -1}, "below is -1"),
        ("LookupMembers", {"member_ids": ["ann", "\x07"]}, "control character"),
        ("ListEntries", {"limit": 101}, "limit is 101; at most 100 is allowed"),
        ("ListEntries", {"from_rank": 0}, "from_rank is 0"),
        ("ListEntries", {"min_score": float("nan")}, "min_score must be a finite number"),
        ("ListEntries", {"max_score": float("inf")}, "max_score must be a finite number"),
        ("ListEntries", {"cursor": "none of ours"}, "cursor is malformed"),
        ("ListPeriods", {}, "window is required"),
        ("ListPeriods", {"window": "weekly"}, "weekly"),
        ("GetDashboardStats", {"detail": True, "percentiles": [101]}, "percentile 101"),
        ("GetDashboardStats", {"detail": True, "percentiles": [1] * 101}, "at most 100"),
        ("GetDashboardStats", {"detail": True, "bins": -1}, "bins is -1"),
        ("RemoveMember", {"member_id": "\x07"}, "control character"),
        ("ArchiveDashboard", {}, "name is empty"),
    ],
)
async def test_what_is_refused(client: Client, name: str, fields: dict[str, Any], detail: str):
    refused = await client.call(name, **fields)
    assert refused[:2] == (400, "invalid_argument")
    assert detail in refused.detail


@pytest.mark.parametrize("name", ["SubmitScore", "SetScore"])
async def test_a_score_beyond_what_is_exact(client: Client, name: str):
    refused = await client.call(name, score=2.0**54)
    assert refused[:2] == (409, "score_out_of_range")


@pytest.mark.parametrize("name", ["GetMember", "GetAround"])
async def test_nobody_is_not_found(client: Client, name: str):
    assert (await client.call(name, member_id="nobody"))[:2] == (404, "member_not_found")


async def test_an_unknown_board_is_an_empty_one(client: Client):
    assert (await client.call("ListEntries")).ByteSize() == 0
    assert (await client.call("ListPeriods", window="all")).ByteSize() == 0
    assert list((await client.call("LookupMembers", member_ids=["ann"])).absent) == ["ann"]


@pytest.mark.parametrize("name", BOARD_CALLS)
async def test_every_call_needs_a_token(client: Client, name: str):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await dashboard_pb.method(client.channel, name)(dashboard_pb.message(f"{name}Request")(dashboard="b"))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
