"""More updates than RATE_LIMIT allows are refused, on every way, each identity for itself."""

import json
from collections.abc import Iterator

import dashboard_pb
import grpc
import grpc.aio
import httpx
import pytest
import websockets
from drivers import DRIVERS, Place, Problem, Rest, rich_problem
from services import Service, goboard_serve

BURST = 3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Here the token is the identity, and the next update is allowed in a quarter of an hour."""
    limits = {"RATE_LIMIT": "0.001", "RATE_LIMIT_BURST": str(BURST)}
    folder = tmp_path_factory.mktemp("limited")
    with goboard_serve(folder, "--store", "memory", AUTH_MODE="noop", AUTH_SECRET="", **limits) as running:
        yield running


@pytest.mark.parametrize("name", DRIVERS)
async def test_an_identity_may_make_so_many_updates_and_read_on(service: Service, name: str) -> None:
    async with DRIVERS[name](service, f"player-{name}") as driver:
        outcomes = [await driver.increment("b", f"player-{name}", 1) for _ in range(BURST + 1)]
        assert [outcome.score for outcome in outcomes[:BURST] if isinstance(outcome, Place)] == [1.0, 2.0, 3.0]
        refused = outcomes[BURST]
        assert isinstance(refused, Problem)
        assert (refused.status, refused.code) == (429, "rate_limited")
        assert refused.detail.startswith(
            f"'player-{name}' may make 0.001 updates a second, and 3 at once; nothing was changed, try again in "
        )
        place = await driver.rank("b", f"player-{name}")
        assert isinstance(place, Place)
        assert place.score == BURST


async def test_all_ways_count_together_and_each_identity_for_itself(service: Service) -> None:
    for name in (*list(DRIVERS)[:BURST], "rest"):
        async with DRIVERS[name](service, "ada") as driver:
            outcome = await driver.increment("b", "ada", 1)
    assert isinstance(outcome, Problem)
    async with Rest(service, "grace") as other:
        assert isinstance(await other.increment("b", "grace", 1), Place)


async def test_each_update_of_a_batch_counts(service: Service) -> None:
    items = [{"member_id": "m", "increment": 1}] * (BURST + 2)
    expected = [None] * BURST + ["rate_limited"] * 2
    async with httpx.AsyncClient(headers={"Authorization": "batch-rest"}) as http:
        reply = await http.post(f"{service.api}/dashboards/b/increments", json={"increments": items})
        assert [each.get("problem", {}).get("code") for each in reply.json()["results"]] == expected
    async with websockets.connect(f"{service.ws}?token=batch-ws") as socket:
        await socket.send(json.dumps([{"dashboard": "b", **item} for item in items]))
        assert [each.get("problem", {}).get("code") for each in json.loads(await socket.recv())] == expected
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        request = dashboard_pb.message("IncrementScoresRequest")(dashboard="b", increments=items)
        call = dashboard_pb.method(channel, "IncrementScores")
        results = (await call(request, metadata=[("authorization", "batch-grpc")])).results
        assert [each.problem.code or None for each in results] == expected


async def test_the_refusal_says_when_to_try_again(service: Service) -> None:
    url = f"{service.api}/dashboards/b/members/m/score"
    async with httpx.AsyncClient(headers={"Authorization": "scores"}) as http:
        replies = [await http.post(url, json={"score": number}) for number in range(BURST + 1)]
        assert [reply.status_code for reply in replies] == [200] * BURST + [429]
        assert 500 < int(replies[-1].headers["retry-after"]) <= 1000
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        request = dashboard_pb.message("SubmitScoreRequest")(dashboard="b", score=1)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await dashboard_pb.method(channel, "SubmitScore")(request, metadata=[("authorization", "scores")])
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rich_problem(refused.value).code == "rate_limited"
    assert 500 < int(dict(refused.value.trailing_metadata())["retry-after"]) <= 1000
