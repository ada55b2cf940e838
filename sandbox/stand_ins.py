"""What in the sandbox is not the real part, as data: `make status` and docs/architecture.md show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.plugins.install import Kind


@dataclass(frozen=True)
class StandIn:
    """One part that stands in for another. ``plugin`` is the provider that it is, if it is one."""

    part: str
    instead_of: str
    how_far: str
    plugin: str = ""
    real_nodes_replace: bool = False


STAND_INS = (
    StandIn(
        "plugin for aws (`sandbox/plugins/aws.py`)",
        "pulumi-resource-aws",
        "buckets and what is set on them, with the calls, ids, replacements and errors of the real one; a real one of "
        "the SDK's version in `~/.pulumi/plugins` is used in its place",
        plugin="aws",
    ),
    StandIn(
        "plugin for grafana (`sandbox/plugins/grafana.py`)",
        "pulumi-resource-grafana",
        "datasources, folders and dashboards, likewise; a real one is used in its place",
        plugin="grafana",
    ),
    StandIn(
        "Grafana's API (`sandbox/world/grafana.py`)",
        "Grafana",
        "datasources, folders, dashboards and organisations are kept and answered; nothing is queried or shown",
    ),
    StandIn(
        "charts (`sandbox/charts/`)",
        "tempo, tempo-distributed, mimir-distributed, loki, pyroscope, alloy, prometheus, thanos, alertmanager",
        "names, value paths, workloads and configuration of the real ones for the values that this program sets, held "
        "against lists of the real ones' values (`telemetry/charts/`)",
    ),
    StandIn(
        "kwok",
        "kubelets and the containers of all pods",
        "pods are admitted, scheduled and bound to volumes for real, then reported ready without running",
        real_nodes_replace=True,
    ),
    StandIn(
        "kinds of the Prometheus operator (`sandbox/world/operator.py`)",
        "a Prometheus operator and its Prometheus",
        "PodMonitor and PrometheusRule objects are checked by the operator's own definitions, and kept; nothing is "
        "scraped, and no rule evaluated",
    ),
    StandIn(
        "sinks behind the gateway (`sandbox/gateway/`), in tests of it",
        "Tempo, Loki and Pyroscope",
        "they take and count what arrives, and answer by the API's documentation; nothing is kept",
    ),
    StandIn(
        "receivers of chat and pager (`tests/sandbox/slack_and_pagerduty.py`), in tests of alerting",
        "Slack's incoming webhooks, PagerDuty's Events API",
        "messages and events must have the shape that their documentation says, or are refused; nobody is told",
    ),
    StandIn(
        "OpenID provider (`sandbox/gateway/oidc.py`), in tests of the gateway",
        "Keycloak, Dex and others",
        "it shows its key and signs tokens, which the real oauth2-proxy verifies; nobody logs in",
    ),
)


def rows(plugins: Mapping[str, Kind], *, real_nodes: bool = False) -> list[tuple[str, str, str]]:
    """Return part, what it stands in for and how far; without what is real."""
    return [
        (each.part, each.instead_of, each.how_far)
        for each in STAND_INS
        if not each.plugin or plugins.get(each.plugin, "stand-in") == "stand-in"
        if not (real_nodes and each.real_nodes_replace)
    ]
