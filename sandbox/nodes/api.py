"""A client of the world's API server, for the nodes' own controllers."""

from pathlib import Path

import httpx
import yaml


def connected(kubeconfig: Path) -> httpx.Client:
    """Return a client that a kubeconfig of the world describes."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    headers = {"Authorization": f"Bearer {user['token']}"}
    return httpx.Client(
        base_url=cluster["server"], verify=cluster["certificate-authority"], headers=headers, trust_env=False
    )
