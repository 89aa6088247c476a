"""What Prometheus and Grafana are told to look at is what goboard tells."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from goboard.entrypoints import problems
from goboard.entrypoints.metrics.families import FAMILIES, Family
from goboard.entrypoints.settings import VARIABLES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana/goboard.json").read_text(encoding="utf-8"))
OF_SCRAPE = {"instance", "job"}
KNOWN_VALUES = {
    "code": {kind.code for kind in [*vars(problems).values(), *problems._OF_ERROR.values()] if hasattr(kind, "code")},
    "job": {"goboard"},
}


def loaded(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in loaded("alerts.yml")["groups"] for rule in group["rules"]]


def targets() -> list[dict[str, str]]:
    return [target for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def expressions() -> dict[str, str]:
    """Give each expression by where it stands, with a value for what Grafana puts in."""
    drawn = {
        f"{panel['title']} {target['refId']}": target["expr"].replace("$__rate_interval", "1m")
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    }
    return drawn | {rule["alert"]: rule["expr"] for rule in rules()}


def samples(family: Family) -> Iterator[tuple[str, set[str]]]:
    """Give the names by which Prometheus knows a metric, each with its labels."""
    labels = {*family.labels, *OF_SCRAPE}
    if family.kind == "histogram":
        yield f"{family.name}_bucket", labels | {"le"}
        yield from ((f"{family.name}_{part}", labels) for part in ("count", "sum"))
    else:
        yield f"{family.name}_total" if family.kind == "counter" else family.name, labels


TOLD = {name: labels for family in FAMILIES for name, labels in samples(family)} | {
    "up": OF_SCRAPE,
    "goboard_build_info": {"version", "python", *OF_SCRAPE},
}
EXPRESSIONS = expressions()


def parts(expression: str, kind: type) -> list[Any]:
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), lambda node: found.append(node) if type(node) is kind else None)
    return found


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_each_expression_asks_for_what_is_told(where: str) -> None:
    for selector in parts(EXPRESSIONS[where], promql_parser.VectorSelector):
        assert selector.name in TOLD
        for matcher in selector.matchers.matchers:
            assert matcher.name in TOLD[selector.name], (selector.name, matcher.name)
            if matcher.op == promql_parser.MatchOp.Equal:
                assert matcher.value in KNOWN_VALUES[matcher.name]
    for sums in parts(EXPRESSIONS[where], promql_parser.AggregateExpr):
        if sums.modifier:
            asked = parts(sums.expr.prettify(), promql_parser.VectorSelector)
            assert all(set(sums.modifier.labels) <= TOLD[selector.name] for selector in asked), sums.prettify()


@pytest.mark.parametrize("text", [*targets(), *rules()], ids=lambda text: text.get("alert") or text["legendFormat"])
def test_each_label_that_is_shown_is_there(text: dict[str, Any]) -> None:
    shown = json.dumps([text.get("legendFormat"), text.get("annotations")])
    named = set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", shown))
    kept = [
        set(sums.modifier.labels)
        for sums in parts(text["expr"].replace("$__rate_interval", "1m"), promql_parser.AggregateExpr)
        if sums.modifier
    ]
    assert named <= set.union(*kept) if kept else named <= OF_SCRAPE


def test_each_metric_is_drawn() -> None:
    asked = {selector.name for each in EXPRESSIONS.values() for selector in parts(each, promql_parser.VectorSelector)}
    assert [family.name for family in FAMILIES if not asked & {name for name, _ in samples(family)}] == []


def test_the_dashboard_s_panels_do_not_overlap_and_find_their_source() -> None:
    panels = DASHBOARD["panels"]
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"} == {"${datasource}"}
    assert DASHBOARD["templating"]["list"][0]["query"] == loaded("grafana/datasource.yml")["datasources"][0]["type"]


def test_rates_are_taken_over_what_prometheus_scrapes() -> None:
    source = loaded("grafana/datasource.yml")["datasources"][0]
    assert source["jsonData"]["timeInterval"] == loaded("prometheus.yml")["global"]["scrape_interval"]


def test_compose_starts_what_watches_only_when_told_and_pins_it() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    watching = {name for name, service in services.items() if service.get("profiles") == ["monitoring"]}
    assert watching == {"prometheus", "grafana"}
    for name in watching:
        assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", services[name]["image"])
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_compose_mounts_files_that_there_are_where_they_are_looked_for() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    mounted = dict(
        volume.split(":")[:2]
        for name in ("prometheus", "grafana")
        for volume in services[name]["volumes"]
        if volume.startswith("./")
    )
    assert {(ROOT / source).resolve() for source in mounted} == {
        path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".md"
    }
    inside = set(mounted.values())
    assert {f"/etc/prometheus/{file}" for file in loaded("prometheus.yml")["rule_files"]} <= inside
    assert services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in inside
    folder = loaded("grafana/dashboards.yml")["providers"][0]["options"]["path"]
    assert any(path.startswith(f"{folder}/") and path.endswith(".json") for path in inside)


def test_prometheus_is_given_the_token_and_goboard_s_address() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    [job] = loaded("prometheus.yml")["scrape_configs"]
    port = next(variable.default for variable in VARIABLES if variable.name == "HTTP_PORT")
    assert job["static_configs"] == [{"targets": [f"goboard{port}"]}]
    assert f"> {job['authorization']['credentials_file']} " in services["prometheus"]["command"][0]
    tokens = {services[name]["environment"]["METRICS_TOKEN"] for name in ("goboard", "prometheus")}
    assert tokens == {"${METRICS_TOKEN:-}"}
