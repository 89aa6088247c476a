"""Runs Autobahn|Testsuite's groups 1-7 and 10 against echo.py: `make autobahn WSTEST=path/to/wstest`.

`wstest` is a program for Python 2.7, which nothing else here needs: it is installed apart, by
`python2.7 -m virtualenv FOLDER && FOLDER/bin/pip install autobahntestsuite==0.8.2`.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
FINE = {"OK", "INFORMATIONAL", "NON-STRICT"}
"""Non-strict is a text whose bytes are no UTF-8 that is refused when it is whole, and not at its first bad byte."""
START_SECONDS, RUN_SECONDS = 30.0, 900.0


def main() -> int:
    wstest = shutil.which(os.environ.get("WSTEST", "wstest"))
    if wstest is None:
        sys.stderr.write(f"There is no wstest; say where it is: make autobahn WSTEST=...\n{__doc__}")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        results = tested(wstest, Path(scratch))
    behaviours = Counter(behaviour for result in results.values() for behaviour in result.values())
    for case, result in results.items():
        if not {"OK", "INFORMATIONAL"}.issuperset(result.values()):
            sys.stdout.write(f"case {case}: behaviour {result['behavior']}, close {result['behaviorClose']}\n")
    counted = ", ".join(f"{count} x {name}" for name, count in sorted(behaviours.items()))
    sys.stdout.write(f"{len(results)} cases; behaviour and close of each: {counted}\n")
    return 0 if results and FINE.issuperset(behaviours) else 1


def tested(wstest: str, folder: Path) -> dict[str, dict[str, str]]:
    """Run the cases, and give what was found of each: its behaviour, and that of its closing."""
    port = free_port()
    spec = {
        "outdir": str(folder),
        "servers": [{"agent": "goboard", "url": f"ws://127.0.0.1:{port}"}],
        "cases": CASES,
        "exclude-cases": [],
    }
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    echo = subprocess.Popen([sys.executable, str(Path(__file__).with_name("echo.py")), f"127.0.0.1:{port}"])
    try:
        wait_until_it_listens(port)
        command = [wstest, "--mode", "fuzzingclient", "--spec", str(folder / "spec.json")]
        subprocess.run(command, check=True, cwd=folder, timeout=RUN_SECONDS, stdout=subprocess.DEVNULL)
    finally:
        echo.terminate()
        echo.wait(20)
    found: dict[str, dict[str, Any]] = json.loads((folder / "index.json").read_text(encoding="utf-8"))["goboard"]
    return {case: {name: each[name] for name in ("behavior", "behaviorClose")} for case, each in found.items()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
