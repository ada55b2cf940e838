"""Objects of the Prometheus operator (monitoring.coreos.com/v1): what is scraped, and the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.config.existing import ScrapeAccess
from telemetry.monitoring.rules import families_of, group_of, groups_of_packs, object_name
from telemetry.monitoring.scraping import targets_of
from telemetry.spec.cluster import LABEL
from telemetry.spec.values.transport import backends_secret, server_name
from telemetry.stack import Stack

GROUP, VERSION = "monitoring.coreos.com", "v1"
PLURALS = {"PrometheusRule": "prometheusrules", "PodMonitor": "podmonitors"}
"""What paths of the API server call each kind."""


@dataclass(frozen=True)
class OperatorObject:
    """An object that an operator reads."""

    kind: str
    name: str
    namespace: str
    spec: dict[str, Any]


def kinds_of(stack: Stack) -> dict[str, str]:
    """Return the kinds of objects that a stack has, by the setting that asks for them."""
    chosen = stack.monitoring
    rules = {"monitoring.rules": "PrometheusRule"} if chosen.rules == "prometheus-rule" else {}
    return rules | ({"monitoring.scrape": "PodMonitor"} if chosen.scrape == "operator" else {})


def prometheus_rules(stack: Stack) -> Iterator[OperatorObject]:
    """Yield the rules, a group each, the user's own last: one object has room for 1 MiB."""
    for family in families_of(stack):
        group = group_of(family, stack)
        yield _object(stack, "PrometheusRule", group["name"], family.namespace, {"groups": [group]})
    for group in groups_of_packs(stack):
        yield _object(stack, "PrometheusRule", object_name(group), None, {"groups": [group]})


def pod_monitors(stack: Stack) -> Iterator[OperatorObject]:
    """Yield what is scraped, an object for each target."""
    for target in targets_of(stack):
        endpoint = {
            "interval": f"{stack.monitoring.scrape_interval}s",
            "relabelings": [_of_port(target.port), *_of_cluster(stack)],
            **(_tls(stack) if target.tls else {}),
            **(_shown(target.access) if target.access is not None else {}),
        }
        spec = {"selector": target.selector, "podMetricsEndpoints": [endpoint]}
        yield _object(stack, "PodMonitor", f"telemetry-{target.name}", target.namespace, spec)


def _object(stack: Stack, kind: str, name: str, namespace: str | None, spec: dict[str, Any]) -> OperatorObject:
    """Return an object, in the namespace of what it is about: on OpenShift it says nothing of any other.

    In a namespace of others, other stacks may have theirs too. Source: `ignoreNamespaceSelectors` and
    `enforcedNamespaceLabel` of
    https://github.com/openshift/cluster-monitoring-operator/blob/main/assets/prometheus-user-workload/prometheus.yaml
    """
    if namespace in (None, stack.namespace.name):
        return OperatorObject(kind, name, stack.namespace.name, spec)
    return OperatorObject(kind, f"{name}-{stack.environment}", str(namespace), spec)


def _of_port(number: int) -> Mapping[str, Any]:
    """Return what keeps one port of a pod.

    Charts call their ports differently, and `portNumber` is younger (operator 0.79) than many an OpenShift's operator,
    whose API server would drop it without a word.
    """
    return {"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_container_port_number"], "regex": str(number)}


def _of_cluster(stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Yield what says of which cluster a sample is, where that has a name."""
    if stack.kubernetes.cluster is not None:
        yield {"action": "replace", "targetLabel": LABEL, "replacement": stack.kubernetes.cluster}


def _tls(stack: Stack) -> Mapping[str, Any]:
    """Return how the backends are trusted; nothing where they speak no TLS."""
    if (backends := backends_secret(stack)) is None:
        return {}
    authority = {"secret": {"name": backends.name, "key": backends.authority}}
    return {"scheme": "https", "tlsConfig": {"ca": authority, "serverName": server_name(stack.namespace.name)}}


def _shown(access: ScrapeAccess) -> Mapping[str, Any]:
    """Return what is shown to pods of others, and whom to trust there."""
    secret, token = access.certificate, access.token
    certificate, authority = (
        {"secret": {"name": secret.name, "key": key}} for key in (secret.certificate, secret.authority)
    )
    bearer = {} if token is None else {"authorization": {"credentials": {"name": token.name, "key": token.key}}}
    return {
        "scheme": "https",
        "tlsConfig": {
            "ca": authority,
            "cert": certificate,
            "keySecret": {"name": secret.name, "key": secret.private_key},
            "serverName": access.server_name,
        },
        **bearer,
    }
