"""Objects of failed revisions: Helm merges with what was deployed, so what a failed one added may still be there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from telemetry.clients.cli_tools import Helm
from telemetry.clients.dry_run import Cluster
from telemetry.kubernetes.managed_fields import Json
from telemetry.kubernetes.revisions import GOOD
from telemetry.operations.drift import manifests
from telemetry.operations.drift.findings import DriftFinding
from telemetry.operations.drift.manifests import RecordedRelease
from telemetry.operations.drift.objects import title

_RELEASE = "meta.helm.sh/release-name"
Identity = tuple[str, str, str]


@dataclass(frozen=True)
class Failed:
    """The objects of a release's failed revisions."""

    objects: Mapping[Identity, tuple[Json, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, cluster: Cluster, helm: Helm, release: RecordedRelease) -> "Failed":
        """Ask Helm for those that it still keeps, of a release that is there. Raises ToolError."""
        found: dict[Identity, tuple[Json, ...]] = {}
        history = helm.history(release.name)
        newest = max((each["revision"] for each in history), default=0)
        for each in history:
            if each["status"] in GOOD or each["revision"] == newest:
                continue
            text = helm.get_manifest(release.name, revision=each["revision"]) or ""
            for it in manifests.parsed(text, release):
                placed = cluster.placed(it, release.namespace)
                found[identity(placed)] = (*found.get(identity(placed), ()), placed)
        return cls(found)

    def versions(self, manifest: Json) -> tuple[Json, ...]:
        """Return what an object was in them."""
        return self.objects.get(identity(manifest), ())

    def abandoned(self, cluster: Cluster, release: RecordedRelease, deployed: set[Identity]) -> Iterator[DriftFinding]:
        """Yield whole objects that only they had, and that are there still."""
        for object_id, versions in self.objects.items():
            if object_id in deployed:
                continue
            live = cluster.live(versions[-1])
            if live is not None and (live["metadata"].get("annotations") or {}).get(_RELEASE) == release.name:
                note = "is left over from a revision that failed"
                yield DriftFinding("object", title(versions[-1]), "", release=release.name, note=note)


def identity(it: Json) -> Identity:
    """Return what tells an object from all others of a cluster."""
    metadata = it["metadata"]
    return str(it["kind"]), str(metadata.get("namespace", "")), str(metadata["name"])
