"""HorizontalPodAutoscalers, and disruption budgets of what they scale, in Kubernetes' own terms."""

from collections.abc import Mapping

from telemetry.config.autoscaling import Autoscaling, Metric
from telemetry.spec.values.common import Values, named


def autoscaler(deployment: str, scaling: Autoscaling, *, name: str | None = None) -> Values:
    """Return an autoscaler of the program's own.

    Args:
        deployment: the Deployment that it scales.
        scaling: between which numbers of pods, and by what.
        name: what it is called; None is as the Deployment.
    """
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name or deployment},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": [*_of_cpu(scaling.cpu_percent), *custom_metrics(scaling)],
        },
    }


def disruption_budget(name: str, selector: Mapping[str, str]) -> Values:
    """Return a budget that lets one pod go at a time.

    Args:
        name: what it is called.
        selector: the labels of the pods.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": dict(selector)}},
    }


def custom_metrics(scaling: Autoscaling) -> list[Values]:
    """Return what counts besides CPU."""
    return [_in_kubernetes_terms(each) for each in scaling.metrics]


def _of_cpu(percent: int | None) -> list[Values]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return [] if percent is None else [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _in_kubernetes_terms(metric: Metric) -> Values:
    described: Values = {}
    if (of := metric.described_object) is not None:
        described = {"describedObject": {"apiVersion": of.api_version, "kind": of.kind, "name": of.name}}
    selector = named("selector", named("matchLabels", metric.labels))
    return {
        "type": metric.type.title(),
        metric.type: {**described, "metric": {"name": metric.name, **selector}, "target": _target(metric)},
    }


def _target(metric: Metric) -> Values:
    if metric.value is not None:
        return {"type": "Value", "value": metric.value}
    return {"type": "AverageValue", "averageValue": metric.average_value}
