"""What a run was made on, and with which releases."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil

from bench.contenders import PEERS_PYTHON
from bench.go_peer import SOURCE

PACKAGES = ("goboard", "granian", "litestar", "redis", "hiredis", "grpclib", "protobuf", "uvloop")
PEER_PACKAGES = ("fastapi", "uvicorn", "grpcio")
GO_MODULES = ("gin", "gorilla/websocket", "grpc", "go-redis/v9")
TOOLS = ("wrk", "redis-benchmark", "go")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, and what runs on it."""

    facts: tuple[tuple[str, str], ...]

    @classmethod
    def describe(cls, redis_version: str) -> Self:
        """Look at this machine."""
        kernel = f"{platform.system()} {platform.release().partition('-')[0]}"
        absent = [tool for tool in TOOLS if shutil.which(tool) is None]
        return cls(
            (
                ("Date", f"{datetime.now(UTC):%Y-%m-%d}"),
                ("Processor", f"{_processor()}, {len(os.sched_getaffinity(0))} cores"),
                ("Memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
                ("System", kernel),
                ("Store", redis_version),
                ("goboard", f"Python {platform.python_version()}, {_versions(PACKAGES)}"),
                ("Python peers", _peer_versions()),
                ("Go peer", _go_versions()),
                ("Tools that were absent", ", ".join(absent) or "none"),
            )
        )


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _versions(packages: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)


def _peer_versions() -> str:
    """Ask the peers' own environment."""
    if not PEERS_PYTHON.exists():
        return "none"
    program = f"""
from importlib.metadata import version
print(", ".join(name + " " + version(name) for name in {PEER_PACKAGES}))
"""
    said = subprocess.run([PEERS_PYTHON, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 -- no shell
    return said.stdout.strip()


def _go_versions() -> str:
    required = (SOURCE / "go.mod").read_text()
    modules = [
        f"{name} {found[1]}" for name in GO_MODULES if (found := re.search(rf"{re.escape(name)} (v\S+)", required))
    ]
    return ", ".join([_toolchain(), *modules])


def _toolchain() -> str:
    if (go := shutil.which("go")) is None:
        return "no toolchain"
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=True)  # noqa: S603 -- no shell
    return said.stdout.removeprefix("go version ").strip()
