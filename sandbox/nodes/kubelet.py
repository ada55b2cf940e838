"""A kubelet's configuration."""

from pathlib import Path

import yaml

from sandbox.nodes.addresses import CLUSTER_DOMAIN, WORLD, node_address
from sandbox.nodes.containerd import SOCKET

PORT = 10250
_HEALTH_PORT = 10260
_PODS = 110


def configuration(index: int, *, cgroup: str, data: Path, ca: Path, certificate: Path, key: Path) -> str:
    """Return the file of `--config`."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": node_address(index),
            "port": PORT,
            "healthzBindAddress": "127.0.0.1",
            "healthzPort": _HEALTH_PORT + index,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(ca)},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "tlsCertFile": str(certificate),
            "tlsPrivateKeyFile": str(key),
            "clusterDomain": CLUSTER_DOMAIN,
            "clusterDNS": [WORLD],
            "resolvConf": "/dev/null",
            "containerRuntimeEndpoint": f"unix://{SOCKET.format(index=index)}",
            "podLogsDir": str(data / "logs"),
            "volumePluginDir": str(data / "plugins"),
            "maxPods": _PODS,
            "serializeImagePulls": False,
            # Its pods' groups are below one of its own: without, each of several kubelets removes the others'.
            "cgroupRoot": cgroup,
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            # The machine is somebody's: how full its disk is says nothing of the pods.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
        }
    )
