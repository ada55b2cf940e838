"""Checks that the stack's rules are loaded unchanged where they are evaluated."""

from typing import Any

import httpx
import urllib3
from kubernetes import client

from telemetry.monitoring.ruler import ruler_of, steps
from telemetry.monitoring.rules import groups_of
from telemetry.operations.checklist.metrics import owner
from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.spec.ruler import RulerError

Group = dict[str, Any]
_OBJECTIVES = "telemetry-slo"
_TIMEOUT_SECONDS = 10
_ABSENT = 404


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
    live = _in_cluster(given, groups) if where == "prometheus-rule" else _in_ruler(given)
    wrong = [f"{each.name} is {'missing' if each.kind == 'add' else 'another'}"
             for each in steps(groups, live) if each.kind in ("add", "change")]  # fmt: skip
    if wrong:
        return ChecklistFinding("open", "; ".join(wrong))
    rules = sum(len(each["rules"]) for each in groups)
    ruler = f"{given.stack.backend('metrics').of.title}'s ruler"
    place = "PrometheusRule objects" if where == "prometheus-rule" else ruler
    return ChecklistFinding("done", f"{rules} rules in {len(groups)} groups are in {place}")


def _in_cluster(given: Given, groups: list[Group]) -> dict[str, Group]:
    api = client.CustomObjectsApi(given.cluster)
    found: dict[str, Group] = {}
    for name in (each["name"] for each in groups):
        try:
            live = api.get_namespaced_custom_object(
                "monitoring.coreos.com",
                "v1",
                given.stack.namespace.name,
                "prometheusrules",
                name,
                _request_timeout=_TIMEOUT_SECONDS,
            )
        except client.ApiException as error:
            if error.status != _ABSENT:
                raise CheckFailed(f"the cluster does not show PrometheusRule {name}: {error.status}") from None
            continue
        except urllib3.exceptions.HTTPError:
            raise CheckFailed("the cluster does not answer") from None
        found |= {group["name"]: group for group in live["spec"]["groups"]}
    return found


def _in_ruler(given: Given) -> dict[str, Group]:
    if given.target.behind_gateway:
        raise CheckSkipped("no route to the gateway from here, and the ruler's rules are asked by it")
    with given.target.client(owner(given)) as asking:
        asking.base_url = httpx.URL(given.target.addresses["metrics.query"])
        try:
            return ruler_of(given.stack, asking).groups()
        except RulerError as error:
            raise CheckFailed(str(error)) from error
