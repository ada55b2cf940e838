"""kube-proxy's configuration: one for all nodes, which share a network namespace."""

from pathlib import Path

import yaml

from sandbox.nodes.addresses import node_name

HEALTH_PORT = 10256
_METRICS_PORT = 10249


def configuration(kubeconfig: Path, cluster_range: str) -> str:
    """Return the file of `--config`."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "hostnameOverride": node_name(0),
            "mode": "nftables",
            "clusterCIDR": cluster_range,
            "conntrack": {"maxPerCore": 0},  # a setting of the whole machine
            "healthzBindAddress": f"127.0.0.1:{HEALTH_PORT}",
            "metricsBindAddress": f"127.0.0.1:{_METRICS_PORT}",
        }
    )
