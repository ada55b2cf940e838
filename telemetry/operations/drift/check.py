"""Collects the drift of a stack from the engine, helm and the cluster."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.clients.cli_tools import Helm, Pulumi, complaint, helm_of
from telemetry.clients.dry_run import Cluster, connected
from telemetry.clients.kubernetes import connect
from telemetry.clients.reach import Reach
from telemetry.engine.preview import errors
from telemetry.kubernetes.managed_fields import Json
from telemetry.operations.drift import alerting, claims, manifests, objects, program, releases
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.fields import Policy
from telemetry.operations.drift.findings import DriftError, DriftFinding, DriftReport
from telemetry.operations.drift.leftovers import Failed, identity
from telemetry.operations.drift.manifests import RecordedRelease
from telemetry.operations.readiness.ask import ask
from telemetry.redaction import Redactor
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.stack import Stack

_MOST_PREVIEWS = 20


@dataclass(frozen=True)
class Deployed:
    """An object that was deployed, placed in its namespace; `release` is None for the program's own."""

    manifest: Json
    release: str | None


def check(stack: Stack, pulumi: Pulumi, *, ignored: Iterable[str] = (), preview: bool = True) -> DriftReport:
    """Return all drift of a stack.

    Args:
        stack: its settings.
        pulumi: the engine on it.
        ignored: managers that may write into deployed objects, beyond those that always may (fields.CONTROLLERS).
        preview: whether to ask the engine's preview as well, for buckets, datasources and what is not Kubernetes.

    Raises:
        ToolError: pulumi or helm failed.
        ClusterError: the cluster does not answer.
        DriftError: the preview failed.
    """
    export = pulumi.json("stack export")
    recorded = manifests.releases(export)
    helms = {release.name: helm_of(stack.kubernetes, release.namespace) for release in recorded}
    listed = [each for helm in {helm.namespace: helm for helm in helms.values()}.values() for each in helm.list_all()]
    found = list(releases.statuses(recorded, listed))
    with connected(stack.kubernetes) as cluster:
        deployed = [*_natives(export), *_released(cluster, recorded, helms)]
        concealer = _concealer(cluster, deployed)
        for release in recorded:
            values = helms[release.name].get_values(release.name)
            found += releases.values(release, release.values if values is None else values, concealer)
        there = {each["name"] for each in listed}
        failed = {each.name: Failed.of(cluster, helms[each.name], each) for each in recorded if each.name in there}
        found += _objects(cluster, deployed, frozenset(ignored), concealer, failed)
        identities = {identity(each.manifest) for each in deployed}
        for release in recorded:
            found += failed.get(release.name, Failed()).abandoned(cluster, release, identities)
    if any(each.part == "release" for each in found):
        found += _unready(stack)
    unasked = ""
    try:
        found += alerting.loaded(stack, Reach(api=connect(stack.kubernetes)))
    except (CheckFailed, CheckSkipped) as error:
        unasked = str(error)
    if preview:
        found += _program(pulumi, found, concealer)
    return DriftReport(pulumi.stack, tuple(found), len(recorded), len(deployed), preview, unasked)


def _unready(stack: Stack) -> Iterator[DriftFinding]:
    """Yield the workloads that keep a release from being deployed, with what the cluster says of them."""
    for each in ask(stack).unready:
        note = "; ".join((str(each), *each.reasons))
        yield DriftFinding(
            "release", f"{each.kind} {stack.namespace.name}/{each.name}", "", release=each.release, note=note
        )


def _natives(export: Any) -> Iterator[Deployed]:
    return (Deployed(manifest, None) for manifest in manifests.natives(export))


def _released(cluster: Cluster, recorded: Iterable[RecordedRelease], helms: Mapping[str, Helm]) -> Iterator[Deployed]:
    for release in recorded:
        for manifest in manifests.parsed(helms[release.name].get_manifest(release.name) or "", release):
            yield Deployed(cluster.placed(manifest, release.namespace), release.name)


def _concealer(cluster: Cluster, deployed: Iterable[Deployed]) -> Concealer:
    """Return one that knows what our Secrets hold, should it turn up elsewhere."""
    secrets = (cluster.live(each.manifest) for each in deployed if each.manifest["kind"] == "Secret")
    return Concealer(Redactor.of(each for each in secrets if each is not None))


def _objects(
    cluster: Cluster,
    deployed: list[Deployed],
    ignored: frozenset[str],
    concealer: Concealer,
    failed: Mapping[str, Failed],
) -> Iterator[DriftFinding]:
    scaled = manifests.scaled(each.manifest for each in deployed)
    for each in deployed:
        name = each.manifest["kind"], each.manifest["metadata"]["name"]
        policy = Policy(ignored, autoscaled=name in scaled)
        versions = failed.get(each.release or "", Failed()).versions(each.manifest)
        yield from objects.compare(cluster, each.manifest, policy, concealer, release=each.release, failed=versions)
        yield from claims.deleted(cluster, each.manifest, release=each.release)


def _program(pulumi: Pulumi, already: list[DriftFinding], concealer: Concealer) -> Iterator[DriftFinding]:
    """Yield what the preview would change.

    Where somebody took over a field of a Kubernetes object, the preview stops with an error; it is asked again
    without that object, so that one such field does not hide all else.
    """
    apart: dict[str, str] = {}
    for _ in range(_MOST_PREVIEWS):
        preview = _preview(pulumi, apart)
        stopped = program.conflicts(preview)
        if not stopped:
            break
        apart |= stopped
    else:
        raise DriftError("pulumi preview failed again and again:\n" + "\n".join(apart.values()))
    yield from (program.conflicting(urn, said) for urn, said in apart.items())
    already_told = {(each.release, each.path) for each in already if each.part == "values"}
    for finding in program.findings(preview, concealer):
        if (finding.release, finding.path.removeprefix("values.")) not in already_told:
            yield finding


def _preview(pulumi: Pulumi, apart: Iterable[str]) -> Any:
    excluded = [word for urn in apart for word in ("--exclude", urn)]
    done = pulumi.run("preview", "--refresh", "--json", *excluded, check=False)
    try:
        preview = json.loads(done.stdout)
    except ValueError as error:
        raise DriftError(f"pulumi preview failed:\n{complaint(done)}") from error
    if done.returncode != 0 and not errors(preview):
        raise DriftError(f"pulumi preview failed:\n{complaint(done)}")
    return preview
