"""No setting is accepted and idle: whatever leaf of a stack's settings changes, something that is made of them changes.

Each leaf of some rich stacks is changed after validation, then all that pure functions make is made anew; only for
leaves of which that shows nothing, the program itself runs.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Literal, get_args, get_origin
from unittest.mock import patch

import pytest
from pydantic import BaseModel

from components import stack_config
from telemetry.capacity.figures import report
from telemetry.capacity.fit import check
from telemetry.collector.config import configuration
from telemetry.collector.release import collector_release
from telemetry.config.gateway import Gateway
from telemetry.gateway import access, workload
from telemetry.gateway import secrets as contents
from telemetry.gateway.expose import objects_of
from telemetry.grafana.dashboards import packs
from telemetry.grafana.dashboards.dashboards import documents_of
from telemetry.grafana.views import View, views
from telemetry.monitoring.operator import pod_monitors, prometheus_rules
from telemetry.monitoring.rules import groups_of
from telemetry.network.policies import policies_of
from telemetry.sizing import report as sizes
from telemetry.spec.release import Release
from telemetry.stack import Stack
from telemetry.stack.backends import SIGNALS
from telemetry.stack.buckets import expiries
from telemetry.stack.external_secrets import objects_of as external_secrets
from telemetry.stack.tenant_quotas import objects_of as tenant_quotas
from tests.engine.recorder import Run, run_program
from tests.engine.rich_stacks import credentials, stacks
from tests.support import tree

Place = tuple[str, ...]
"""Where a leaf stands, from the stack's own field on."""

WHILE_READ = {
    "environment": "all names follow it; the stack's own is held against it",
    "policy": "the limits of the roles that are made",
    "namespace.quota": "what does not fit is refused",
    "*.enabled_roles": "the roles that are made",
    "*.topology": "the chart, roles and values that are made",
    "*.total": "split over the roles",
    "*.preset": "the sizes of roles that say none",
    "*.accept_no_failure_tolerance": "lets a replication factor through",
    "*.capacity": "refuses limits, with tenants and without",
    "object_store.seaweedfs_version": "decides what else is refused",
    "object_store.allow_unsafe_version": "lets an old server through",
    "object_store.sse_key_configured": "lets server_side_encryption through",
    "namespace.requested_quota.counted": "what does not fit even then is refused",
    "namespace.used.counted": "what does not fit is refused",
    "kubernetes.nodes.topology": "decides of the rule for its keys alone (tests/unit/test_placement.py)",
    "kubernetes.nodes_on_demand": "whether an up asks the cluster for nodes",
    "object_store.master_endpoint": "whom an up asks for free volumes",
    "object_store.volumes.slots": "too few are refused",
    "object_store.tags": "refused whatever it says",
    "collector.sampling.tail.accept_partial_traces": "lets tail sampling on several nodes through",
    "gateway.accept_shared_organisation": "lets tenants through who see each other's datasources",
    "images.overrides": "none of an image that is not there; tests/unit/test_images.py has the others",
    "images.require_digests": "what a policy asks (tests/unit/policy_cases.py)",
    "grafana.secret": "whose login commands use; tests/unit/test_existing_secrets.py has it",
    "object_store.secrets.provisioner": "the same",
    "grafana.reaches_services": "lets a Grafana outside of the cluster through",
    "alerting.receivers.*.slack.port": "one that is not opened is refused",
    "load.traces.spans_per_second": "refused where the bytes contradict it",
    "load.logs.lines_per_second": "refused where the bytes contradict it",
    "*.chart.repository": "says where from, as does reference",
}
"""What counts while settings are read; tests/unit/bad_*.py and the tests of their own have them."""


def leaves(model: BaseModel, *place: str) -> Iterator[tuple[Place, Any]]:
    """Yield every leaf of settings that is set, and its value."""
    for name in type(model).model_fields:
        yield from _below(getattr(model, name), (*place, name))


def _below(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, BaseModel):
        yield from leaves(value, *place)
    elif isinstance(value, dict) and any(isinstance(each, BaseModel) for each in value.values()):
        for key, each in value.items():
            yield from _below(each, (*place, key))
    elif isinstance(value, list) and any(isinstance(each, BaseModel) for each in value):
        for index, each in enumerate(value):
            yield from _below(each, (*place, str(index)))
    elif value is not None:
        yield place, value


def replaced(node: Any, place: Place, value: Any) -> Any:
    """Return settings with another leaf, without validation."""
    if not place:
        return value
    name, *rest = place
    if isinstance(node, BaseModel):
        return node.model_copy(update={name: replaced(getattr(node, name), tuple(rest), value)})
    if isinstance(node, dict):
        return {**node, name: replaced(node[name], tuple(rest), value)}
    index = int(name)
    return [*node[:index], replaced(node[index], tuple(rest), value), *node[index + 1 :]]


def others(model: BaseModel, place: Place, value: Any) -> Iterator[Any]:
    """Yield values that a leaf could have as well: every other word of a choice, else one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value * 2 + 1
        yield 1
    elif isinstance(value, list):
        yield value[:-1] if value else ["other"]
    elif isinstance(value, dict):
        yield {**value, "other": "one"}
    elif place[-1] == "tenant":
        yield "b"
    elif words := _choices(model, place):
        yield from (word for word in words if word != value)
    elif "://" in value:
        yield value.replace("://", "://other-")
    elif value.endswith("Z") and "T" in value:
        yield "2027-01-01T00:00:00Z"
    elif value[:2] == "20" and len(value) == len("2026-11-01"):
        yield "2026-11-02"
    else:
        yield f"{value}-other"


def _choices(model: BaseModel, place: Place) -> tuple[str, ...]:
    """Return the words that a leaf may be, if it is a choice."""
    node: Any = model
    for name in place[:-1]:
        node = (
            getattr(node, name) if isinstance(node, BaseModel) else node[int(name) if isinstance(node, list) else name]
        )
    if not isinstance(node, BaseModel):
        return ()
    annotation = type(node).model_fields[place[-1]].annotation
    found = next((each for each in (annotation, *get_args(annotation)) if get_origin(each) is Literal), None)
    return get_args(found)


def _key(stack: Stack) -> str:
    key = credentials().gateway_key
    assert key is not None
    return key if stack.gateway else ""


def _secrets(stack: Stack, gateway: Gateway) -> Iterator[contents.SecretContent]:
    """Yield the gateway's Secrets and those of tenants, whose content no text of them shows."""
    yield from contents.mounted_secrets(stack, gateway, _key(stack))
    yield from contents.tenant_secrets(stack, _key(stack))


def _workload(stack: Stack, gateway: Gateway) -> Iterator[Any]:
    """Yield the gateway's pods and its certificate."""
    role = stack.gateway_role
    assert role is not None
    yield workload.deployment(stack, gateway, role, watch="")
    yield workload.certificate(gateway, [])


def _views(stack: Stack) -> tuple[View, ...]:
    """Return who sees what in Grafana."""
    key = _key(stack)
    return views(stack, credentials=access.of_readers(stack, key), federation=access.of_federation(stack, key))


def _releases(of: str) -> Callable[[Stack], Any]:
    """Return what makes the releases of one backend: all of them take the most time, and most settings are of one."""
    return lambda stack: [
        _made(each) for backend in stack.backends if backend.signal == of for each in backend.releases
    ]


def _made(release: Release) -> tuple[Any, ...]:
    return release.name, release.chart, release.values, release.roles, release.added


MAKERS: tuple[Callable[[Stack], Any], ...] = (
    *map(_releases, SIGNALS),
    lambda stack: (release := collector_release(stack)) and _made(release),
    policies_of,
    lambda stack: (report(stack), check(stack), sizes.report(stack)),
    lambda stack: stack.gateway and contents.config_map(stack, stack.gateway),
    lambda stack: stack.collector and configuration(stack, stack.collector),
    lambda stack: (groups_of(stack), list(prometheus_rules(stack)), list(pod_monitors(stack))),
    lambda stack: stack.dashboards and documents_of(stack, "uid"),
    lambda stack: stack.dashboards and (packs.documents_of(stack, stack.dashboards), list(packs.refusals(stack))),
    lambda stack: (stack.buckets, stack.protects_buckets, expiries(stack)),
    lambda stack: list(objects_of(stack)),
    lambda stack: (list(external_secrets(stack)), list(tenant_quotas(stack))),
    lambda stack: stack.gateway and [vars(each) for each in _secrets(stack, stack.gateway)],
    lambda stack: stack.gateway and list(_workload(stack, stack.gateway)),
    lambda stack: [sorted(vars(each).items()) for each in _views(stack)],
)
"""What is made of settings, the quickest first."""


@cache
def made(name: str, index: int) -> str:
    """Return what one of them makes of a stack."""
    return repr(MAKERS[index](stacks()[name]))


def shown_by(name: str, changed: Stack, first: int = 0) -> int | None:
    """Return which of them makes anything else, the `first` asked first; who fails has read the setting as well."""
    for index in sorted(range(len(MAKERS)), key=lambda each: each != first):
        try:
            if repr(MAKERS[index](changed)) != made(name, index):
                return index
        except Exception:  # noqa: BLE001 - whatever it is
            return index
    return None


def ran(stack: Stack) -> str:
    """Return what the program registers and exports."""
    run = Run()
    with patch.object(stack_config, "load_stack", lambda: (stack, credentials())):
        run_program(tree("prod"), stack.environment, preview=False, run=run)
    # The order of resources and of what they wait for is that of an event loop.
    registered = sorted(repr(replace(each, dependencies=tuple(sorted(each.dependencies)))) for each in run.resources)
    return repr((registered, json.dumps(run.exports, sort_keys=True, default=str)))


@cache
def as_it_is(name: str) -> str:
    """Return what the program registers of a stack."""
    return ran(stacks()[name])


def program_shows(name: str, changed: Stack) -> bool:
    """Return whether the program does anything else."""
    expected = as_it_is(name)
    try:
        return ran(changed) != expected
    except Exception:  # noqa: BLE001 - whatever it is
        return True


def path(place: Place) -> str:
    """Return a leaf's path as one of settings: `*` where a key or a number is anybody's."""
    return ".".join("*" if part.isdigit() else part for part in place)


def counts_while_read(where: str) -> bool:
    """Return whether a leaf is one of those that count while settings are read."""
    return _is_of(where, WHILE_READ)


def _is_of(where: str, known: Iterable[str]) -> bool:
    """Return whether a path is one of these or below one; `*` is any backend."""
    parts = where.split(".")
    for each in known:
        first, *rest = each.split(".")
        if first in ("*", parts[0]) and parts[1 : 1 + len(rest)] == rest:
            return True
    return False


@cache
def idle() -> tuple[str, ...]:
    """Return the leaves that change nothing in any stack."""
    used: set[str] = set()
    likely: dict[str, int] = {}  # who has shown the leaf before, by the field of the stack
    unseen: dict[str, list[tuple[str, Stack]]] = {}
    for name, stack in stacks().items():
        for place, value in leaves(stack):
            if (where := path(place)) in used or counts_while_read(where):
                continue
            for other in others(stack, place, value):
                changed = replaced(stack, place, other)
                found = shown_by(name, changed, likely.get(place[0], 0))
                if found is not None:
                    likely[place[0]] = found
                    used.add(where)
                    break
                unseen.setdefault(where, []).append((name, changed))
    rest = {where: tries for where, tries in unseen.items() if where not in used}
    return tuple(where for where, tries in rest.items() if not any(program_shows(*each) for each in reversed(tries)))


def declared(model: type[BaseModel], *place: str) -> Iterator[str]:
    """Yield the paths of all leaves that there may be, without those below a key that is anybody's."""
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            yield ".".join((*place, name))
        else:
            alternatives = (field.annotation, *get_args(field.annotation))
            many = any(get_origin(each) in (list, dict) for each in alternatives)
            yield from declared(inner, *place, name, *(("*",) if many else ()))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


_NAMED = ("existing", "roles", "overrides", "mute_times", "external_secrets.secrets", "data")
_BELOW = tuple(f".{each}" for each in _NAMED)


def _any_role(where: str) -> str:
    """Return a path with `*` for a name that is anybody's: a role's, an image's, a mute time's, a Secret's."""
    parts = where.split(".")
    above = (".".join(parts[:at]) for at in range(len(parts)))
    return ".".join("*" if f".{before}".endswith(_BELOW) else part for before, part in zip(above, parts, strict=True))


UNSET = {
    "clusters": "tests/engine/test_clusters.py has it, with outputs of the stacks that it names",
    "traces.moving_from": "tests/engine/test_topology.py has it",
    "*.chart.reference": "the other way of naming a chart",
    "gateway.placement.storage_class": "refused, because the gateway has no volume claims",
    "object_store.protect_buckets": "has a default for each environment, which is what is used",
    "object_store.deny_bucket_deletion": "the same",
    "monitoring.objectives.traces_ingest.latency": "refused, because Tempo does not measure it",
    "profiles.roles.*.autoscaling": "refused for every role",
}


@pytest.mark.parametrize("name", ["prod", "dev", "certified", "existing"])
def test_what_is_made_twice_of_the_same_settings_is_the_same(name: str) -> None:
    """Else every setting would seem to change something."""
    assert shown_by(name, stacks()[name].model_copy()) is None
    assert not program_shows(name, stacks()[name].model_copy())


@pytest.mark.timeout(600)
def test_every_setting_changes_something_that_is_made() -> None:
    assert idle() == ()


def test_every_setting_is_set_in_one_of_the_stacks() -> None:
    """What none of them has, the test above would not see."""
    seen = {_any_role(path(place)) for stack in stacks().values() for place, _ in leaves(stack)}
    missing = [
        where
        for where in declared(Stack)
        if where not in seen and not counts_while_read(where) and not _is_of(where, UNSET)
    ]
    assert missing == []
