"""What an alert is tested with: series that go in, and whether it fires at a moment."""

from typing import NamedTuple

from telemetry.spec.promql import equal
from tests.support import EVERY_SIGNAL, WITH_THANOS_IN_PROD, Change, all_of, put
from tests.unit.bad_collectors import DAEMON_SET

EVERYTHING: Change = all_of(
    put("monitoring.exporters", ["kube-state-metrics", "cadvisor", "kubelet", "seaweedfs", "cert-manager", "blackbox"]),
    put("monitoring.certificates", {"object_store": "storage/seaweedfs-s3"}),
    put("monitoring.rules", "none"),  # OpenShift's monitoring would show them nothing of cert-manager's
    put("gateway.certificate", {"source": "cert-manager", "issuer": {"name": "ours"}}),
    put("namespace.requested_quota.cpu", "20"),  # for the collector
    put("collector", {**DAEMON_SET, "tenant": "platform"}),
    EVERY_SIGNAL["prod"],
    put("gateway.federation", {"token": {"issued_on": "2000-01-01", "valid_for": "30d"}}),
)
"""The prod stack with every signal, every exporter, a collector and both kinds of certificates, which has every alert
there is but for those of other backends."""
WITH_THANOS: Change = all_of(EVERYTHING, WITH_THANOS_IN_PROD, put("monitoring.tenant", "platform"))
"""The same with its metrics in Prometheus with Thanos."""
HERE = 'namespace="ca7f8f-prod"'


class Case(NamedTuple):
    """One history and what the alert says of it."""

    alert: str
    why: str
    fires: bool
    series: dict[str, str]
    """Values per minute, as promtool writes them: `0+5x60` grows by 5 for an hour, `_` is a gap."""
    at: str = "2h"
    labels: str = ""
    """Matchers that a firing alert must have, beside its name."""


def fires(alert: str, why: str, series: dict[str, str], labels: str = "", at: str = "2h") -> Case:
    """Return a case in which the alert fires."""
    return Case(alert, why, True, series, at, labels)


def silent(alert: str, why: str, series: dict[str, str], at: str = "2h") -> Case:
    """Return a case in which it does not."""
    return Case(alert, why, False, series, at)


def of(metric: str, **labels: str) -> str:
    """Return a series of the stack's namespace."""
    return f"{metric}{{{', '.join((HERE, *equal(**labels)))}}}"
