"""The pods' network: a bridge for each node, and routes between them, which one network namespace has by itself."""

import json

from sandbox.nodes.addresses import pod_range


def configuration(index: int) -> str:
    """Return the list of network plugins that a node's pods are connected by."""
    bridge = {
        "type": "bridge",
        "bridge": f"node{index}",
        "isGateway": True,
        "hairpinMode": True,  # a pod that asks its own Service may be the one that answers
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",
            "ranges": [[{"subnet": pod_range(index)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return json.dumps({"cniVersion": "1.0.0", "name": f"node{index}", "plugins": [bridge]}, indent=2)
