"""Reads what a report is made of: the preview, and each touched release as it is and as it will be."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from telemetry.clients.cli_tools import Helm, Pulumi, ToolError, Unreachable, complaint
from telemetry.engine.preview import Preview, Step, read
from telemetry.kubernetes.defaults import Object
from telemetry.operations.compare.charts import KUBE_VERSION
from telemetry.operations.report import base_commit as previous
from telemetry.operations.report.build import Found, Rendered
from telemetry.operations.report.manifests import parse, parse_passing
from telemetry.releases import DeployedRelease
from telemetry.spec.values import restarts, s3_key
from telemetry.spec.values.restarts import said_by, with_said

_NO_YAML = "release {}: what helm makes of it is no YAML"


def preview(pulumi: Pulumi) -> Preview:
    """Return what the engine would do.

    Raises:
        ToolError: the preview failed, for a reason other than the protection of resources.
    """
    done = pulumi.run("preview", "--json", "--show-sames", check=False)
    try:
        found: Mapping[str, Any] = json.loads(done.stdout)
        seen = read(found)
    except ValueError as error:
        raise ToolError(f"pulumi preview of {pulumi.stack} failed:\n{complaint(done)}") from error
    if done.returncode != 0 and not seen.refused:
        raise ToolError(f"pulumi preview of {pulumi.stack} failed:\n{complaint(done)}")
    return seen


@dataclass(frozen=True)
class Base:
    """A commit to compare with."""

    ref: str
    helm: Helm
    releases: Mapping[str, DeployedRelease] | None
    """By name; None if the commit cannot say."""


@contextmanager
def base_of(ref: str, stack: str, config_file: Path | None, helm: Helm) -> Iterator[Base]:
    """Yield a commit, checked out for as long as its charts are needed.

    Raises:
        ToolError: there is no such commit, or its settings cannot be used.
    """
    with previous.checked_out(ref) as folder:
        releases = previous.releases(folder, stack, config_file)
        by_name = None if releases is None else {each["name"]: each for each in releases}
        yield Base(ref, replace(helm, folder=folder), by_name)


def find(
    seen: Preview, helm: Helm, stack: str, *, config_file: Path | None, base: str | None
) -> tuple[dict[str, Rendered], Found]:
    """Return the objects of each release, and what there is now.

    Of a release that the preview does not touch there are only new ones. The old ones are those that Helm has
    deployed; with a base, or where no cluster is reachable, those that the commit would deploy.

    Raises:
        ToolError: a chart cannot be rendered, or the commit cannot be used.
    """
    try:
        statuses = {each["name"]: each["status"] for each in helm.list_all()}
    except Unreachable:
        statuses, base = None, base or previous.default_base()
    with base_of(base, stack, config_file, helm) if base else nullcontext() as commit:
        rendered = {step.urn: _rendered(step, helm, commit, statuses or {}) for step in seen.releases}
    return rendered, Found(_compared_with(helm, commit, reachable=statuses is not None), statuses)


def objects_of_releases(seen: Preview, helm: Helm) -> dict[str, tuple[Object, ...]]:
    """Return every object of each release as it will be, by the release's name; no cluster is asked.

    Raises:
        ToolError: a chart cannot be rendered.
    """
    found = {}
    for step in seen.releases:
        try:
            manifest = _new(step, helm, KUBE_VERSION, upgrade=step.action != "create")
            found[str(step.inputs["name"])] = (*parse(manifest), *parse_passing(manifest))
        except yaml.YAMLError as error:
            raise ToolError(_NO_YAML.format(step.name)) from error
    return found


def _rendered(step: Step, helm: Helm, base: Base | None, statuses: Mapping[str, str]) -> Rendered:
    try:
        if step.action == "same":
            old, new = "", _new(step, helm, KUBE_VERSION if base else None, upgrade=True)
        elif base is None:
            old, new = _deployed(step, helm, statuses), _new(step, helm, None, upgrade=step.action == "update")
        else:
            old = _of_base(step, base)
            new = _new(step, helm, KUBE_VERSION, upgrade=bool(old))
        return Rendered(tuple(parse(old)), tuple(parse(new)), tuple(parse_passing(new)))
    except yaml.YAMLError as error:
        raise ToolError(_NO_YAML.format(step.name)) from error


def _deployed(step: Step, helm: Helm, statuses: Mapping[str, str]) -> str:
    if step.action == "create":
        return ""
    where, name = replace(helm, namespace=step.old["namespace"]), step.old["name"]
    revision = None
    if statuses.get(name) not in ("deployed", None):
        # Helm, too, starts from the last that succeeded (pkg/action/upgrade.go).
        done = [each["revision"] for each in where.history(name) if each["status"] == "deployed"]
        revision = int(done[-1]) if done else None
    # Uninstalling leaves hooks alone.
    return where.get_manifest(name, hooks=step.action == "update", revision=revision) or ""


def _of_base(step: Step, base: Base) -> str:
    release = (base.releases or {}).get(str(step.inputs["name"]))
    if release is None:
        return ""
    # A commit cannot say which S3 key and rules were in use, the state can; without one they count as unchanged.
    values: Any = release["values"]
    for annotation in (s3_key.ANNOTATION, restarts.RULES):
        said = said_by(step.old.get("values"), annotation) or said_by(step.new.get("values"), annotation)
        values = with_said(values, annotation, said) if said else values
    return base.helm.template(
        release["name"],
        release["chart"],
        version=release["version"],
        repository=release["repository"],
        values=values,
        kube_version=KUBE_VERSION,
        upgrade=True,
    )


def _new(step: Step, helm: Helm, kube_version: str | None, *, upgrade: bool) -> str:
    if step.action == "delete":
        return ""
    inputs = step.new
    return replace(helm, namespace=inputs["namespace"]).template(
        inputs["name"],
        inputs["chart"],
        version=inputs.get("version"),
        repository=(inputs.get("repositoryOpts") or {}).get("repo"),
        values=inputs.get("values") or {},
        kube_version=kube_version,
        upgrade=upgrade,
    )


def _compared_with(helm: Helm, base: Base | None, *, reachable: bool) -> str:
    if base is None:
        return f"what is deployed in namespace {helm.namespace} of context {helm.context}"
    why = "" if reachable else f"; no cluster answers for context {helm.context}"
    if base.releases is None:
        return f"nothing, because {base.ref} has no `python -m telemetry values`: all objects count as new{why}"
    return f"what {base.ref} would deploy{why}"
