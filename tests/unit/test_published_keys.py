"""Keys that are read from a real server of them: when, how often, and what happens when it is away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from key_server import KeyServer, ec_key, key_server, key_set, public

from goboard.adapters.auth import PublishedKeys, fetch, reader
from goboard.adapters.auth.published import PACE, Pace
from goboard.domain.errors import InvalidToken, KeysUnavailable

ONE, TWO = ec_key("one"), ec_key("two")
SELDOM = Pace(usual=60, again=60, first=60)
OFTEN = Pace(usual=0.05, again=0.05, first=0.05)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.publish(ONE)
        yield running


@contextmanager
def keys_of(place: str, pace: Pace, changed: Callable[[], None] = lambda: None) -> Iterator[PublishedKeys]:
    with closing(PublishedKeys(reader(place), "ES256", pace)) as keys:
        keys.start(changed)
        yield keys


def has(keys: PublishedKeys, kid: str) -> bool:
    try:
        return bool(keys.fitting(kid))
    except (InvalidToken, KeysUnavailable):
        return False


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.005)


def refusal(keys: PublishedKeys, kid: str | None) -> str:
    with pytest.raises(InvalidToken) as caught:
        keys.fitting(kid)
    return caught.value.reason


def test_the_pace_is_that_of_the_docs() -> None:
    assert Pace(usual=300, again=30, first=5) == PACE


def test_the_keys_are_there_once_it_has_started(server: KeyServer) -> None:
    with keys_of(server.url, SELDOM) as keys:
        assert [key.kid for key in keys.fitting("one")] == [key.kid for key in keys.fitting(None)] == ["one"]
        assert refusal(keys, "two") == "its kid is none of JWT_JWKS"
        assert server.asked == ["/keys"]


def test_keys_come_and_go_and_that_is_told(server: KeyServer) -> None:
    told = threading.Event()
    with keys_of(server.url, OFTEN, told.set) as keys:
        until(lambda: len(server.asked) > 3)
        assert not told.is_set()
        server.publish(ONE, TWO)
        assert told.wait(10)
        assert has(keys, "one")
        assert has(keys, "two")
        assert refusal(keys, None) == "it names no key, and JWT_JWKS has several"
        server.publish(TWO)
        until(lambda: not has(keys, "one"))
        assert has(keys, "two")


def test_an_unknown_name_has_them_read_again_and_a_thousand_do_so_once(server: KeyServer) -> None:
    with keys_of(server.url, Pace(usual=60, again=0.3, first=60)) as keys:
        server.publish(ONE, TWO)
        assert not has(keys, "two")  # it has just been read
        assert len(server.asked) == 1
        until(lambda: has(keys, "two"))
        assert len(server.asked) == 2
        begun = time.monotonic()
        for number in range(1000):
            assert not has(keys, f"no-such-{number}")
        time.sleep(max(0.0, begun + 0.7 - time.monotonic()))
        assert len(server.asked) <= 2 + (time.monotonic() - begun) / 0.3 + 1


def test_while_an_unknown_name_may_be_a_new_key_the_answer_is_that_nobody_knows(server: KeyServer) -> None:
    with keys_of(server.url, Pace(usual=60, again=0, first=60)) as keys:
        server.pause = 0.002
        with pytest.raises(KeysUnavailable):
            keys.fitting("two")
        assert has(keys, "one")
        server.pause = 0


def test_keys_that_were_read_survive_that_the_server_is_away(
    server: KeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    with keys_of(server.url, OFTEN) as keys, caplog.at_level(logging.WARNING):
        server.status = 500
        until(lambda: "HTTP Error 500" in caplog.text)
        assert has(keys, "one")
        with pytest.raises(KeysUnavailable):  # it may be new
            keys.fitting("two")
        assert "those that were read before stay" in caplog.text
        server.status = 200
        server.publish(TWO)
        until(lambda: has(keys, "two"))


def test_without_any_nobody_knows_until_they_come(server: KeyServer, caplog: pytest.LogCaptureFixture) -> None:
    server.document = b"<html>we are moving</html>"
    with caplog.at_level(logging.WARNING), keys_of(server.url, OFTEN) as keys:
        for kid in ("one", None):
            with pytest.raises(KeysUnavailable):
                keys.fitting(kid)
        assert "the keys of JWT_JWKS cannot be read: it is no JSON; tokens are refused until they can" in caplog.text
        server.publish(ONE)
        until(lambda: has(keys, "one"))


def test_checking_a_token_never_waits_for_the_server(server: KeyServer) -> None:
    with keys_of(server.url, Pace(usual=60, again=0, first=60)) as keys:
        server.pause = 0.05  # a body takes 10 s
        begun = time.monotonic()
        for _ in range(100):
            assert has(keys, "one")
            assert not has(keys, "two")
        assert time.monotonic() - begun < 2
        server.pause = 0


def test_closing_ends_the_reading(server: KeyServer) -> None:
    with keys_of(server.url, OFTEN):
        (thread,) = (each for each in threading.enumerate() if each.name == "goboard-jwks")
        assert thread.daemon
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/keys", "/keys", "file:///etc/passwd", "ftp://127.0.0.1/x"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(server: KeyServer, status: int, target: str) -> None:
    server.status, server.headers = status, {"Location": target}
    with pytest.raises(OSError, match=str(status)):
        reader(server.url)()
    assert server.asked == ["/keys"]


def test_a_document_is_at_most_a_mebibyte(server: KeyServer, tmp_path: Path) -> None:
    server.document = b" " * fetch.MAX_BYTES
    assert len(reader(server.url)()) == fetch.MAX_BYTES
    server.document += b" "
    (tmp_path / "keys").write_bytes(server.document)
    for place in (server.url, str(tmp_path / "keys")):
        with pytest.raises(ValueError, match="over 1048576 bytes"):
            reader(place)()


def test_a_body_that_comes_slowly_is_given_up(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    server.pause = 0.05
    with pytest.raises(TimeoutError):
        reader(server.url)()


def test_a_server_that_speaks_tls_badly_or_not_at_all_is_away(server: KeyServer) -> None:
    with pytest.raises(OSError, match="SSL"):
        reader(server.url.replace("http:", "https:"))()


def test_a_file_is_read_again_too(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(public(ONE)))
    with keys_of(str(file), OFTEN) as keys:
        assert has(keys, "one")
        file.write_bytes(b"half a fi")
        time.sleep(0.2)
        assert has(keys, "one")
        file.write_bytes(key_set(public(TWO)))
        until(lambda: has(keys, "two"))
        assert not has(keys, "one")
