"""How the nodes' own controllers speak to the world's API server, and go on whatever it answers."""

import logging
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

_log = logging.getLogger(__name__)


def connected(kubeconfig: Path) -> httpx.Client:
    """Return a client that a kubeconfig of the world describes."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    headers = {"Authorization": f"Bearer {user['token']}"}
    return httpx.Client(
        base_url=cluster["server"], verify=cluster["certificate-authority"], headers=headers, trust_env=False
    )


def listed(api: httpx.Client, path: str, **query: str) -> dict[str, Any]:
    """Return a list of objects, whose `items` they are. Raises httpx.HTTPError."""
    found: dict[str, Any] = api.get(path, params=query).raise_for_status().json()
    return found


def look_for_ever(look: Callable[[], object], wait: Callable[[], object], seconds: float) -> None:
    """Look, wait, and look again, until killed; what fails is told and tried again after some seconds."""
    logging.basicConfig(level=logging.WARNING)
    while True:
        try:
            look()
            wait()
        except (httpx.HTTPError, subprocess.CalledProcessError) as error:
            _log.warning("%s", error)
            time.sleep(seconds)
