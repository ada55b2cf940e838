"""What a backend promises of its requests: which of them count, and which of those went wrong."""

from typing import NamedTuple

from telemetry.config.monitoring import Objective
from telemetry.spec.promql import Scope, one_of


class Indicator(NamedTuple):
    """One kind of request."""

    here: Scope
    """Where it is measured, and recorded."""
    slo: str
    """As the recorded series call it."""
    title: str
    """As alerts call it."""
    what: str
    objective: Objective
    total: str
    bad: str


class TenantIndicator(NamedTuple):
    """One kind of request, or of what is sent, of each tenant."""

    slo: str
    what: str
    objective: Objective
    total: str
    """By `tenant`, as `bad` is."""
    bad: str


class Tenants(NamedTuple):
    """The tenants that are told apart, and where they are measured."""

    here: Scope
    ids: tuple[str, ...]

    def rate(self, metric: str, label: str, *matchers: str) -> str:
        """Return the growth of a counter per second by `tenant`, whatever its own label is called."""
        found = self.here.rate(metric, "5m", one_of(label, self.ids), *matchers, by=label)
        if label == "tenant":
            return found
        return f'sum by (tenant) (label_replace({found}, "tenant", "$1", "{label}", "(.+)"))'


def parts_of(whole: str, *parts: str) -> str:
    """Return the sum of parts of a whole, by its labels; a part without a series is nothing."""
    return " + ".join(f"({part} or 0 * {whole})" for part in parts)


def of_requests(
    here: Scope, slo: str, title: str, what: str, objective: Objective, prefix: str, route: str
) -> Indicator:
    """Return the indicator of requests of a Weaveworks-style server, whose histogram has route and status."""
    histogram = f"{prefix}_request_duration_seconds"
    total, well = here.rate(f"{histogram}_count", "5m", route), 'status_code!~"5.."'
    if objective.latency is None:
        good = here.rate(f"{histogram}_count", "5m", route, well)
    else:
        good = here.rate(f"{histogram}_bucket", "5m", route, well, f'le=~"{bucket(objective.latency)}"')
    # What is not there counts as nothing: no request ever failed, or none ever succeeded.
    return Indicator(here, slo, title, what, objective, total, f"{total} - ({good} or vector(0))")


def bucket(latency: str) -> str:
    """Return a bucket's bound as a regular expression: Prometheus 3 writes 1.0 where others write 1."""
    seconds = f"{seconds_of(latency):g}"
    return seconds.replace(".", "[.]") if "." in seconds else f"{seconds}([.]0)?"


def seconds_of(latency: str) -> float:
    """Return the seconds of a promised time."""
    return float(latency[:-2]) / 1000 if latency.endswith("ms") else float(latency[:-1])
