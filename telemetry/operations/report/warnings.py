"""The warnings of the report, the most severe first."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from telemetry.backends import BACKENDS
from telemetry.capacity.fit import Verdict
from telemetry.config.targets import make
from telemetry.engine.preview import Preview
from telemetry.gateway.secrets import TENANT_SECRET_PREFIX
from telemetry.kubernetes.revisions import HALF_WAY
from telemetry.operations.report import replication
from telemetry.operations.report.model import Item, ReleaseChange, Warn

_LEVELS = ("destructive", "fails", "disruptive", "notice")
_HOLDS = {
    "Bucket": "with everything in it: SeaweedFS asks nobody",
    "Namespace": "with everything in it",
    "PersistentVolumeClaim": "and its data with it, unless its volume is retained",
    "StatefulSet": "its pods stop; its volume claims stay, unless its retention policy says otherwise",
}
"""Kinds that hold data, and what their end means."""
_AFTERMATH = {
    "ExternalSecret": ", and the Secret that was made of it goes with it",
    "HorizontalPodAutoscaler": ", but only after the release has been updated: "
    "what it scaled may keep its number of pods until the release changes again",
}
_STORAGE = ".spec.resources.requests.storage"


def warnings(
    items: Sequence[Item],
    releases: Sequence[ReleaseChange],
    preview: Preview,
    verdict: Verdict,
    also: Iterable[Warn] = (),
    *,
    stack: str,
    s3_secrets: Container[str],
) -> tuple[Warn, ...]:
    """Return the warnings about what would change, about releases as they are, and about the quota; `also` others.

    `s3_secrets` are the names of those that the stack's backends have.
    """
    found = [
        *also,
        *_deletions(items, releases),
        *_forgotten(items),
        *_protection(preview),
        *_immutable(items),
        *_scale_downs(items),
        *_claims(items),
        *_schemas(items),
        *_statuses(releases, make("repair", stack)),
        *(Warn(level="disruptive", about="quota", text=text) for text in verdict.warnings),
        *_moves(releases),
        *replication.warnings(preview),
        *_restarts(items),
        *_credentials(items, s3_secrets),
    ]
    return tuple(sorted(found, key=lambda warning: _LEVELS.index(warning.level)))


def _deletions(items: Sequence[Item], releases: Sequence[ReleaseChange]) -> Iterator[Warn]:
    gone = [each for each in items if each.action == "delete" or (each.action == "replace" and not each.fails)]
    uninstalled = {each.name for each in releases if each.action in ("delete", "replace")}
    for name in sorted(uninstalled):
        titles = [each.title for each in gone if each.owner == name]
        text = f"is uninstalled with its {len(titles)} objects; the volume claims of its StatefulSets stay"
        yield Warn(level="destructive", about=f"release {name}", text=text)
    rest = [each for each in gone if each.owner not in uninstalled or not each.owner]
    for each in rest:
        word = "deleted" if each.action == "delete" else "deleted and made again"
        if each.kind in _HOLDS:
            yield Warn(level="destructive", about=each.title, text=f"is {word}, {_HOLDS[each.kind]}")
        elif each.kind == "Provider" and each.action == "replace":
            yield Warn(level="destructive", about=each.title, text="is another one, so all that it made is made again")
        else:
            yield Warn(level="disruptive", about=each.title, text=f"is {word}{_AFTERMATH.get(each.kind, '')}")


def _forgotten(items: Sequence[Item]) -> Iterator[Warn]:
    for each in items:
        if each.action == "forget":
            yield Warn(level="disruptive", about=each.title, text="leaves the program, but stays where it is")


def _protection(preview: Preview) -> Iterator[Warn]:
    for step in preview.steps:
        if step.was_protected and step.action in ("update", "replace", "delete"):
            yield Warn(level="disruptive", about=step.name, text=f"is protected, and the preview says {step.action}")
        if step.was_protected and not step.is_protected and step.action in ("same", "update"):
            yield Warn(level="disruptive", about=step.name, text="loses its protection: a later run may delete it")


def _immutable(items: Sequence[Item]) -> Iterator[Warn]:
    for each in items:
        if not each.fails:
            continue
        sizes = [field for field in each.fields if _is_claim(field.path)]
        for field in sizes:
            claim = field.path.partition("[")[2].partition("]")[0]
            text = f"the volume claim {claim!r} cannot be resized in place ({field.old} to {field.new}): `up` fails"
            yield Warn(level="fails", about=each.title, text=f"{text}. {_BY_HAND}")
        if not sizes:
            yield Warn(level="fails", about=each.title, text=f"{each.fails}: `up` fails. {_remedy(each)}")


_BY_HAND = (
    "Resize the claims that are there, then delete the StatefulSet without its pods "
    "(kubectl delete statefulset --cascade=orphan), and `up` makes it again"
)


def _remedy(it: Item) -> str:
    return _BY_HAND if it.kind == "StatefulSet" else f"Delete the {it.kind} first, and `up` makes it again"


def _is_claim(path: str) -> bool:
    return path.startswith("spec.volumeClaimTemplates[") and path.endswith(_STORAGE)


def _scale_downs(items: Sequence[Item]) -> Iterator[Warn]:
    for each in items:
        replicas = each.field("spec.replicas")
        if each.kind == "StatefulSet" and replicas and replicas.op == "change" and replicas.new < replicas.old:
            text = (
                f"is scaled down from {replicas.old} to {replicas.new} pods: what the others hold must be flushed "
                "before they stop; their volume claims stay"
            )
            yield Warn(level="destructive", about=each.title, text=text)


def _claims(items: Sequence[Item]) -> Iterator[Warn]:
    for each in items:
        for field in each.fields if each.kind == "StatefulSet" else ():
            if field.path.startswith("spec.persistentVolumeClaimRetentionPolicy") and "Delete" in str(field.new):
                text = "no longer keeps its volume claims: with it, or with the pods that it loses, their data goes"
                yield Warn(level="destructive", about=each.title, text=text)


def _schemas(items: Sequence[Item]) -> Iterator[Warn]:
    for each in items:
        paths = [field.path for field in each.fields if field.op in ("change", "remove")]
        destructive = [backend.changes.destructive for backend in BACKENDS if each.owner in backend.release_names]
        for part, text in (pair for parts in destructive for pair in parts.items()):
            if any(part in path for path in paths):
                yield Warn(level="destructive", about=each.title, text=text)


def _statuses(releases: Sequence[ReleaseChange], repair: str) -> Iterator[Warn]:
    for each in releases:
        about = f"release {each.name}"
        if each.status in HALF_WAY:
            text = f"is {each.status}, left by a killed run: `up` fails until it is repaired ({repair})"
            yield Warn(level="fails", about=about, text=text)
        elif each.action == "create" and each.status is not None:
            text = f"is there already ({each.status}), but the state does not know it: `up` fails (docs/operations.md)"
            yield Warn(level="fails", about=about, text=text)
        elif each.status not in ("deployed", None):
            again = "`up` tries again; what it had changed by then is not seen here"
            text = f"is {each.status}; {again if each.action != 'same' else f'nothing here mends it ({repair})'}"
            yield Warn(level="disruptive", about=about, text=text)


def _moves(releases: Sequence[ReleaseChange]) -> Iterator[Warn]:
    for backend in BACKENDS:
        topologies = {name: topology for topology, name in backend.changes.releases_by_topology.items()}
        yield from _moves_of(backend.signal, topologies, [each for each in releases if each.name in topologies])


def _moves_of(signal: str, topologies: Mapping[str, str], releases: Sequence[ReleaseChange]) -> Iterator[Warn]:
    before = {each.name for each in releases if each.action != "create"}
    after = {each.name for each in releases if each.action != "delete"}
    if before == after or not before or not after:
        return
    new, old = sorted(after - before), sorted(before - after)
    steps = [f"release {name} is made ready, then the Services turn to it" for name in new]
    steps += [f"release {name} goes last" for name in old]
    steps += [
        f"release {name} stays, without new {signal}, until it is removed" for name in sorted(before & after) if new
    ]
    moving = f"move to {topologies[(new or sorted(after))[0]]}"
    yield Warn(level="disruptive", about=signal, text=f"{moving}: {'; '.join(steps)}")


def _restarts(items: Sequence[Item]) -> Iterator[Warn]:
    alike: dict[tuple[str, str], list[str]] = {}
    for each in items:
        if each.restart is not None and not each.fails:
            pods = each.restart.pods
            count = "" if pods in (None, 0) else f" ({pods} pod{'' if pods == 1 else 's'})"
            alike.setdefault((each.owner, each.restart.how), []).append(f"{each.title}{count}")
    for (owner, how), workloads in alike.items():
        about = f"release {owner}" if owner else "the program's own workloads"
        yield Warn(level="disruptive", about=about, text=f"pods restart, {how}: {', '.join(workloads)}")


def _credentials(items: Sequence[Item], s3_secrets: Container[str]) -> Iterator[Warn]:
    for each in items:
        if each.kind != "Secret" or each.action != "change" or each.reloaded or _is_of_metadata(each):
            continue
        yield Warn(level="notice", about=each.title, text=_of_credentials(each.name, s3_secrets))


def _is_of_metadata(item: Item) -> bool:
    """Whether only labels and annotations change, which no pod reads."""
    return bool(item.fields) and all(each.path.startswith("metadata.") for each in item.fields)


def _of_credentials(secret: str, s3_secrets: Container[str]) -> str:
    if secret.startswith(TENANT_SECRET_PREFIX):
        return "changes; hand it over, and see until when the one before it counts (docs/tenants.md)"
    if secret in s3_secrets:
        return "changes; pods that use it restart, so the old key must count until `up` is done (docs/object-store.md)"
    return "changes in place; pods read it when they start, so restart them (docs/operations.md)"
