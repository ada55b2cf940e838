"""Where pods run and how their replicas are kept apart, in the terms of a pod's spec."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from telemetry.config.placement import Placement, RolePlacement, Toleration
from telemetry.config.resources import Nodes
from telemetry.config.roles import Bandwidth, Role
from telemetry.spec.context import Surroundings
from telemetry.spec.values.affinity import in_kubernetes_terms
from telemetry.spec.values.common import Values

ROLLING: Values = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
"""How a Deployment of two or more replicas is updated: one at a time, so never to zero, and within the same quota."""


class Placed(Protocol):
    """What says where pods run: a backend's placement, or the collector's own settings."""

    @property
    def node_selector(self) -> Mapping[str, str]:
        """Labels that a node must have."""

    @property
    def tolerations(self) -> Sequence[Toleration]:
        """Taints that the pods tolerate."""

    @property
    def priority_class(self) -> str | None:
        """Their priority class; None is the stack's."""


def pod_placement(context: Surroundings, placement: Placed) -> Values:
    """Return a pod's `nodeSelector`, `tolerations` and `priorityClassName`, each only where it is set."""
    common = context.priority_class
    chosen: Values = {
        "nodeSelector": placement.node_selector,
        "tolerations": [toleration.model_dump(exclude_none=True) for toleration in placement.tolerations],
        "priorityClassName": placement.priority_class or (common.name if common else None),
    }
    return {key: value for key, value in chosen.items() if value}


def pod_of(placement: Placement, role: Role) -> Values:
    """Return what is said of the pods of one role alone, each key only where it is set; annotations beside the spec's.

    Args:
        placement: where the pods of the whole backend may run.
        role: the role.
    """
    own = role.placement or RolePlacement()
    affinity, bandwidth = placement.of(own).affinity, role.bandwidth or Bandwidth()
    limits = {f"kubernetes.io/{way}-bandwidth": value for way, value in bandwidth if value is not None}
    chosen: Values = {
        "nodeSelector": own.node_selector,
        "tolerations": [each.model_dump(exclude_none=True) for each in own.tolerations or ()],
        "affinity": in_kubernetes_terms(affinity) if affinity else None,
        "priorityClassName": own.priority_class,
        "terminationGracePeriodSeconds": role.termination_grace,
        "podAnnotations": limits,
    }
    return {key: value for key, value in chosen.items() if value}


def spread(
    placement: Placement, *, nodes: Nodes | None, replicas: int, selector: dict[str, str] | None = None
) -> list[Values]:
    """Return the topology spread constraints of a role.

    A hard rule where there is a node for every replica, so that one lost node takes one replica: nodes that are
    drained do not count (`nodeTaintsPolicy`), so it never holds up a pod for their sake. The same for racks and zones,
    where nodes are known to have such a label: without one they take no pod at all. Otherwise best effort.

    Args:
        placement: what to spread over.
        nodes: the cluster's nodes, if known.
        replicas: the pods to be spread, the most of them where they scale.
        selector: the labels of the role's pods; None where the chart adds them itself.
    """
    labels: Values = {"labelSelector": {"matchLabels": selector}} if selector else {}
    return [
        {
            "maxSkew": 1,
            "whenUnsatisfiable": "DoNotSchedule" if is_hard(key, nodes, replicas) else "ScheduleAnyway",
            "nodeTaintsPolicy": "Honor",
            "topologyKey": key,
            **labels,
        }
        for key in placement.spread_over
    ]


def is_hard(key: str, nodes: Nodes | None, replicas: int) -> bool:
    """Whether replicas are kept apart by a rule, and not only where that is possible."""
    return nodes is not None and nodes.domains(key) >= replicas
