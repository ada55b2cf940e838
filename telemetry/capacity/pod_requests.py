"""What rendered Kubernetes objects ask for, counted as the scheduler and a ResourceQuota count it.

Left out are only what the cluster adds by itself: a LimitRange's defaults and admission webhooks' sidecars.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from telemetry.capacity.footprint import Footprint
from telemetry.kubernetes.manifests import flatten_lists, is_deployed

Object = Mapping[str, Any]
"""A Kubernetes object as parsed from YAML."""

_SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


class UncountableError(ValueError):
    """An object whose pods cannot be counted from its text; the message names it and says why."""


def footprint(objects: Iterable[Object | None], *, at_most: bool = False, nodes: int | None = None) -> Footprint:
    """Return what all objects ask for together.

    A role with an autoscaler counts at its minimum, or with `at_most` at its maximum; Jobs and CronJobs count while
    they run; hooks count unless they only run in tests, roll-backs or deletion.

    Args:
        objects: parsed YAML documents; empty ones and `List`s are fine.
        at_most: whether autoscalers have added all that they may.
        nodes: how many nodes a DaemonSet runs on.

    Raises:
        UncountableError: a DaemonSet without `nodes`, pods of a kind that is not known here, or a bad quantity.
    """
    flat = [each for each in flatten_lists(objects) if is_deployed(each)]
    scalers = {_target(each): each["spec"] for each in flat if each["kind"] == "HorizontalPodAutoscaler"}
    total = Footprint()
    for each in flat:
        try:
            total += _of_object(each, scalers.get((each["kind"], _name(each))), at_most=at_most, nodes=nodes)
        except (ValueError, KeyError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else error
            raise UncountableError(f"{each['kind']} {_name(each)}: {reason}") from error
    return total


def _of_object(each: Object, scaler: Object | None, *, at_most: bool, nodes: int | None) -> Footprint:
    kind, spec = each["kind"], each.get("spec") or {}
    match kind:
        case "PersistentVolumeClaim":
            return _of_claim(each)
        case "Pod":
            return of_pod(spec)
        case _ if kind in _SCALED:
            claims = sum(map(_of_claim, spec.get("volumeClaimTemplates") or ()), Footprint())
            return _replicas(spec, scaler, at_most=at_most) * (of_pod(_template(spec)) + claims)
        case "DaemonSet":
            if nodes is None:
                raise ValueError("runs on every node; say how many there are")
            return nodes * of_pod(_template(spec))
        case "Job":
            return _of_job(spec)
        case "CronJob":
            return Footprint() if spec.get("suspend") else _of_job(spec["jobTemplate"]["spec"])
        case _ if _template(spec).get("containers"):
            raise ValueError("has pods, but how many of them this kind makes is not known here")
        case _:
            return Footprint()


def _replicas(spec: Object, scaler: Object | None, *, at_most: bool) -> int:
    """Return the number of pods: an autoscaler's, unless it is switched off by a scale of 0; else what is written."""
    written = spec.get("replicas")
    replicas = 1 if written is None else int(written)
    if scaler is None or replicas == 0:
        return replicas
    return int(scaler["maxReplicas"] if at_most else scaler.get("minReplicas") or 1)


def _of_job(spec: Object) -> Footprint:
    """Return the pods of one run that exist at the same time."""
    if spec.get("suspend"):
        return Footprint()
    parallel, completions = spec.get("parallelism"), spec.get("completions")
    most = 1 if parallel is None else int(parallel)
    return (most if completions is None else min(most, int(completions))) * of_pod(_template(spec))


def of_pod(spec: Object) -> Footprint:
    """Return what one pod of a pod spec asks for.

    Sidecars (init containers that restart) run beside the containers. An ordinary init container runs alone but for
    the sidecars started before it, so the largest of them counts where it exceeds the rest. Requests of the pod as a
    whole take the place of its containers'.
    """
    return Footprint(
        cpu=math.ceil(1000 * _of_pod(spec, "cpu")),
        memory=math.ceil(_of_pod(spec, "memory")),
        storage=sum(_storage(claim["spec"]) for claim in _ephemeral_claims(spec)),
        pods=1,
        ephemeral=math.ceil(_of_pod(spec, "ephemeral-storage")),
    )


def _of_pod(spec: Object, resource: str) -> Decimal:
    whole = spec.get("resources") or {}
    asked = _amount(whole.get("requests"), resource)
    if asked is None:
        asked = _of_containers(spec, resource) or _amount(whole.get("limits"), resource) or Decimal()
    return asked + (_amount(spec.get("overhead"), resource) or Decimal())


def _of_containers(spec: Object, resource: str) -> Decimal:
    running = sum((_request(container, resource) for container in spec.get("containers") or ()), Decimal())
    sidecars = starting = Decimal()
    for container in spec.get("initContainers") or ():
        asked = _request(container, resource)
        if container.get("restartPolicy") == "Always":
            sidecars += asked
            starting = max(starting, sidecars)
        else:
            starting = max(starting, sidecars + asked)
    return max(running + sidecars, starting)


def _request(container: Object, resource: str) -> Decimal:
    """Return a container's request; one that is left out is the limit (the API server fills it in)."""
    resources = container.get("resources") or {}
    asked = _amount(resources.get("requests"), resource)
    if asked is None:
        asked = _amount(resources.get("limits"), resource)
    return asked or Decimal()


def _ephemeral_claims(spec: Object) -> Iterator[Object]:
    for volume in spec.get("volumes") or ():
        if volume.get("ephemeral"):
            yield volume["ephemeral"]["volumeClaimTemplate"]


def _of_claim(claim: Object) -> Footprint:
    return Footprint(storage=_storage(claim["spec"]))


def _storage(claim_spec: Object) -> int:
    asked = _amount((claim_spec.get("resources") or {}).get("requests"), "storage")
    return math.ceil(asked or 0)


def _amount(amounts: Object | None, resource: str) -> Decimal | None:
    """Return a Kubernetes quantity as a number; through text, because YAML reads `0.1` as a float."""
    amount = (amounts or {}).get(resource)
    return None if amount is None else Decimal(parse_quantity(str(amount)))


def _template(spec: Object) -> Object:
    """Return the pod spec of a workload's spec, empty if it has none."""
    template = spec.get("template")
    found = template.get("spec") if isinstance(template, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _target(scaler: Object) -> tuple[str, str]:
    target = scaler["spec"]["scaleTargetRef"]
    return target["kind"], target["name"]


def _name(each: Object) -> str:
    return str((each.get("metadata") or {}).get("name", ""))
