"""Lays the sandbox's connections over a stack's own settings: nothing else differs from a real deployment."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.engine import PROJECT, Engine
from sandbox.paths import REPO, STACKS, stack_file
from sandbox.toolchain import BACKEND_TOOLS
from sandbox.world import Connections
from sandbox.world.files import write_private
from sandbox.world.seaweedfs import SIGNALS
from telemetry.stack import Stack

_CREDENTIALS = f"{PROJECT}:credentials"
_KEY_BYTES = 32
_MARK = {"sandbox:credentials": "4"}
"""Says which secrets a stack's file has: one of an earlier sandbox is given those that have come since."""


class UnknownStackError(Exception):
    """There is no such stack; the message names those that exist."""


def prepare(stack: str, engine: Engine, connections: Connections) -> None:
    """Write the stack's overlaid settings, and make the stack if it is new.

    Raises:
        UnknownStackError: no such stack, or no file of it where STACK_FILES says.
        EngineError: the engine could not make it.
    """
    if stack not in STACKS:
        raise UnknownStackError(f"there is no stack {stack!r}; STACK is one of {', '.join(STACKS)}")
    file, folder = stack_file(stack), os.environ.get("STACK_FILES")
    if folder and file.parent != Path(folder).absolute():
        raise UnknownStackError(f"STACK_FILES={folder}: there is no {file.name} in it")
    kept = _created(stack, engine, connections)
    own = yaml.safe_load(file.read_text())
    config = merged(own["config"], overlay(own["config"], connections))
    config.pop(f"{PROJECT}:existing", None)  # nobody else runs anything here
    config |= {_CREDENTIALS: kept["config"][_CREDENTIALS], **_MARK}
    write_private(
        engine.config_file(stack), yaml.safe_dump({"encryptionsalt": kept["encryptionsalt"], "config": config})
    )


def programs_of(stack: Stack) -> list[str]:
    """Return the tools that a stack's backends are, of those that can be built."""
    return [tool for backend in stack.backends for tool in BACKEND_TOOLS.get(backend.of.name, ())]


def overlay(config: Mapping[str, Any], connections: Connections) -> dict[str, Any]:
    """Return the settings that point a stack with this config at this machine, whose logins it has itself."""
    named = config[f"{PROJECT}:object_store"].get("secrets", {})
    with_charts = [key for key in (*SIGNALS, "collector") if _charts(config.get(f"{PROJECT}:{key}", {}))]
    return {
        **{f"{PROJECT}:{key}": _charts(config[f"{PROJECT}:{key}"]) for key in with_charts},
        f"{PROJECT}:namespace": {"create": True},
        f"{PROJECT}:kubernetes": {
            "context": connections.context,
            "kubeconfig": str(connections.kubeconfig),
            "cluster_identifier": "sandbox",
        },
        f"{PROJECT}:object_store": {
            "provisioning_endpoint": connections.s3_endpoint,
            **({} if connections.real_nodes else {"endpoint": connections.s3_endpoint}),
            "seaweedfs_version": connections.s3_version,
            **({"secrets": dict.fromkeys(named)} if named else {}),
        },
        f"{PROJECT}:grafana": {"url": connections.grafana_url, "secret": None},
        **({f"{PROJECT}:monitoring": {"object_store": None}} if f"{PROJECT}:monitoring" in config else {}),
    }


def _charts(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the stand-ins of a backend's charts are: of what it has, and of what it is moving from."""
    charts = {name: _stand_in(chart) for name, chart in settings.get("charts", {}).items()}
    old = settings.get("moving_from")
    return {
        **({"chart": _stand_in(settings["chart"])} if "chart" in settings else {}),
        **({"charts": charts} if charts else {}),
        **({"moving_from": _charts(old)} if old else {}),
    }


def _stand_in(chart: Mapping[str, Any]) -> dict[str, Any]:
    return {"repository": None, "reference": f"./sandbox/charts/{chart['name']}"}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two nested mappings as one; where both say something, `above` wins."""
    both = {key: value for key, value in above.items() if isinstance(below.get(key), Mapping)}
    return {**below, **above, **{key: merged(below[key], value) for key, value in both.items()}}


def _created(stack: str, engine: Engine, connections: Connections) -> dict[str, Any]:
    """Make sure that the stack exists and has its secrets, and return its file's content."""
    engine.project.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPO / "Pulumi.yaml", engine.project)
    if not engine.checkpoint(stack).exists():
        engine.in_project("stack", "init", stack, "--no-select")
    content = _content(stack, engine)
    known = content.get("config", {})
    if _CREDENTIALS not in known or not _MARK.items() <= known.items():
        engine.in_project("config", "set", "--secret", _CREDENTIALS, "-s", stack, stdin=_credentials(connections))
        content = _content(stack, engine)
    return content


def _content(stack: str, engine: Engine) -> dict[str, Any]:
    file = engine.config_file(stack)
    content: dict[str, Any] | None = yaml.safe_load(file.read_text()) if file.exists() else None
    return content or {}


def _credentials(connections: Connections) -> str:
    """Return `telemetry:credentials` as JSON; it only ever passes through a pipe to the engine, which encrypts it."""
    identities = {
        name: {
            "access_key": identity.access_key,
            "secret_key": identity.secret_key.get_secret_value(),
        }
        for name, identity in connections.s3_identities.items()
    }
    return json.dumps(
        {
            **identities,
            "grafana": {"auth": connections.grafana_auth.get_secret_value()},
            "gateway": {"key": secrets.token_urlsafe(_KEY_BYTES)},
        }
    )
