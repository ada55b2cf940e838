"""What a Go program holds: its heap once all garbage is collected, as it says itself by way of net/http/pprof."""

import re
from collections.abc import Mapping
from typing import Any

from kubernetes import client

from telemetry.clients.kubernetes import call

_OK = 200
_HELD = re.compile(rb"^# HeapAlloc = (\d+)$", re.MULTILINE)
"""The runtime's own figure, at the end of a heap profile as text."""


def held(api: client.ApiClient, pod: Mapping[str, Any]) -> int | None:
    """Have a pod's program collect its garbage, as Go does every two minutes by itself, and return what is left.

    Returns:
        Bytes, or None where there is no such profile: nginx has none, nor has a pod that is gone.

    Raises:
        urllib3.exceptions.HTTPError: nobody answered within ten seconds.
    """
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{_probed(pod)}/proxy/debug/pprof/heap"
    answer = call(api, "GET", path, query={"gc": "1", "debug": "1"})
    found = _HELD.search(answer.body) if answer.status == _OK else None
    return int(found[1]) if found else None


def _probed(pod: Mapping[str, Any]) -> str:
    """Return where a pod is asked whether it is ready, in the words of the API server's proxy."""
    container = pod["spec"]["containers"][0]
    probe = container["readinessProbe"]["httpGet"]
    ports = {port.get("name"): port["containerPort"] for port in container["ports"]}
    return f"{probe['scheme'].lower()}:{pod['metadata']['name']}:{ports.get(probe['port'], probe['port'])}"
