"""Runs a preview for its plan, without asking the cluster.

The Kubernetes provider previews the creation of an object as a dry run on the API server, which may refuse it where the
object exists already. From a cluster that cannot be reached it asks nothing, and takes the program's word.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from telemetry.clients.cli_tools import Pulumi
from telemetry.config.connections import Kubernetes
from telemetry.config.project import PROJECT
from telemetry.stack import file as stack_file

_PROVIDER_TYPE = "pulumi:providers:kubernetes"
_SETTINGS = "telemetry:kubernetes"
_UNREACHABLE = "https://127.0.0.1:1"


def plan_of(pulumi: Pulumi, kubernetes: Kubernetes) -> dict[str, Any]:
    """Return the plan of a preview, as `--save-plan` writes it; what is secret in it is ciphertext.

    Raises:
        ToolError: the preview failed.
        ConfigError: the stack's file cannot be used.
    """
    with TemporaryDirectory(prefix="telemetry-adopt-") as folder:  # of mode 0700
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(kubernetes.context)), encoding="utf-8")
        settings = _settings(pulumi, Path(folder) / f"Pulumi.{pulumi.stack}.yaml", kubeconfig)
        file = Path(folder) / "plan.json"
        Pulumi(pulumi.stack, settings).run("preview", "--save-plan", str(file))
        plan: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for each in plan["resourcePlans"].values():
        goal = each.get("goal") or {}
        if goal.get("type") == _PROVIDER_TYPE:
            _point_back((goal["inputDiff"].get("adds") or {}, each.get("state") or {}), kubernetes)
    return plan


def _settings(pulumi: Pulumi, target: Path, kubeconfig: Path) -> Path:
    """Write the stack's file as it is, but for the cluster."""
    source = pulumi.config_file or PROJECT / f"Pulumi.{pulumi.stack}.yaml"
    content = stack_file.content(source)
    config = stack_file.config(pulumi.stack, pulumi.config_file)
    content["config"] = {**config, _SETTINGS: {**config.get(_SETTINGS, {}), "kubeconfig": str(kubeconfig)}}
    target.write_text(yaml.safe_dump(content), encoding="utf-8")
    return target


def _kubeconfig(context: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": _UNREACHABLE}}],
        "users": [{"name": context, "user": {}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    }


def _point_back(sides: tuple[dict[str, Any], ...], kubernetes: Kubernetes) -> None:
    """Give the provider the kubeconfig that the program gives it: none without a setting."""
    for properties in sides:
        if kubernetes.kubeconfig:
            properties["kubeconfig"] = kubernetes.kubeconfig
        else:
            properties.pop("kubeconfig", None)
