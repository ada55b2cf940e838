"""The workloads that are not ready, each with the reasons: quota, scheduling, image, volume, probe, memory, crash."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # its client takes a second to load, and whoever shows what was found does not need it
    from telemetry.operations.readiness.objects import Objects

Object = Mapping[str, Any]
_RELEASE = "meta.helm.sh/release-name"
_NORMAL = ("ContainerCreating", "PodInitializing")
"""What a container waits for that is about to start."""
_LONGEST = 400
_MOST_WARNINGS = 3
_REVISION = "controller-revision-hash"


@dataclass(frozen=True)
class Log:
    """What a container has written: in this run of it, or in the one before."""

    pod: str
    container: str
    before: bool


@dataclass(frozen=True)
class Unready:
    """A workload that is not ready."""

    kind: str
    name: str
    release: str | None
    """The Helm release that it is of."""
    ready: int
    desired: int
    reasons: tuple[str, ...]
    ordered: bool = False
    """Whether it is a StatefulSet that waits for each of its pods to be ready before it goes on to the next."""
    stuck: tuple[str, ...] = ()
    """Pods of a StatefulSet that are of an earlier template and will never be replaced while they are not ready."""
    logs: tuple[Log, ...] = ()
    """Where more may be said: one log of each container that has run and is not ready."""

    def __str__(self) -> str:
        """Return what it is and how far it got."""
        return f"{self.kind} {self.name}: {self.ready} of {self.desired} pods ready"


def unready(objects: "Objects", workloads: Iterable[Object] | None = None) -> tuple[Unready, ...]:
    """Return those of some workloads of a namespace, or of all, that are not ready."""
    chosen = objects.workloads() if workloads is None else workloads
    return tuple(_unready(objects, each) for each in chosen if not _is_ready(each))


def release_of(workload: Object) -> str | None:
    """Return the name of the Helm release that a workload is of; None if it is of none."""
    release: str | None = (workload["metadata"].get("annotations") or {}).get(_RELEASE)
    return release


def _unready(objects: "Objects", workload: Object) -> Unready:
    ready, desired = _counts(workload)
    makers = [workload, *objects.owned(workload, "ReplicaSet")]
    pods = [pod for maker in makers for pod in objects.owned(maker, "Pod") if not _pod_is_ready(pod)]
    stuck = tuple(pod["metadata"]["name"] for pod in pods if _is_stuck(workload, pod))
    reasons = [*_of_workload(objects, workload, makers), *(line for pod in pods for line in _of_pod(objects, pod))]
    reasons += [
        f"pod {name} is of the template before: Kubernetes replaces no pod of an ordered StatefulSet that never became "
        "ready, so it has to be deleted"
        for name in stuck
    ]
    return Unready(
        workload["kind"],
        workload["metadata"]["name"],
        release_of(workload),
        ready,
        desired,
        tuple(dict.fromkeys(reasons)),
        _is_ordered(workload),
        stuck,
        tuple({log.container: log for pod in pods for log in _logs(pod)}.values()),
    )


def _counts(workload: Object) -> tuple[int, int]:
    """Return how many pods are ready, of the template that is wanted, and how many there should be."""
    spec, status = workload.get("spec") or {}, workload.get("status") or {}

    def of(key: str) -> int:
        return int(status.get(key) or 0)

    match workload["kind"]:
        case "DaemonSet":
            return min(of("numberReady"), of("updatedNumberScheduled")), of("desiredNumberScheduled")
        case "Job":
            return of("succeeded"), 0 if spec.get("suspend") else int(spec.get("completions") or 1)
        case _:
            desired = 1 if spec.get("replicas") is None else int(spec["replicas"])
            return min(of("readyReplicas"), _updated(workload, of("updatedReplicas"))), desired


def _updated(workload: Object, updated: int) -> int:
    """Return how many pods are of the newest template; all, where a person is to replace them."""
    strategy = ((workload.get("spec") or {}).get("updateStrategy") or {}).get("type")
    return int((workload.get("status") or {}).get("readyReplicas") or 0) if strategy == "OnDelete" else updated


def _is_ready(workload: Object) -> bool:
    ready, desired = _counts(workload)
    return ready >= desired and (workload["kind"] == "Job" or _sees_its_template(workload))


def _sees_its_template(workload: Object) -> bool:
    """Whether what its status says is of what its spec says now."""
    seen = (workload.get("status") or {}).get("observedGeneration")
    generation = workload["metadata"].get("generation")
    return seen is None or generation is None or bool(seen >= generation)


def _of_workload(objects: "Objects", workload: Object, makers: list[Object]) -> Iterator[str]:
    """Yield why there are no pods: what makes them says so, as long as it is tried again."""
    failures = [
        condition
        for condition in (workload.get("status") or {}).get("conditions") or ()
        if condition.get("type") in ("ReplicaFailure", "Failed") and condition.get("status") == "True"
    ]
    yield from (_text(each.get("reason"), each.get("message")) for each in failures)
    if not failures:
        for maker in makers:
            yield from _warnings(objects, maker)


def _of_pod(objects: "Objects", pod: Object) -> Iterator[str]:
    """Yield why a pod is not ready, by its own status and then by the warnings about it."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    reasons = list(_of_status(status))
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        reasons += _of_claim(objects, claim) if claim else ()
    warned = [line for line in _warnings(objects, pod) if not any(line.endswith(said) for said in _messages(status))]
    found = [*reasons, *warned] or [str(status.get("phase") or "of unknown state")]
    yield from (f"pod {name}: {line}" for line in found)


def _of_status(status: Mapping[str, Any]) -> Iterator[str]:
    if status.get("reason"):  # such as Evicted
        yield _text(status["reason"], status.get("message"))
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield _text(condition.get("reason"), condition.get("message"))
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        yield from _of_container(container)


def _of_container(container: Mapping[str, Any]) -> Iterator[str]:
    name, state = container["name"], container.get("state") or {}
    waiting, ended = state.get("waiting"), state.get("terminated")
    before = (container.get("lastState") or {}).get("terminated")
    if waiting and waiting.get("reason") not in _NORMAL:
        yield f"container {name}: {_text(waiting.get('reason'), waiting.get('message'))}"
    for end in (ended, before):
        if end and (end.get("exitCode") or end.get("reason") == "OOMKilled"):
            yield f"container {name} ended with {end.get('reason', 'an error')} (exit code {end.get('exitCode')})"
    if "running" in state and not container.get("ready"):
        yield f"container {name} runs, and its probe does not say that it is ready"


def _logs(pod: Object) -> Iterator[Log]:
    status = pod.get("status") or {}
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state, before = container.get("state") or {}, bool((container.get("lastState") or {}).get("terminated"))
        failed = bool((state.get("terminated") or {}).get("exitCode"))
        if failed or before or ("running" in state and not container.get("ready")):
            yield Log(pod["metadata"]["name"], container["name"], before and not failed)


def _of_claim(objects: "Objects", name: str) -> Iterator[str]:
    for claim in objects.of.get("PersistentVolumeClaim", ()):
        if claim["metadata"]["name"] == name and (claim.get("status") or {}).get("phase") != "Bound":
            phase = (claim.get("status") or {}).get("phase") or "Pending"
            yield from (
                f"volume claim {name} is {phase}: {line}" for line in [*_warnings(objects, claim)] or ["no event"]
            )


def _warnings(objects: "Objects", about: Object) -> list[str]:
    """Return the last warnings about an object, each text once."""
    texts = dict.fromkeys(_text(each.get("reason"), each.get("message")) for each in objects.warnings(about)[::-1])
    return list(texts)[:_MOST_WARNINGS]


def _messages(status: Mapping[str, Any]) -> list[str]:
    """Return the messages of the conditions, which events only repeat."""
    return [_short(each["message"]) for each in status.get("conditions") or () if each.get("message")]


def _is_stuck(workload: Object, pod: Object) -> bool:
    """Whether a pod is of an earlier template, and its StatefulSet waits for it to become ready before it goes on."""
    newest = (workload.get("status") or {}).get("updateRevision")
    return (
        _is_ordered(workload)
        and bool(newest)
        and _sees_its_template(workload)
        and (pod["metadata"].get("labels") or {}).get(_REVISION) != newest
    )


def _is_ordered(workload: Object) -> bool:
    spec = workload.get("spec") or {}
    rolls = (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
    return bool(workload["kind"] == "StatefulSet" and ordered and rolls)


def _pod_is_ready(pod: Object) -> bool:
    status = pod.get("status") or {}
    conditions = status.get("conditions") or ()
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return ready or status.get("phase") == "Succeeded" or bool(pod["metadata"].get("deletionTimestamp"))


def _text(reason: object, message: object) -> str:
    return ": ".join(_short(str(part)) for part in (reason, message) if part)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
