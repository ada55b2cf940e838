"""An address in the cluster that outlives the pods, and the release, behind it."""

import pulumi
import pulumi_kubernetes as k8s


def service(
    name: str,
    *,
    namespace: str,
    ports: dict[str, int],
    selector: dict[str, str],
    parent: pulumi.Resource,
    after: pulumi.Resource,
    headless: bool = False,
) -> k8s.core.v1.Service:
    """Register a Service.

    Args:
        name: its name, the first part of the address.
        namespace: where it and its pods are.
        ports: port numbers by name; pods listen on the same numbers.
        selector: the labels of the pods behind it.
        parent: the component that it belongs to.
        after: what must be ready before the Service turns to it.
        headless: whether its name stands for the pods themselves, for a client that chooses among them.
    """
    return k8s.core.v1.Service(
        name,
        metadata={"name": name, "namespace": namespace},
        spec={
            **({"cluster_ip": "None"} if headless else {}),
            "selector": selector,
            "ports": [{"name": port, "port": number, "target_port": number} for port, number in ports.items()],
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[after]),
    )
