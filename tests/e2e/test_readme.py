"""A reader goes through the README from top to bottom and does what it says; only the addresses are the test's."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import services
import stand_ins
from servers import free_port, start_server, valkey_binary

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

PROGRAMS = {"bash", "python", "javascript"}
OUTPUTS = {"json", "text"}
NOT_RUN = {
    "git clone <this repository> goboard": "the test is in a clone",
    "cd goboard": "the same",
    "make setup": "it made what the tests run on",
    "make lint types imports check-generated": "CI's work, and the tests would wait for it",
    "make help": "the test checks that each target exists",
    "make test": "it runs this test",
    "make test-faults": "it takes minutes",
    "make test-slow": "it takes minutes",
    "make soak": "the same",
    "make test-browser": "it needs a browser",
    "make coverage": "it runs this test",
    "make bench": "it takes minutes",
    "docker build -t goboard .": "there may be no Docker engine",
    "docker run": "the same",
    "docker compose up --detach --wait": "the same",
    "docker compose --profile monitoring up --detach --wait": "the same",
}


def node_options() -> str | None:
    """Give the options with which the machine's node has WebSocket (it came with 22, behind a switch with 20)."""
    program = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"
    for options in ("", "--experimental-websocket") if shutil.which("node") else ():
        environment = {**os.environ, "NODE_OPTIONS": options}
        if subprocess.run(["node", "-e", program], env=environment, capture_output=True, check=False).returncode == 0:
            return options
    return None


NODE_OPTIONS = node_options()


def test_what_is_not_run_is_in_the_readme() -> None:
    lines = shell_lines(README)
    for command in NOT_RUN:
        assert any(line.startswith(command) for line in lines), command
    assert {language for language, _ in BLOCK.findall(README)} == {*PROGRAMS, *OUTPUTS, "ini"}


@pytest.mark.parametrize(
    "python_alone",
    [pytest.param(False, id="the tools at hand", marks=pytest.mark.slow), pytest.param(True, id="Python alone")],
)  # once is enough for each change: the page's own commands are the same
def test_what_the_readme_says_happens(tmp_path: Path, *, python_alone: bool) -> None:
    with start_server(valkey_binary(), tmp_path, tcp=True) as valkey, reading(tmp_path) as reader:
        reader.meet_tools(python_alone=python_alone)
        reader.addresses["localhost:6379"] = valkey.url.removeprefix("redis://")
        said = ""
        for language, text in BLOCK.findall(reader.addressed(README)):
            if language in PROGRAMS:
                said = reader.run(language, text)
            elif language in OUTPUTS:
                assert_shown(language, text, said)
                said = reader.paste_from(said)


class Reader:
    """Has two terminals in one folder: the server runs in the first, all else in the second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "goboard"
        self.folder.mkdir()
        (self.folder / ".venv").symlink_to(sys.prefix)
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.addresses = {f"localhost:{port}": f"127.0.0.1:{free_port()}" for port in (8080, 50051)}
        self.server: subprocess.Popen[str] | None = None
        self.exported = folder / "exported"
        self.exported.touch()

    def meet_tools(self, *, python_alone: bool) -> None:
        for name in stand_ins.TOOLS:
            if python_alone or not usable(name):
                tool = self.tools / name
                tool.write_text(f'#!/bin/sh\nexec {sys.executable} {stand_ins.__file__} {name} "$@"\n')
                tool.chmod(0o755)

    def addressed(self, text: str) -> str:
        for there, here in self.addresses.items():
            text = text.replace(there, here)
        return text

    def environment(self) -> dict[str, str]:
        http, grpc, redis = self.addresses.values()
        programs = f"{self.tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        node = {"NODE_OPTIONS": NODE_OPTIONS} if NODE_OPTIONS else {}
        return {"PATH": programs, "HTTP_PORT": http, "GRPC_PORT": grpc, "REDIS_ADDR": redis, **node}

    def run(self, language: str, text: str) -> str:
        if language == "javascript":
            return self.shell(f"node {self.written('program.mjs', text)}")
        if language == "python":
            return self.shell(f"python {self.written('program.py', awaiting(text))}")
        script = "\n".join(line for line in text.splitlines() if not line.startswith(tuple(NOT_RUN)))
        if found := re.search(r"^(make run|goboard serve.*)\n?\Z", script, re.MULTILINE):
            return self.serve(script[: found.start()] + (make_run() if found[1] == "make run" else f"exec {found[1]}"))
        return self.shell(script)

    def written(self, name: str, text: str) -> Path:
        file = self.folder.with_name(name)
        file.write_text(text, encoding="utf-8")
        return file

    def shell(self, script: str) -> str:
        """Run it in the second terminal, which knows what was assigned there before."""
        ran = subprocess.run(
            ["bash", "-euc", f". {self.exported}; set -a; {script}\nexport -p > {self.exported}"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, f"{script}\n{ran.stderr}"
        return ran.stdout

    def serve(self, script: str) -> str:
        """Stop the server in the first terminal, if there is one, and start this one."""
        self.stop()
        self.server = subprocess.Popen(
            ["bash", "-euc", script],
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return services.wait_for_banner(self.server).banner

    def paste_from(self, said: str) -> str:
        """Run the line that the server offers to paste, where it was the server that spoke."""
        return self.shell(said.partition("Try:\n")[2].strip()) if "Try:\n" in said else ""

    def stop(self) -> None:
        if self.server is not None:
            services.stop(self.server)
            self.server = None


@contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    reader = Reader(folder)
    try:
        yield reader
    finally:
        reader.stop()


def usable(tool: str) -> bool:
    return NODE_OPTIONS is not None if tool == "node" else shutil.which(tool) is not None


def awaiting(program: str) -> str:
    """Give a program that does what is typed at the prompt of `python -m asyncio`, where `await` works."""
    if "asyncio.run(" in program:
        return program
    return f"import asyncio\nasync def main():\n{textwrap.indent(program, '    ')}\nasyncio.run(main())\n"


def make_run() -> str:
    """Give what `make run` runs, once everything is set up."""
    [command] = re.findall(r"^run:.*\n\t@(.*)$", MAKEFILE, re.MULTILINE)
    return command.replace("$(BIN)", ".venv/bin").replace("$$", "$")


def shell_lines(text: str) -> list[str]:
    return [line for language, block in BLOCK.findall(text) if language == "bash" for line in block.splitlines()]


def like(shown: Any, said: Any) -> Any:
    """Give what is shown, with what was said in each place of `...`."""
    if shown == "...":
        return said
    if isinstance(shown, dict) and isinstance(said, dict):
        return {name: like(value, said.get(name)) for name, value in shown.items()}
    if isinstance(shown, list) and isinstance(said, list) and len(shown) == len(said):
        return [like(*pair) for pair in zip(shown, said, strict=True)]
    return shown


def assert_shown(language: str, shown: str, said: str) -> None:
    """Compare what the README shows with what was said: JSON as JSON; `...` stands for anything."""
    if language == "json":
        documents = list(stand_ins.documents(said))
        shown_documents = [
            like(document, each) for document, each in zip(stand_ins.documents(shown), documents, strict=True)
        ]
        assert documents == shown_documents
    else:
        pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
        assert re.fullmatch(pattern, said.strip()), f"the README shows:\n{shown}\nit is:\n{said}"
