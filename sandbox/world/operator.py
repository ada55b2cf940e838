"""The kinds of objects that a Prometheus operator reads. There is no operator: objects are checked and kept."""

import subprocess

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox.world.service import ToolPaths

GROUP = "monitoring.coreos.com"
KINDS = ("podmonitors", "prometheusrules")
_SECONDS, _POLL_SECONDS = 30, 0.05


def definition(tools: ToolPaths, kind: str) -> str:
    """Return the operator's own CustomResourceDefinition of a kind, as YAML."""
    command = [str(tools.path("operator-crds")), f"{kind}.{GROUP}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def await_served(client: httpx.Client, url: str, headers: dict[str, str]) -> None:
    """Return when the API server serves objects of all kinds, which it does a moment after it has their definitions.

    Raises:
        httpx.HTTPError: it does not.
    """
    attempts = Retrying(
        stop=stop_after_delay(_SECONDS),
        wait=wait_fixed(_POLL_SECONDS),
        retry=retry_if_exception_type(httpx.HTTPError),
        reraise=True,
    )
    for kind in KINDS:
        attempts(lambda at: client.get(at, headers=headers).raise_for_status(), f"{url}/apis/{GROUP}/v1/{kind}")
