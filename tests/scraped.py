"""What /metrics tells, as Prometheus would read it."""

from collections.abc import Mapping
from typing import NamedTuple

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from services import Service

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Scraped(NamedTuple):
    """Samples by their name and labels."""

    kinds: Mapping[str, str]
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, name: str, **labels: str) -> float:
        """Give a sample; what was never counted is not there, and counts as 0."""
        return self.samples.get((name, frozenset(labels.items())), 0.0)

    def labels(self, name: str) -> set[str]:
        """Give all values that a label has anywhere."""
        return {value for _, labels in self.samples for label, value in labels if label == name}


def scrape(service: Service) -> Scraped:
    """Read /metrics by the strict parser of OpenMetrics."""
    reply = httpx.get(f"{service.base}/metrics", headers={"Accept": OPENMETRICS})
    reply.raise_for_status()
    return parsed(reply.text)


def parsed(text: str) -> Scraped:
    families = list(text_string_to_metric_families(text))
    samples = {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in families
        for sample in family.samples
    }
    return Scraped({family.name: family.type for family in families}, samples)
