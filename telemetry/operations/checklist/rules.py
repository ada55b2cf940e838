"""Checks that the stack's rules are loaded unchanged where they are evaluated."""

from typing import Any

import httpx

from telemetry.monitoring.operator import prometheus_rules
from telemetry.monitoring.ruler import ruler_of, steps
from telemetry.monitoring.rules import groups_of
from telemetry.operations.checklist.metrics import owner
from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.operations.checklist.objects import live_spec
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.spec.ruler import RulerError

Group = dict[str, Any]
_OBJECTIVES = "telemetry-slo"


def look_at_objectives(given: Given) -> ChecklistFinding:
    """Look for the recorded service levels and their alerts."""
    return _look(given, objectives=True)


def look_at_packs(given: Given) -> ChecklistFinding:
    """Look for all other families."""
    return _look(given, objectives=False)


def _look(given: Given, *, objectives: bool) -> ChecklistFinding:
    groups = [each for each in groups_of(given.stack) if each["name"].startswith(_OBJECTIVES) is objectives]
    where = given.stack.monitoring.rules
    if where == "none":
        raise CheckSkipped("telemetry:monitoring.rules is none, so somebody else has them or nobody")
    live = _in_cluster(given) if where == "prometheus-rule" else _in_ruler(given)
    wrong = [f"{each.name} is {'missing' if each.kind == 'add' else 'another'}"
             for each in steps(groups, live) if each.kind in ("add", "change")]  # fmt: skip
    if wrong:
        return ChecklistFinding("open", "; ".join(wrong))
    rules = sum(len(each["rules"]) for each in groups)
    ruler = f"{given.stack.backend('metrics').of.title}'s ruler"
    place = "PrometheusRule objects" if where == "prometheus-rule" else ruler
    return ChecklistFinding("done", f"{rules} rules in {len(groups)} groups are in {place}")


def _in_cluster(given: Given) -> dict[str, Group]:
    specs = (live_spec(given, each) for each in prometheus_rules(given.stack))
    return {group["name"]: group for spec in specs if spec is not None for group in spec.get("groups") or ()}


def _in_ruler(given: Given) -> dict[str, Group]:
    if given.target.behind_gateway:
        raise CheckSkipped("no route to the gateway from here, and the ruler's rules are asked by it")
    with given.target.client(owner(given)) as asking:
        asking.base_url = httpx.URL(given.target.addresses["metrics.query"])
        try:
            return ruler_of(given.stack, asking).groups()
        except RulerError as error:
            raise CheckFailed(str(error)) from error
