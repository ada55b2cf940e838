"""An autoscaler for a Deployment whose chart has none of its own."""

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.roles import Autoscaling


def autoscaler(
    deployment: str, *, namespace: str, scaling: Autoscaling, parent: pulumi.Resource, after: pulumi.Resource
) -> k8s.autoscaling.v2.HorizontalPodAutoscaler:
    """Register a HorizontalPodAutoscaler on CPU, named like the Deployment that it scales."""
    return k8s.autoscaling.v2.HorizontalPodAutoscaler(
        deployment,
        metadata={"name": deployment, "namespace": namespace},
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment},
            "min_replicas": scaling.min_replicas,
            "max_replicas": scaling.max_replicas,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "average_utilization": scaling.cpu_percent},
                    },
                }
            ],
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[after]),
    )
