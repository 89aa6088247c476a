"""All that can be wrong with Redis, in one table: on every way in the right problem in time, and recovery by itself."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from drivers import Place, Problem, every_driver, timed
from proxy import Proxy, proxy_to
from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError
from servers import SERVERS, Server, start_server
from services import Service, goboard_serve

pytestmark = pytest.mark.faults

IN_TIME = 2.0
AWAY = {(503, "store_unavailable")}
PERHAPS = AWAY | {(503, "outcome_unknown")}


class Store:
    """The server, and the network before it."""

    def __init__(self, server: Server, network: Proxy) -> None:
        self.server = server
        self.network = network
        self._only_client: Redis | None = None

    def config(self, name: str, value: str) -> None:
        self.do("CONFIG", "SET", name, value)

    def do(self, *command: str) -> None:
        with self.server.client() as client:
            client.execute_command(*command)

    def load_slowly(self) -> None:
        """Start anew with a file that takes three seconds to read; a server looks up from it every 1,024 commands."""
        with self.server.client() as client, client.pipeline(transaction=False) as pipeline:
            for _ in range(10_000):
                pipeline.set("other", "x")
            pipeline.execute()
        self.server.kill()
        threading.Thread(target=self.server.restart, args=("--key-load-delay", "300")).start()
        until(self._is_loading)

    def until_loaded(self) -> None:
        with self.server.client() as client:
            until(client.ping)

    def _is_loading(self) -> bool:
        with self.server.client() as client:
            try:
                return not client.ping()
            except BusyLoadingError:
                return True

    def fail_to_save(self) -> None:
        """Have a snapshot fail, after which a server takes no writes: in the place of its file there is a folder."""
        with self.server.client() as client:
            client.config_set("save", "3600 1")
            client.bgsave()
            until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")

    def want_a_password(self) -> None:
        self.config("requirepass", "made-up")
        with self._with_password() as client:
            client.client_kill_filter(_type="normal", skipme=True)

    def want_none(self) -> None:
        with self._with_password() as client:
            client.config_set("requirepass", "")

    def fill(self) -> None:
        """Take no connection beside this one."""
        self._only_client = self.server.client()
        self._only_client.config_set("maxclients", 1)
        self._only_client.client_kill_filter(_type="normal", skipme=True)

    def empty(self) -> None:
        assert self._only_client is not None
        self._only_client.config_set("maxclients", 1000)
        self._only_client.close()

    def _with_password(self) -> Redis:
        return Redis.from_url(self.server.url, password="made-up")


class Case(NamedTuple):
    """What goes wrong, how it is mended, and what a caller hears meanwhile."""

    breaks: Callable[[Store], None]
    mends: Callable[[Store], None]
    writes: set[tuple[int, str]]
    reads: set[tuple[int, str]] | None
    """None: they are answered."""


def do(*command: str) -> Callable[[Store], None]:
    return lambda store: store.do(*command)


def config(name: str, value: str) -> Callable[[Store], None]:
    return lambda store: store.config(name, value)


CASES = {
    "killed": Case(lambda s: s.server.kill(), lambda s: s.server.restart(), PERHAPS, AWAY),
    "hung": Case(lambda s: s.server.pause(), lambda s: s.server.resume(), PERHAPS, AWAY),
    "slow": Case(lambda s: s.network.slow_down(10), lambda s: s.network.mend(), PERHAPS, AWAY),
    "nothing comes through": Case(lambda s: s.network.cut(), lambda s: s.network.mend(), PERHAPS, AWAY),
    "answers are lost": Case(lambda s: s.network.lose_answers(), lambda s: s.network.mend(), PERHAPS, AWAY),
    "READONLY": Case(do("REPLICAOF", "127.0.0.1", "1"), do("REPLICAOF", "NO", "ONE"), AWAY, None),
    "NOREPLICAS": Case(config("min-replicas-to-write", "1"), config("min-replicas-to-write", "0"), AWAY, None),
    "OOM": Case(config("maxmemory", "1"), config("maxmemory", "0"), AWAY, None),
    "MISCONF": Case(Store.fail_to_save, config("save", ""), AWAY, None),
    "LOADING": Case(Store.load_slowly, Store.until_loaded, PERHAPS, AWAY),
    "NOAUTH": Case(Store.want_a_password, Store.want_none, PERHAPS, AWAY),
    "NOPERM": Case(do("ACL", "SETUSER", "default", "-evalsha"), do("ACL", "SETUSER", "default", "+@all"), AWAY, AWAY),
    "max number of clients reached": Case(Store.fill, Store.empty, PERHAPS, AWAY),
    "NOSCRIPT": Case(do("SCRIPT", "FLUSH"), lambda _: None, set(), None),
}


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 10
    while True:
        with contextlib.suppress(RedisError):
            if condition():
                return
        assert time.monotonic() < ends, "it has not come"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("redis")
    (folder / "taken").mkdir()
    kept = ("--appendonly", "yes", "--appendfsync", "always", "--dbfilename", "taken")
    with start_server(SERVERS["valkey"], folder, *kept, tcp=True) as server, proxy_to(server.url) as network:
        yield Store(server, network)


@pytest.fixture(scope="module")
def service(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    url = f"redis://127.0.0.1:{store.network.port}"
    with goboard_serve(tmp_path_factory.mktemp("service"), REDIS_URL=url, AUTH_STATIC_ROLE="server") as running:
        yield running


def heard(answer: Any, seconds: float, allowed: set[tuple[int, str]] | None) -> None:
    """See that a caller was told one of what is allowed, in time."""
    assert seconds < IN_TIME
    if not allowed:
        assert not isinstance(answer, Problem), answer
    else:
        assert isinstance(answer, Problem), answer
        assert (answer.status, answer.code) in allowed


@pytest.mark.parametrize("what", CASES)
async def test_every_way_in_says_what_is_wrong_in_time_and_recovers_by_itself(
    store: Store, service: Service, what: str
) -> None:
    case = CASES[what]
    async with every_driver(service) as drivers:
        for name, driver in drivers.items():
            assert isinstance(await driver.increment(f"{what} {name}", "p1", 1), Place)
        await asyncio.to_thread(case.breaks, store)
        try:
            writes = {name: timed(driver.increment(f"{what} {name}", "p1", 1)) for name, driver in drivers.items()}
            reads = [
                timed(call)
                for driver in (drivers["rest"], drivers["grpc"])
                for call in (driver.rank(f"{what} rest", "p1"), driver.top(f"{what} rest", 3), driver.stats(what))
            ]
            answers = await asyncio.gather(*writes.values(), *reads)
        finally:
            await asyncio.to_thread(case.mends, store)
        mended = time.monotonic()
        for number, answer in enumerate(answers):
            heard(*answer, case.writes if number < len(writes) else case.reads)
        applied = (2.0, 3.0) if case.writes else (3.0,)
        for name, driver in drivers.items():
            while not isinstance(place := await driver.increment(f"{what} {name}", "p1", 1), Place):
                assert time.monotonic() - mended < IN_TIME, place
            assert place.score in applied, "something was applied twice, or not at all"
        assert time.monotonic() - mended < IN_TIME


async def test_a_retry_is_the_callers_alone(store: Store, service: Service) -> None:
    """Answers are lost, and the server counts what reaches it: each update that was asked for, once."""
    async with every_driver(service) as drivers:
        for name, driver in drivers.items():
            assert isinstance(await driver.increment(f"lost {name}", "p1", 1), Place)
        with store.server.client() as client:
            client.config_resetstat()
        store.network.lose_answers()
        try:
            await asyncio.gather(*[driver.increment(f"lost {name}", "p1", 1) for name, driver in drivers.items()])
        finally:
            store.network.mend()
        with store.server.client() as client:
            stats = client.info("commandstats")
            assert {name: stats[f"cmdstat_{name}"]["calls"] for name in ("evalsha", "zincrby")} == {
                "evalsha": len(drivers),
                "zincrby": len(drivers),
            }
            assert "cmdstat_eval" not in stats
            assert [client.zscore(f"prod:lost {name}", "p1") for name in drivers] == [2.0] * len(drivers)
