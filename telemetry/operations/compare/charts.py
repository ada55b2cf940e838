"""Compares the capacity report with what the rendered charts ask for."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from telemetry.capacity.footprint import Footprint, of_roles
from telemetry.capacity.pod_requests import footprint
from telemetry.clients.cli_tools import Helm, ToolError
from telemetry.config.roles import Role
from telemetry.gateway import workload
from telemetry.gateway.addresses import SERVICE
from telemetry.kubernetes.manifests import documents
from telemetry.spec.release import Release
from telemetry.spec.scaling import autoscaler
from telemetry.stack import Stack

KUBE_VERSION = "1.34"
"""What the charts are told they run on: without a cluster they would assume one that may be too old for them."""


class CompareError(Exception):
    """The charts cannot be compared with the settings; the message is for the user."""


@dataclass(frozen=True)
class ChartDifference:
    """What a rendered release asks for, beside what the report says of it."""

    release: str
    asked: Footprint
    reported: Footprint
    at_most: bool = False
    """Whether autoscalers have added all that they may."""

    @property
    def amount(self) -> Footprint:
        """What the charts ask for beyond the report; nothing if it is exact."""
        return self.asked - self.reported


def compare(
    release: Release, charts: Sequence[Path], *, namespace: str, nodes: int | None = None, helm: str = "helm"
) -> tuple[ChartDifference, ...]:
    """Render a release and return its differences: at the fewest replicas and, with autoscaling, at the most.

    Args:
        release: what to render.
        charts: unpacked charts in place of where the settings take theirs from; the one of the release's name is taken.
        namespace: where it would be deployed.
        nodes: how many nodes there are, for charts with DaemonSets.
        helm: the helm program.

    Raises:
        CompareError: no chart of that name is there, or helm cannot render it.
        UncountableError: a rendered object cannot be counted.
    """
    chart = chart_of(release, charts) if charts else None
    objects = [*render(release, chart, namespace=namespace, helm=helm), *release.added]
    return _differences(release.name, objects, list(release.roles.values()), nodes)


def of_gateway(stack: Stack) -> tuple[ChartDifference, ...]:
    """Return what the gateway's workload asks for beside what the report says of it; nothing without a gateway."""
    role = stack.gateway_role
    return () if role is None else _differences(SERVICE, objects_of_gateway(stack), [role])


def objects_of_gateway(stack: Stack) -> list[Any]:
    """Return the gateway's workload as objects; nothing without a gateway."""
    role = stack.gateway_role
    if stack.gateway is None or role is None:
        return []
    spec = workload.deployment(stack, stack.gateway, role, watch="")
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": SERVICE}, "spec": spec}
    return [deployment, *([autoscaler(SERVICE, role.autoscaling)] if role.autoscaling else [])]


def _differences(
    name: str, objects: Sequence[Any], roles: Sequence[Role], nodes: int | None = None
) -> tuple[ChartDifference, ...]:
    fewest, most = (
        ChartDifference(
            name, footprint(objects, at_most=at_most, nodes=nodes), of_roles(roles, at_most=at_most), at_most
        )
        for at_most in (False, True)
    )
    return (fewest,) if (most.asked, most.reported) == (fewest.asked, fewest.reported) else (fewest, most)


def render(release: Release, chart: Path | None = None, *, namespace: str, helm: str = "helm") -> list[Any]:
    """Return the objects that a chart makes of a release's values: an unpacked one, or that of the settings.

    Raises:
        CompareError: helm is not there, or cannot have or render the chart, with its message.
    """
    program = shutil.which(helm)
    if program is None:
        raise CompareError(f"{helm}: there is no such program; give its path with --helm")
    pinned = release.chart
    source = pinned.source if chart is None else str(chart.absolute())
    try:
        text = Helm(None, None, namespace, program=str(Path(program).absolute())).template(
            release.name,
            source,
            version=pinned.version,
            repository=pinned.repository if chart is None else None,
            values=release.values,
            kube_version=KUBE_VERSION,
        )
    except ToolError as error:
        where = f" of {pinned.repository}" if pinned.repository and chart is None else ""
        raise CompareError(f"release {release.name}: helm cannot render {source}{where}:\n{error}") from error
    return list(documents(text))


def other_version(release: Release, charts: Sequence[Path]) -> str | None:
    """Return the version of the chart that was given, if it is not the one that the program deploys."""
    if not charts:
        return None
    version = str(_chart_yaml(chart_of(release, charts)).get("version"))
    return None if version == release.chart.version else version


def chart_of(release: Release, charts: Sequence[Path]) -> Path:
    """Return the unpacked chart of a release, by the name in its Chart.yaml (CompareError)."""
    names = {str(_chart_yaml(path).get("name")): path for path in charts}
    if release.chart.name not in names:
        there = ", ".join(names) or "none"
        raise CompareError(
            f"release {release.name}: is of the chart {release.chart.name}, but given is {there}; name its folder"
        )
    return names[release.chart.name]


def _chart_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load((path / "Chart.yaml").read_text())
    except (OSError, yaml.YAMLError) as error:
        raise CompareError(f"{path}: is no chart (Chart.yaml: {error}); unpack it with: helm pull … --untar") from error
    return content if isinstance(content, dict) else {}
