"""The server does what its OpenAPI document says, whatever is sent: Schemathesis, against a real server.

SCHEMATHESIS_EXAMPLES says how many requests it makes up for each operation and phase: `make fuzz` takes more of them.
"""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from services import TOKEN, Service

CONFIG = Path(__file__).parents[1] / "schemathesis.toml"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "5")
SECONDS = 120 if EXAMPLES == "5" else 3600


@pytest.mark.slow
@pytest.mark.parametrize("service", ["memory"], indirect=True)
def test_the_server_keeps_to_its_document(service: Service, tmp_path: Path) -> None:
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), f"--config-file={CONFIG}", "run"),
        *(f"{service.base}/schema/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"),
        *("--checks", "all", "--max-examples", EXAMPLES, "--continue-on-failure", "--no-color"),
        *("--generation-deterministic",) * (EXAMPLES == "5"),
    ]
    ran = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, timeout=SECONDS, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    paths = httpx.get(f"{service.base}/schema/openapi.json").json()["paths"]
    operations = sum(len(path) for path in paths.values())
    assert f"{operations - 1} selected / {operations} total" in ran.stdout, ran.stdout
    assert not any("Traceback" in line for line in service.log)
