"""Rules about what pods may do: to their node, to the cluster, and to themselves."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.collector.addresses import RELEASE as COLLECTOR
from telemetry.engine.preview import UNKNOWN
from telemetry.network.peers import workloads_of
from telemetry.policies.model import Breach, Manifest, World
from telemetry.policies.pods import Container, Pod, containers, pods

_DIGEST = re.compile(r"@[a-z0-9+._-]+:[0-9a-fA-F]{32,}$")
_TAG = re.compile(r":(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")
_FLOATING = re.compile(
    r"[a-z_.-]+|(latest|stable|mainline|main|master|edge|alpine|v?\d{1,3}(\.\d{1,3})?)(-[a-z][\w.-]*)?", re.IGNORECASE
)
"""Tags that are given to newer images too: words, names of lines, and versions of fewer than three numbers."""
_ROOT = 0
_DEFAULT_ACCOUNT = "default"


def images_have_a_version(world: World) -> Iterator[Breach]:
    """Yield images without a tag or with one that moves; a digest says more than a tag."""
    for each in containers(world):
        image = str(each.spec.get("image", ""))
        if image == UNKNOWN or _DIGEST.search(image):
            continue
        tag = _TAG.search(image.rpartition("/")[2])  # a registry's port is before the last slash
        if tag is None or _FLOATING.fullmatch(tag["tag"]):
            yield each.breach("image", image or "not set")


def images_have_a_digest(world: World) -> Iterator[Breach]:
    """Yield images without a digest, in a stack that wants them all to have one."""
    for each in containers(world) if world.stack.images.require_digests else ():
        image = str(each.spec.get("image", ""))
        if image != UNKNOWN and not _DIGEST.search(image):
            yield each.breach("image", image or "not set")


def no_privileged_containers(world: World) -> Iterator[Breach]:
    """Yield containers that are root on their node."""
    for each in containers(world):
        if each.security.get("privileged"):
            yield each.breach("securityContext.privileged", "true")


def no_privilege_escalation(world: World) -> Iterator[Breach]:
    """Yield containers in which a process may become more than it was."""
    for each in containers(world):
        allowed = each.security.get("allowPrivilegeEscalation")
        if allowed is not False:
            yield each.breach("securityContext.allowPrivilegeEscalation", _word(allowed))


def no_host_namespaces(world: World) -> Iterator[Breach]:
    """Yield pods that share their node's network, processes or memory, and ports of a node."""
    for pod in pods(world):
        for which in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(which):
                yield pod.breach(which, "true")
    for each in containers(world):
        for port in each.spec.get("ports") or ():
            if port.get("hostPort"):
                name = port.get("name", port.get("containerPort"))
                yield each.breach(f"ports[{name}].hostPort", str(port["hostPort"]))


def pods_are_known(world: World) -> Iterator[Breach]:
    """Yield pods that no NetworkPolicy of the stack opens anything for, where it has policies."""
    if not world.stack.security.network_policies:
        return
    known = [each.labels for each in workloads_of(world.stack)]
    for pod in pods(world):
        if not any(labels.items() <= pod.labels.items() for labels in known):
            yield pod.breach("containers", "in none of the stack's flows")


def no_host_paths(world: World) -> Iterator[Breach]:
    """Yield volumes that are directories of a node."""
    for pod in pods(world):
        for index, volume in enumerate(pod.spec.get("volumes") or ()):
            if "hostPath" in volume:
                path = (volume["hostPath"] or {}).get("path")
                yield pod.breach(f"volumes[{volume.get('name', index)}].hostPath", str(path))


def no_capabilities(world: World) -> Iterator[Breach]:
    """Yield containers that keep or add a part of root's rights."""
    for each in containers(world):
        capabilities = each.security.get("capabilities") or {}
        dropped = [str(name).upper() for name in capabilities.get("drop") or ()]
        if "ALL" not in dropped:
            yield each.breach("securityContext.capabilities.drop", ", ".join(dropped) or "not set")
        if added := capabilities.get("add"):
            yield each.breach("securityContext.capabilities.add", ", ".join(map(str, added)))


def run_as_non_root(world: World) -> Iterator[Breach]:
    """Yield containers that may run as root: what a container says counts before what its pod says."""
    for each in containers(world):
        stated = _stated(each, "runAsNonRoot")
        if stated is not True:
            yield each.breach("securityContext.runAsNonRoot", _word(stated))
        if _stated(each, "runAsUser") == _ROOT:
            yield each.breach("securityContext.runAsUser", str(_ROOT))


def read_only_root(world: World) -> Iterator[Breach]:
    """Yield containers that may write into their image."""
    for each in containers(world):
        stated = each.security.get("readOnlyRootFilesystem")
        if stated is not True:
            yield each.breach("securityContext.readOnlyRootFilesystem", _word(stated))


def no_service_account_tokens(world: World) -> Iterator[Breach]:
    """Yield pods that are given a token for the API server, by themselves or by their ServiceAccount."""
    accounts = {each.name: each for each in world.manifests if each.kind == "ServiceAccount"}
    for pod in pods(world):
        if world.stack.collector_finds_pods and pod.of.release == COLLECTOR:
            continue
        breach = _token(pod, accounts)
        if breach is not None:
            yield breach
        for index, volume in enumerate(pod.spec.get("volumes") or ()):
            sources = (volume.get("projected") or {}).get("sources") or ()
            if any("serviceAccountToken" in source for source in sources):
                yield pod.breach(f"volumes[{volume.get('name', index)}].projected", "a service account token")


def _token(pod: Pod, accounts: Mapping[str, Manifest]) -> Breach | None:
    stated = pod.spec.get("automountServiceAccountToken")
    if stated is not None:
        return None if stated is False else pod.breach("automountServiceAccountToken", _word(stated))
    name = str(pod.spec.get("serviceAccountName") or pod.spec.get("serviceAccount") or _DEFAULT_ACCOUNT)
    account = accounts.get(name)
    if account is None:
        return pod.breach("automountServiceAccountToken", f"not set, and ServiceAccount {name} is not the program's")
    mounts = account.object.get("automountServiceAccountToken")
    if mounts is False:
        return None
    return pod.breach("automountServiceAccountToken", f"not set, and of ServiceAccount {name} {_word(mounts)}")


def _stated(container: Container, field: str) -> Any:
    """Return what holds for a container: its own word, else its pod's."""
    stated = container.security.get(field)
    return stated if stated is not None else (container.pod.spec.get("securityContext") or {}).get(field)


def _word(value: Any) -> str:
    return "not set" if value is None else str(value).lower()
