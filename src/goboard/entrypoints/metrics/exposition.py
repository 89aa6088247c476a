"""What Prometheus reads."""

import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from goboard.entrypoints.metrics.families import FAMILIES, Family, Labels, Values
from goboard.entrypoints.metrics.folder import Numbers


def media_type(accept: str) -> str:
    """Give the form (a media type) of those there are that `accept` asks for."""
    return choose_encoder(accept)[1]


def exposed(numbers: Numbers, accept: str) -> bytes:
    """Say the numbers in the form that `accept` asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(numbers))
    encode, _ = choose_encoder(accept)
    return encode(registry)


class _Numbers(Collector):
    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[Metric]:
        yield _build_info()
        for family in FAMILIES:
            yield _metric(family, self._numbers.get(family.name, {}))


def _build_info() -> Metric:
    metric = GaugeMetricFamily("goboard_build_info", "Which goboard serves.", labels=("version", "python"))
    metric.add_metric((version("goboard"), platform.python_version()), 1)
    return metric


def _metric(family: Family, samples: dict[Labels, Values]) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.text, labels=family.labels)
        for labels, values in samples.items():
            histogram.add_metric(labels, list(_buckets(family, values)), values[-1])
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.text, labels=family.labels)
    for labels, values in samples.items():
        metric.add_metric(labels, values[0])
    return metric


def _buckets(family: Family, values: Values) -> Iterator[tuple[str, float]]:
    bounds = [*map(floatToGoString, family.bounds), "+Inf"]
    return zip(bounds, accumulate(values[:-1]), strict=True)
