"""The generated code, and the releases that the server's internals depend on."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import goboard

ROOT = Path(__file__).parents[2]
GENERATED = Path(goboard.__file__).parent / "entrypoints/grpc/generated"


def generate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "proto/generate.py"
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def test_grpclib_is_the_release_whose_internals_are_replaced():
    # connection.py, calls.py and inbox.py stand in for parts of grpclib's server.py and protocol.py that have no
    # public door: its Buffer, its request_handler and its Handler. Read those three again before raising this.
    assert version("grpclib") == "0.4.9"


def test_betterproto_is_the_release_that_wrote_the_code():
    # The stable 1.2.5 cannot compile a client-streaming rpc, and betterproto's output changes between releases.
    assert version("betterproto") == "2.0.0b7"


# That there is none, make check-generated sees.
@pytest.mark.slow
@pytest.mark.parametrize(("how", "name"), [("changed", "dashboard/__init__.py"), ("missing", "dashboard.binpb")])
def test_a_difference_is_told(tmp_path: Path, name: str, how: str):
    copy = Path(shutil.copytree(GENERATED, tmp_path / "generated", ignore=shutil.ignore_patterns("__pycache__")))
    if how == "changed":
        (copy / name).write_bytes((copy / name).read_bytes() + b"# by hand\n")
    else:
        (copy / name).unlink()
    checked = generate(copy, "--check")
    assert checked.returncode == 1
    assert name in checked.stderr
    assert "run `make generate`" in checked.stderr


def test_a_fault_in_the_proto_is_told_and_nothing_is_written(tmp_path: Path):
    folder = tmp_path / "proto"
    folder.mkdir()
    shutil.copy(ROOT / "proto/generate.py", folder)
    (folder / "dashboard.proto").write_text('syntax = "proto3";\nmessage Broken { nothing }\n')
    script = [sys.executable, folder / "generate.py", tmp_path / "out"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "dashboard.proto:2" in done.stderr
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
