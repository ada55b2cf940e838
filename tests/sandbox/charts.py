"""Renders of the stand-in charts by the real helm, and how to find things in them."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.toolchain import Toolchain
from sandbox.toolchain.catalog import KUBERNETES_VERSION
from telemetry.kubernetes.manifests import documents
from telemetry.releases import releases_of
from telemetry.spec.values.common import Values
from telemetry.stack import Stack

REPO = Path(__file__).parents[2]

Object = dict[str, Any]

RELEASES = {
    "tempo": "tempo",
    "tempo-distributed": "tempo-distributed",
    "mimir-distributed": "mimir",
    "loki": "loki",
    "pyroscope": "pyroscope",
    "prometheus": "prometheus",
    "thanos": "thanos",
    "alertmanager": "alertmanager",
}
"""Chart -> the release that the program makes of it."""


def values_of(chart: str, stack: Stack) -> Values:
    """Return the values that the program gives a chart."""
    return next(each.values for each in releases_of(stack) if each.chart.name == chart)


def charts_of(stack: Stack) -> tuple[str, ...]:
    """Return the charts that a stack deploys."""
    return tuple(release.chart.name for backend in stack.backends for release in backend.releases)


def rendered(stack: Stack) -> dict[str, list[Object]]:
    """Return the objects of each chart that a stack deploys, the collector's included."""
    return {each.chart.name: render(each.chart.name, each.values, each.name) for each in releases_of(stack)}


def run_helm(chart: str, values: Values, release: str = "") -> "subprocess.CompletedProcess[str]":
    """Return what `helm template` said of a stand-in in namespace `here`."""
    command = [str(_helm()), "template", release or RELEASES[chart], str(REPO / "sandbox" / "charts" / chart)]
    command += ["--kube-version", KUBERNETES_VERSION, "--namespace", "here", "-f", "-"]
    return subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)


def render(chart: str, values: Values, release: str = "") -> list[Object]:
    """Return the objects of a stand-in."""
    done = run_helm(chart, values, release)
    assert done.returncode == 0, done.stderr
    return [item for item in documents(done.stdout) if item]


@cache
def _helm() -> Path:
    toolchain = Toolchain()
    toolchain.ensure(["helm"])
    return toolchain.path("helm")


def named(objects: list[Object], kind: str) -> dict[str, Object]:
    """Return the objects of a kind by name."""
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def workloads(objects: list[Object]) -> Iterator[Object]:
    """Yield what has pods."""
    return (item for item in objects if item["kind"] in ("Deployment", "StatefulSet", "DaemonSet"))


def pods(objects: list[Object]) -> dict[str, Object]:
    """Return the pod specs by the name of their one container."""
    specs = [item["spec"]["template"]["spec"] for item in workloads(objects)]
    return {spec["containers"][0]["name"]: spec for spec in specs}


def containers(objects: list[Object]) -> dict[str, Object]:
    """Return all containers by name."""
    return {container["name"]: container for spec in pods(objects).values() for container in spec["containers"]}


def config_of(objects: list[Object], name: str, key: str) -> Any:
    """Return a file of a ConfigMap, parsed."""
    return yaml.safe_load(named(objects, "ConfigMap")[name]["data"][key])


def ports(objects: list[Object], service: str) -> set[int]:
    """Return the ports of a Service."""
    return {port["port"] for port in named(objects, "Service")[service]["spec"]["ports"]}
