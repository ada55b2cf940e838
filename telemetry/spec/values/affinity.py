"""An affinity in Kubernetes' own terms, which are longer."""

from telemetry.config.affinity import Affinity, NodeAffinity, NodeTerm, PodAffinity, PodTerm
from telemetry.spec.values.common import Values

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def in_kubernetes_terms(affinity: Affinity) -> Values:
    """Return a pod's `affinity`."""
    chosen: Values = {
        "nodeAffinity": affinity.nodes and _nodes(affinity.nodes),
        "podAffinity": affinity.beside and _pods(affinity.beside),
        "podAntiAffinity": affinity.apart_from and _pods(affinity.apart_from),
    }
    return {key: value for key, value in chosen.items() if value}


def _nodes(affinity: NodeAffinity) -> Values:
    required = {"nodeSelectorTerms": [_node_term(each) for each in affinity.required]}
    preferred = [{"weight": each.weight, "preference": _node_term(each)} for each in affinity.preferred]
    return {**({REQUIRED: required} if affinity.required else {}), **({_PREFERRED: preferred} if preferred else {})}


def _node_term(term: NodeTerm) -> Values:
    return {
        "matchExpressions": [
            {"key": each.key, "operator": each.operator, **({"values": each.values} if each.values else {})}
            for each in term.requirements
        ]
    }


def _pods(affinity: PodAffinity) -> Values:
    required = [_pod_term(each) for each in affinity.required]
    preferred = [{"weight": each.weight, "podAffinityTerm": _pod_term(each)} for each in affinity.preferred]
    return {**({REQUIRED: required} if required else {}), **({_PREFERRED: preferred} if preferred else {})}


def _pod_term(term: PodTerm) -> Values:
    elsewhere = {"namespaces": term.namespaces} if term.namespaces else {}
    return {"topologyKey": term.topology_key, "labelSelector": {"matchLabels": term.labels}, **elsewhere}
