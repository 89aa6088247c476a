"""What the README says of settings, problems, targets and files is what the project has."""

import configparser
import re
from pathlib import Path

from goboard.entrypoints import problems
from goboard.entrypoints.problems import Kind
from goboard.entrypoints.settings import VARIABLES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_is_named_exists() -> None:
    inline = re.findall(r"`make\s([a-z-]+)[^`]*`", README)
    lines = re.findall(r"^make (.*)$", README, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {*inline, *" ".join(lines).split()} <= set(targets)


def test_the_table_of_settings_has_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| \S", section("Configuration"), re.MULTILINE)
    assert rows == [(variable.name, variable.default) for variable in VARIABLES]


def test_the_table_of_problems_has_every_problem_with_its_statuses() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\w*) ?\| \S", section("API reference"), re.MULTILINE)
    kinds = [*problems._OF_ERROR.values(), *(kind for kind in vars(problems).values() if isinstance(kind, Kind))]
    over_http_alone = {problems.METHOD_NOT_ALLOWED, problems.ORIGIN_NOT_ALLOWED, problems.UPGRADE_REQUIRED}
    expected = {
        (kind.code, str(int(kind.status)), "" if kind in over_http_alone else kind.grpc.name)
        for kind in kinds
        if kind is not problems.SWITCHED_OFF  # it shares its code with INTERNAL, as the text says
    }
    assert set(rows) == expected
    assert len(rows) == len(expected)


def test_the_unit_for_systemd_runs_a_command_that_exists() -> None:
    [text] = re.findall(r"^```ini\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    unit = configparser.ConfigParser()
    unit.read_string(text)
    assert unit["Service"]["ExecStart"].endswith("/.venv/bin/goboard serve")
    assert unit["Service"]["KillMode"] == "mixed"


def test_every_link_leads_somewhere() -> None:
    found = re.findall(r"^##+ (.*)$", README, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target[1:] in headings if target.startswith("#") else (ROOT / target.partition("#")[0]).exists(), target


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
