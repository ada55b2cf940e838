"""The pods' network: a link for each pod, and routes between them, which one network namespace has by itself.

There is no bridge: what two pods of one would say to each other by a Service's address passes no packet filter, unless
the machine has the module br_netfilter.
"""

import json

from sandbox.nodes.addresses import pod_range


def configuration(index: int) -> str:
    """Return the list of network plugins that a node's pods are connected by."""
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": pod_range(index)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return json.dumps(
        {"cniVersion": "1.0.0", "name": f"node{index}", "plugins": [{"type": "ptp", "ipam": addresses}]}, indent=2
    )
