"""The list of metrics, spans and variables in docs/observability.md is what the server has."""

import re
from pathlib import Path

from opentelemetry.sdk import environment_variables

from goboard.adapters.redis import scripts
from goboard.adapters.redis.scripts import Script
from goboard.entrypoints.metrics.families import FAMILIES

DOCUMENT = (Path(__file__).parents[2] / "docs/observability.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return DOCUMENT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_metric_is_listed_with_its_kind_and_labels() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", section("Metrics"), re.MULTILINE)
    expected = [
        (
            f"{family.name}_total" if family.kind == "counter" else family.name,
            family.kind,
            ", ".join(f"`{label}`" for label in family.labels),
            family.text,
        )
        for family in FAMILIES
    ]
    assert rows == [("goboard_build_info", "gauge", "`version`, `python`", "Which goboard serves."), *expected]


def test_every_script_that_a_label_may_name_is_told_of() -> None:
    [listed] = re.findall(r"^- `script` is .*?(?=^- |\n\n)", section("Metrics"), re.MULTILINE | re.DOTALL)
    names = {each.name for each in vars(scripts).values() if isinstance(each, Script)}
    assert names <= set(re.findall(r"`(\w+)`", listed))


def test_the_variables_of_opentelemetry_exist() -> None:
    named = set(re.findall(r"`?\b(OTEL_[A-Z_]+)\b", DOCUMENT))
    assert named <= set(vars(environment_variables))
    assert len(named) > 5
