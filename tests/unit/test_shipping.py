"""The files that ship goboard agree with the code and with each other: all that can be told without Docker."""

import json
import os
import re
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest
import yaml
from certificates import Authority, Certificate
from dotenv import dotenv_values
from grpclib.const import Status
from listening import Quiet, listening

from goboard import Leaderboards
from goboard.entrypoints.settings import VARIABLES, Settings

ROOT = Path(__file__).parents[2]
DEFAULTS = {variable.name: variable.default for variable in VARIABLES}
SECRETS = [variable.name for variable in VARIABLES if variable.secret]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
SHIPPED = [
    *WORKFLOWS,
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")),
    *(ROOT / name for name in ("Dockerfile", "compose.yaml", ".env.example")),
    ROOT / "docs/migrating-from-go-board.md",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def dockerfile(instruction: str) -> list[str]:
    """What stands behind each of this instruction, its continued lines joined."""
    joined = read("Dockerfile").replace("\\\n", " ")
    return [line.split(maxsplit=1)[1].strip() for line in joined.splitlines() if line.startswith(f"{instruction} ")]


def steps(workflow: Path) -> Iterator[dict]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        yield from job.get("steps", [job])


def python_versions() -> list[tuple[int, int]]:
    floor = int(re.fullmatch(r">=3\.(\d+)", PROJECT["requires-python"])[1])
    return [(3, minor) for minor in range(floor, 14)]


def test_env_example_has_every_setting_with_its_default_and_nothing_else():
    example = dotenv_values(ROOT / ".env.example")
    assert example == DEFAULTS
    assert Settings.load(example) == Settings.load({})


@pytest.mark.parametrize("secret", SECRETS)
def test_env_example_tells_that_a_secret_may_come_from_a_file(secret):
    assert f"{secret}_FILE" in read(".env.example")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_shipped_file_holds_a_secret(path):
    assigned = re.findall(
        r"^[^#\n]*?\b(?:\w*SECRET|\w*PASS(?:WORD)?|\w*TOKEN)\s*[=:][ \t]*(\S+)", path.read_text(), re.MULTILINE
    )
    assert [value for value in assigned if not value.strip("\"'").startswith("$")] == []
    assert "super-secret-key" not in path.read_text()


def test_the_image_runs_what_the_project_installs_on_a_python_that_it_supports():
    images = dockerfile("FROM")
    assert images[0].removesuffix(" AS builder") == images[-1], "the environment's Python is not the runtime's"
    version = tuple(int(part) for part in re.search(r"python:(\d+)\.(\d+)", images[-1]).groups())
    assert version in python_versions()
    command = [*json.loads(dockerfile("ENTRYPOINT")[0]), *json.loads(dockerfile("CMD")[-1])]
    assert command == ["goboard", "serve"]
    assert command[0] in PROJECT["scripts"]


def test_the_image_is_not_root_and_owns_its_data():
    user = dockerfile("USER")[-1].split(":")[0]
    assert int(user) > 0
    assert f"--owner={user}" in dockerfile("RUN")[-1]
    assert f"GOBOARD_DATA_DIR={dockerfile('VOLUME')[0]}" in dockerfile("ENV")[-1].split()
    assert "GOBOARD_DATA_DIR" in DEFAULTS


def test_the_image_exposes_the_default_ports():
    assert dockerfile("EXPOSE")[0].split() == [DEFAULTS["HTTP_PORT"][1:], DEFAULTS["GRPC_PORT"][1:]]


def test_only_what_the_image_copies_gets_into_its_build():
    ignore = [line for line in read(".dockerignore").splitlines() if not line.startswith("#")]
    copied = [copy.split()[:-1] for copy in dockerfile("COPY") if not copy.startswith("--from")]
    assert ignore[0] == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == {
        source.removeprefix("./") for sources in copied for source in sources
    }


@contextmanager
def answering(status: int, tls: Certificate | None = None) -> Iterator[int]:
    class Handler(Quiet):
        def do_GET(self):  # noqa: N802 -- as http.server has it
            self.send_response(status if self.path == "/health" else 404)
            self.end_headers()

    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    with listening(Handler, tls=context) as port:
        yield port


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
@pytest.mark.parametrize("form", [":{}", "{}", "127.0.0.1:{}"])
def test_the_image_s_health_check_asks_the_port_that_is_set(status, healthy, form):
    command = json.loads(dockerfile("HEALTHCHECK")[0].partition("CMD ")[2])
    with answering(status) as port:
        # A proxy that is nowhere must make no difference.
        environment = {**os.environ, "HTTP_PORT": form.format(port), "http_proxy": "http://127.0.0.1:9"}
        done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
    assert (done.returncode == 0) == healthy, done.stderr


def test_the_image_s_health_check_takes_the_certificate_as_it_is(tmp_path):
    command = json.loads(dockerfile("HEALTHCHECK")[0].partition("CMD ")[2])
    certificate = Authority(tmp_path).issue()
    with answering(200, certificate) as port:
        environment = {**os.environ, "HTTP_PORT": f":{port}", "TLS_CERT": certificate.cert}
        done = subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_compose_names_only_settings_that_exist():
    service = yaml.safe_load(read("compose.yaml"))["services"]["goboard"]
    assert service["environment"].keys() <= DEFAULTS.keys()
    assert set(re.findall(r"\$\{(\w+)", read("compose.yaml"))) <= DEFAULTS.keys()
    # An empty secret must stop compose: the token that `serve` makes would be lost in a log.
    assert service["environment"]["AUTH_SECRET"].startswith("${AUTH_SECRET:?")
    assert Settings.load({**service["environment"], "AUTH_SECRET": "x"}).store == "redis"


def test_compose_publishes_to_this_machine_alone_and_redis_to_none():
    services = yaml.safe_load(read("compose.yaml"))["services"]
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in services["redis"]
    targets = [f":{port.rpartition(':')[2]}" for port in services["goboard"]["ports"]]
    assert targets == [DEFAULTS["HTTP_PORT"], DEFAULTS["GRPC_PORT"]]


def test_compose_keeps_what_redis_is_told():
    redis = yaml.safe_load(read("compose.yaml"))["services"]["redis"]
    assert "--appendonly yes" in " ".join(redis["command"])
    assert [volume.partition(":")[2] for volume in redis["volumes"]] == ["/data"]


def test_ci_tests_every_python_that_the_project_supports():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    tested = jobs["tests"]["strategy"]["matrix"]["python"]
    assert tested == [f"{major}.{minor}" for major, minor in python_versions()]
    assert jobs["tests"]["env"]["REQUIRE_REDIS"] == "1"


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"], ids=lambda path: path.name
)
def test_every_make_target_that_is_called_exists(path):
    text = path.read_text() if path.suffix == ".md" else "\n".join(step.get("run", "") for step in steps(path))
    called = set(" ".join(re.findall(r"\bmake ((?:[a-z-]+ ?)+)", re.sub(r"#.*", "", text))).split())
    assert called <= set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))


def test_ci_audits_the_dependencies_every_week_too():
    described = yaml.safe_load(read(".github/workflows/ci.yml"))
    assert [step["run"] for step in described["jobs"]["audit"]["steps"] if "run" in step] == ["make audit"]
    assert len(described[True]["schedule"]) == 1  # YAML 1.1 reads `on` as a truth value


def recipe(target: str) -> str:
    return re.search(rf"^{target}:.*\n((?:\t.*\n)+)", read("Makefile"), re.MULTILINE)[1]


def test_what_is_audited_is_locked_and_nothing_is_passed_over():
    export, audit = recipe("audit").splitlines()
    assert {"--locked", "--all-extras", "--all-groups"} <= set(export.split())
    # Without it a package that nobody knows, or an index that tells nothing, would pass.
    assert "--strict" in audit.split()


def test_the_sbom_has_what_goboard_installs_and_nothing_else(tmp_path):
    folder = Path(sys.executable).parent
    command = recipe("sbom").strip().removeprefix("@").replace("$(BIN)", str(folder)).replace("$(SBOM)", "sbom.json")
    script = command.replace("--output-file ", f"--output-file {tmp_path}/").split()
    subprocess.run(script, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "UV_OFFLINE": "1"})
    listed = json.loads((tmp_path / "sbom.json").read_text())
    names = {component["name"] for component in listed["components"]}
    needed = chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    assert {re.match(r"[\w-]+", requirement)[0] for requirement in needed} <= names
    assert not names & {"pytest", "mypy", "ruff", "pip-audit", "fastapi"}
    assert listed["metadata"]["component"]["version"] == PROJECT["version"]


def test_a_release_has_the_sbom():
    jobs = yaml.safe_load(read(".github/workflows/release.yml"))["jobs"]
    uploaded = [step["with"]["path"] for step in jobs["package"]["steps"] if "upload" in step.get("uses", "")]
    name = re.search(r"^SBOM := (.*)$", read("Makefile"), re.MULTILINE)[1]
    assert uploaded == ["dist/", name]
    assert name in jobs["release"]["steps"][-1]["run"].split()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_has_a_version_and_every_token_few_rights(workflow):
    uses = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert [use for use in uses if not re.search(r"^\./|@(v\d+|release/v\d+|[0-9a-f]{40})$", use)] == []
    described = yaml.safe_load(workflow.read_text())
    assert described["permissions"] in ({}, {"contents": "read"})
    if not described["permissions"]:
        assert all("permissions" in job for job in described["jobs"].values())


@pytest.mark.parametrize(
    ("tag", "changelog", "complaint"),
    [
        ("v1.2.3", "# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-01-31\n\n- A thing.\n\n## 1.2.2\n\n- Old.\n", ""),
        ("v1.2.4", "## 1.2.3\n\n- A thing.\n", "they must agree, as v1.2.3"),
        ("v1.2.3", "## Unreleased\n\n- A thing.\n\n## 1x2x3\n\n- No.\n", "no section `## 1.2.3`"),
        ("v1.2.3", "## 1.2.3\n\n## 1.2.2\n\n- Old.\n", "no section `## 1.2.3`"),
    ],
)
def test_a_release_needs_tag_version_and_changelog_to_agree(tmp_path, tag, changelog, complaint):
    check = next(step for step in steps(ROOT / ".github/workflows/release.yml") if step.get("id") == "check")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    environment = {**os.environ, "GITHUB_REF_NAME": tag}
    done = subprocess.run(
        [sys.executable, "-c", check["run"]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert complaint in done.stderr
    assert (done.returncode == 0) == (not complaint)
    if not complaint:
        assert (tmp_path / "notes.md").read_text() == "- A thing.\n"


def test_the_changelog_starts_with_what_is_not_released():
    assert re.findall(r"^## (.*)", read("CHANGELOG.md"), re.MULTILINE)[0] == "Unreleased"


def test_the_migration_guide_names_only_settings_and_methods_that_exist():
    guide = read("docs/migrating-from-go-board.md")
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", guide))
    assert named - {status.name for status in Status} <= DEFAULTS.keys()
    rows = re.findall(r"^\| `(\w+)` \| `(?:await )?boards\.(\w+)\(", guide, re.MULTILINE)
    assert len(rows) == 9  # go-board's repository interface has nine methods
    assert {method for _, method in rows} <= set(dir(Leaderboards))
