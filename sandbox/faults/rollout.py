"""A rollout that cannot go on: a release that Helm holds for pending, a quota that is used up, a node that is gone."""

import subprocess
from random import Random
from typing import Any

from sandbox.faults.fault import Fault, Struck
from sandbox.faults.site import Site

_NODE = "sandbox-1"
_QUOTA = "room"


def _stuck(site: Site, rng: Random) -> Struck:
    """Kill a `helm upgrade`: Helm's own note then says pending-upgrade, of which neither state nor lock knows."""
    chart = "./sandbox/charts/mimir-distributed"
    upgrade = [
        "upgrade",
        "mimir",
        chart,
        "--reuse-values",
        "--wait",
        "--set-string",
        f"podAnnotations.n={rng.random()}",
    ]
    process = subprocess.Popen(site.helm(*upgrade), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    hit = site.awaits_status("pending-upgrade", process)
    process.kill()
    process.wait()
    site.new_retention(rng)
    return Struck(site.run("up"), "mimir was pending-upgrade", hit=hit)


def _no_room(site: Site, rng: Random) -> Struck:
    """Leave no room for a single pod as soon as a release is being rolled."""
    site.new_retention(rng)
    process = site.start("up")
    hit = site.awaits_status("pending-upgrade", process)
    quota: dict[str, Any] = {"metadata": {"name": _QUOTA}, "spec": {"hard": {"requests.cpu": "1m"}}}
    site.core.create_namespaced_resource_quota(site.namespace, quota)
    site.core.delete_collection_namespaced_pod(site.namespace, label_selector="app.kubernetes.io/instance=mimir")
    ran = site.end(process, "up")
    site.core.delete_namespaced_resource_quota(_QUOTA, site.namespace)
    return Struck(ran, "from the moment a release was pending-upgrade", hit=hit)


def _node_gone(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    process = site.start("up")
    hit = site.awaits_status("pending-upgrade", process)
    there = site.core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={_NODE}").items
    site.core.delete_node(_NODE)
    ran = site.end(process, "up")
    site.heal()  # which brings the node back
    return Struck(ran, f"{_NODE} with {len(there)} pods", hit=hit)


FAULTS = [
    Fault("release-stuck", "a `helm upgrade` killed (-9): pending-upgrade", _stuck),
    Fault("quota-used-up", "no room for any new pod from mid-rollout on", _no_room, seconds=420),
]
PROD = [
    Fault("node-gone", "one of three nodes gone in a rolling update of prod", _node_gone, seconds=420, stack="prod")
]
