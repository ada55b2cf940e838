"""What kwok does in a kubelet's place: three steps, as kwok Stage objects (sigs.k8s.io/kwok, v1alpha1)."""

from typing import Any

import yaml

_NOT_READY = {
    "key": '.status.conditions.[] | select( .type == "Ready" ) | .status',
    "operator": "NotIn",
    "values": ["True"],
}
_STAYS = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_GOES = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}

_NODE_READY = """
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- {type: {{ .type }}, status: "{{ .status }}", reason: {{ .reason }}, message: {{ .message | Quote }},
   lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }}}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ .metadata.name | Quote }}}
phase: Running
"""

# Init containers have run, ordinary ones run and are ready: what a kubelet reports of a pod that is well.
_POD_READY = """
{{ $now := Now }}
{{ $host := or .spec.hostNetwork false }}
{{ $ip := PodIPWith .spec.nodeName $host .metadata.uid .metadata.name .metadata.namespace }}
phase: Running
startTime: {{ $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ $ip | Quote }}
podIPs: [{ip: {{ $ip | Quote }}}]
conditions:
{{ range list "Initialized" "PodReadyToStartContainers" "ContainersReady" "Ready" }}
- {type: {{ . }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, started: true,
   restartCount: 0, state: {running: {startedAt: {{ $now | Quote }}}}}
{{ end }}
{{ if .spec.initContainers }}
initContainerStatuses:
{{ range .spec.initContainers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, restartCount: 0,
   {{ if eq ( or .restartPolicy "" ) "Always" }}
   started: true, state: {running: {startedAt: {{ $now | Quote }}}}}
   {{ else }}
   state: {terminated: {exitCode: 0, reason: Completed,
                        startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}}
   {{ end }}
{{ end }}
{{ end }}
"""


def stages() -> str:
    """Return the YAML documents of kwok's configuration file."""
    return yaml.safe_dump_all(
        [
            _stage("node-ready", "Node", [_NOT_READY], {"statusTemplate": _NODE_READY}),
            _stage("pod-ready", "Pod", [_STAYS, _NOT_READY], {"statusTemplate": _POD_READY}),
            _stage("pod-delete", "Pod", [_GOES], {"finalizers": {"empty": True}, "delete": True}),
        ]
    )


def _stage(name: str, kind: str, when: list[dict[str, Any]], then: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": when},
            "next": then,
        },
    }
