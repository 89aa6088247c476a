"""Write the gRPC code from dashboard.proto: `generate.py OUT_DIR`; with `--check`, say how OUT_DIR differs and fail."""
# ruff: noqa: INP001 -- a script, in no package

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run from the command line; 1 where the committed code is not what the proto gives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not arguments.check:
        generate(arguments.out)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        differences = difference(arguments.out, Path(folder))
    if differences:
        sys.stderr.write(f"{differences}\n{arguments.out} is not what dashboard.proto gives: run `make generate`\n")
    return int(bool(differences))


def generate(out: Path) -> None:
    """Write types, service base and stub (betterproto), and the descriptor set that the codec reads (protoc)."""
    out.mkdir(parents=True, exist_ok=True)
    protoc = [
        *(sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={HERE}"),
        f"--python_betterproto_out={out}",
        # Without source info: neither the codec nor reflection has use for comments and line numbers.
        *(f"--descriptor_set_out={out / 'dashboard.binpb'}", "--include_imports"),
        "dashboard.proto",
    ]
    # protoc finds the plugin on the PATH; it lies beside the interpreter of the environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(protoc, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)  # noqa: S603 -- our own arguments
    if done.returncode:
        sys.exit(done.stderr)


def difference(committed: Path, fresh: Path) -> str:
    """Tell how two folders of generated code differ; empty: they do not."""
    names = {path.relative_to(folder) for folder in (committed, fresh) for path in files(folder)}
    return "\n".join(filter(None, (_file_difference(committed / name, fresh / name) for name in sorted(names))))


def files(folder: Path) -> list[Path]:
    """List the files of a folder of generated code."""
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _file_difference(committed: Path, fresh: Path) -> str:
    old, new = (path.read_bytes() if path.exists() else b"" for path in (committed, fresh))
    if old == new and committed.exists() == fresh.exists():
        return ""
    if committed.suffix != ".py":
        return f"{committed}: {len(old)} bytes that differ from the {len(new)} generated now"
    lines = (data.decode().splitlines() for data in (old, new))
    return (
        "\n".join(difflib.unified_diff(*lines, str(committed), "generated now", lineterm="")) or f"{committed} differs"
    )


if __name__ == "__main__":
    sys.exit(main())
