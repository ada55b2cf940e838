"""The addresses inside the nodes' network namespace; outside of it they do not exist."""

WORLD = "10.95.0.1"
"""Where pods find the cluster's DNS, which is in no pod."""
STORE = "10.95.0.2"
"""Where they find the object store."""
DNS_PORT = 53
NODE_RANGE = "10.95.0.0/24"
CLUSTER_DOMAIN = "cluster.local"
_FIRST_NODE = 11


def node_name(index: int) -> str:
    """Return a node's name."""
    return f"sandbox-{index}"


def node_address(index: int) -> str:
    """Return a node's address."""
    return f"10.95.0.{_FIRST_NODE + index}"


def pod_range(index: int) -> str:
    """Return the range that a node's pods have their addresses from."""
    return f"10.244.{index}.0/24"
