"""Builds a report from a preview, rendered releases and settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from telemetry.capacity import beyond, limits, objects
from telemetry.capacity import fit as capacity
from telemetry.capacity.verdict import Verdict
from telemetry.config.policy import Policy
from telemetry.engine.preview import Preview, Step
from telemetry.gateway import validity
from telemetry.kubernetes.defaults import Object
from telemetry.operations.report.manifests import compare
from telemetry.operations.report.model import Action, Capacity, ChangeReport, Item, ReleaseChange, Warn
from telemetry.operations.report.policies import judged
from telemetry.operations.report.preview_items import items
from telemetry.operations.report.retention import PLACES, shortened
from telemetry.operations.report.warnings import warnings
from telemetry.redaction import Redactor
from telemetry.releases import overlays
from telemetry.spec.alertmanager import who_is_told
from telemetry.spec.overlay import told
from telemetry.stack import Stack


@dataclass(frozen=True)
class Rendered:
    """The objects of a release: as they are, and as they will be."""

    old: tuple[Object, ...] = ()
    new: tuple[Object, ...] = ()
    passing: tuple[Object, ...] = ()
    """Hooks that will run and then remove what they made: no change, but the policies are theirs as well."""


@dataclass(frozen=True)
class Found:
    """The releases as they are now."""

    compared_with: str
    statuses: Mapping[str, str] | None = None
    """Helm's word for each release of the namespace; None if no cluster could be asked."""


def build(stack: Stack, preview: Preview, rendered: Mapping[str, Rendered], found: Found) -> ChangeReport:
    """Return the report on a stack.

    Args:
        stack: its settings.
        preview: what the engine would do.
        rendered: the objects of each release, by the step's URN.
        found: what there is now.
    """
    touched = [step for step in preview.releases if step.urn in rendered and step.action != "same"]
    of_releases = [each for step in touched for each in _of(step, rendered)]
    resources = [each for step in preview.steps for each in items(step)]
    changed = tuple(sorted((*resources, *of_releases), key=_place))
    becoming = _becoming(preview, rendered)
    releases = tuple(_release(step, found) for step in preview.releases)
    also = (
        *_shortened(preview, rendered),
        *_policy(stack),
        *_laid_over(stack),
        *_told(stack),
        *_presets(stack),
        *_let_in(stack),
    )
    return ChangeReport(
        stack=stack.environment,
        compared_with=found.compared_with,
        resources=preview.counts,
        warnings=warnings(
            changed,
            releases,
            preview,
            _sized(stack, preview, becoming),
            also,
            stack=stack.environment,
            s3_secrets={each.s3_secret.name for each in stack.backends},
        ),
        policies=judged(stack, preview, becoming),
        capacity=Capacity(before=preview.outputs.get("capacity"), after=dict(capacity.summary(stack))),
        releases=tuple(each for each in releases if each.action != "same" or each.status not in ("deployed", None)),
        items=changed,
        refused=preview.refused,
    )


def _shortened(preview: Preview, rendered: Mapping[str, Rendered]) -> Iterator[Warn]:
    """Yield what is kept for less time; a release that is not touched has no old objects, and stays as it is."""
    before: dict[str, tuple[Object, ...]] = {}
    after: dict[str, tuple[Object, ...]] = {}
    for step in preview.releases:
        objects, name = rendered.get(step.urn, Rendered()), str(step.inputs.get("name"))
        before[name], after[name] = (objects.new if step.action == "same" else objects.old), objects.new
    for step in preview.steps:
        if step.type == "kubernetes:core/v1:ConfigMap" and step.name in PLACES:
            before[step.name], after[step.name] = (dict(step.old),), (dict(step.new),)
    return shortened(before, after)


def _told(stack: Stack) -> Iterator[Warn]:
    """Yield who is told of alerts."""
    if stack.alerting is not None:
        yield Warn(level="notice", about="alerts", text=f"are told to {who_is_told(stack.alerting)}")


def _presets(stack: Stack) -> Iterator[Warn]:
    """Yield which backends have the sizes of a preset, which their own roles may say otherwise."""
    for backend in stack.backends:
        if backend.preset is not None:
            yield Warn(level="notice", about=f"sizes of {backend.of.title}", text=f"are of the preset {backend.preset}")


def _let_in(stack: Stack) -> Iterator[Warn]:
    """Yield which credentials end, the first ones first, and whom an OpenID provider's token lets read."""
    if ends := [str(each) for each in validity.ends(stack)]:
        yield Warn(level="notice", about="credentials", text=f"end: {validity.listed(ends)}")
    for tenant in stack.tenants:
        if tenant.access.oidc is not None:
            yield Warn(level="notice", about=f"tenant {tenant.id}", text=f"is read by {tenant.access.oidc.text}")


def _becoming(preview: Preview, rendered: Mapping[str, Rendered]) -> dict[str, tuple[Object, ...]]:
    """Return every object that there will be of each release, by the release's name."""
    there = [(step, rendered[step.urn]) for step in preview.releases if step.urn in rendered]
    return {str(step.inputs.get("name")): (*objects.new, *objects.passing) for step, objects in there}


def _sized(stack: Stack, preview: Preview, becoming: Mapping[str, tuple[Object, ...]]) -> Verdict:
    """Return what speaks against the stack's size, with the objects of its charts counted."""
    verdict = capacity.check(stack)
    registered = [step.new for step in preview.steps if step.custom and step.action != "delete" and "kind" in step.new]
    all_of_them = [*registered, *(each for objects in becoming.values() for each in objects)]
    counted = objects.check(stack, all_of_them, releases=len(becoming))
    return Verdict(verdict.refusals, (*verdict.warnings, *counted, *beyond.check(stack, all_of_them)))


def _policy(stack: Stack) -> Iterator[Warn]:
    """Yield what the platform's policy says of limits, where it is not the default."""
    if stack.policy != Policy():
        yield Warn(level="notice", about="limits", text=" ".join(limits.words(stack)))


def _laid_over(stack: Stack) -> Iterator[Warn]:
    """Yield which values of each release are not the program's own."""
    for release in overlays(stack):
        for text in told(release.overlay, release.chart):
            yield Warn(level="notice", about=f"release {release.name}", text=text)


def _of(step: Step, rendered: Mapping[str, Rendered]) -> list[Item]:
    redactor = Redactor.of(each for objects in rendered.values() for each in (*objects.old, *objects.new))
    was, will = (str((inputs or step.inputs).get("namespace", "")) for inputs in (step.old, step.new))
    old, new = rendered[step.urn].old, rendered[step.urn].new
    owner = str(step.inputs.get("name"))
    if step.action != "replace":
        return compare(old, new, owner=owner, namespace=will, redactor=redactor)
    gone = compare(old, (), owner=str(step.old.get("name")), namespace=was, redactor=redactor)
    return [*gone, *compare((), new, owner=owner, namespace=will, redactor=redactor)]


def _release(step: Step, found: Found) -> ReleaseChange:
    actions: Mapping[str, Action] = {"create": "create", "update": "change", "replace": "replace", "delete": "delete"}
    name = str(step.inputs.get("name"))
    version, old_version = (str(inputs["version"]) if "version" in inputs else None for inputs in (step.new, step.old))
    return ReleaseChange(
        name=name,
        namespace=str(step.inputs.get("namespace", "")),
        action=actions.get(step.action, "same"),
        chart=str(step.inputs.get("chart", "")),
        version=version or old_version or "",
        old_version=old_version,
        status=(found.statuses or {}).get(name),
    )


def _place(it: Item) -> tuple[str, str, str, str]:
    """Return where an item stands: what the program makes itself first, then release by release."""
    return it.owner, it.system, it.kind, it.name
