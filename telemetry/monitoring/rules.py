"""All rules of a stack, in the forms in which they are deployed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from telemetry.config.rule_packs import Group
from telemetry.monitoring import capacity, certificates, collector, gateway, object_store, scrapes, slo, tenant_slo
from telemetry.spec.alerts import Alert, Family, Rule
from telemetry.spec.promql import Scope
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.existing import ExistingBackend, existing_of

RUNBOOKS = "docs/runbooks.md"
_OBJECT_STORE, _COLLECTOR = "object-store", "collector"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9.]+")
_MAKERS: Mapping[str, Callable[[Stack], Iterator[Rule]]] = {
    _OBJECT_STORE: object_store.rules,
    "gateway": gateway.rules,
    "scraping": scrapes.rules,
    _COLLECTOR: collector.rules,
    "certificates": certificates.rules,
    "capacity": capacity.rules,
    "slo-records": slo.records,
    "slo-ratios": slo.ratios,
    "slo": slo.alerts,
    "slo-tenants": tenant_slo.rules,
}
"""One family each, beside one of each backend: what it is called, and what makes its rules. A ruler may take no more
than 20 in a group."""


def families_of(stack: Stack) -> tuple[Family, ...]:
    """Return the rules of a stack by family; a family that has none there is left out."""
    of_backends = (
        Family(backend.of.name, tuple(backend.of.alerts(backend.context)))
        for backend in metrics_first(stack.backends)
        if backend.of.alerts is not None
    )
    existing = (family for backend in existing_of(stack) for family in _of_existing(stack, backend))
    others = (Family(name, tuple(make(stack)), _elsewhere(name, stack)) for name, make in _MAKERS.items())
    families = (_of_what_is_seen(family, stack) for family in (*of_backends, *existing, *others))
    return tuple(family for family in families if family.rules)


def _of_what_is_seen(family: Family, stack: Stack) -> Family:
    """Return a family without the alert that nothing of it is scraped, where that would fire for ever.

    A metrics backend that evaluates the rules by itself sees no more than itself, unless the collector writes the rest
    to it: what anybody else scrapes is elsewhere.
    """
    metrics, asked = stack.backend("metrics").of, stack.monitoring
    alone = metrics.evaluates_rules and asked.rules == "none" and asked.scrape != "collector"
    if not alone or family.name == metrics.name:
        return family
    seen = (rule for rule in family.rules if not (isinstance(rule, Alert) and rule.is_on_missing_data))
    return replace(family, rules=tuple(seen))


def _of_existing(stack: Stack, backend: ExistingBackend) -> Iterator[Family]:
    """Yield what tells of trouble with a backend of others, and its service levels where the stack's have them not."""
    name, namespace = backend.of.name, backend.settings.namespace
    yield Family(name, tuple(backend.known.alerts(Scope.namespace(namespace))), namespace)
    yield Family(f"slo-{name}", tuple(slo.rules_elsewhere(stack, backend)), namespace)


def _elsewhere(name: str, stack: Stack) -> str | None:
    """Return the namespace of others that a family is about."""
    if name == _COLLECTOR:
        return collector.namespace_of(stack)
    store = stack.monitoring.object_store
    return store.namespace if store is not None and name == _OBJECT_STORE else None


def groups_of(stack: Stack) -> list[Group]:
    """Return the rules as groups of Prometheus' rule files, the user's own last; a ruler takes the same."""
    ours = (group_of(family, stack) for family in families_of(stack))
    return [*ours, *groups_of_packs(stack)]


def groups_of_packs(stack: Stack) -> list[Group]:
    """Return the user's own rules."""
    return [group for pack in stack.monitoring.rule_packs for _, group in pack.groups]


def group_of(family: Family, stack: Stack) -> Group:
    """Return one family as a group of a rule file."""
    rules = [_rule(rule, stack, family.namespace or stack.namespace.name) for rule in family.rules]
    return {"name": f"telemetry-{family.name}", "interval": f"{stack.monitoring.evaluation_interval}s", "rules": rules}


def object_name(group: Group) -> str:
    """Return what the object, or the file, of a group is called; Kubernetes allows less in names than Prometheus."""
    name: str = group["name"]
    return _NOT_IN_NAMES.sub("-", name.lower()).strip("-.")


def _rule(rule: Rule, stack: Stack, namespace: str) -> dict[str, Any]:
    if not isinstance(rule, Alert):
        labels = {"labels": rule.labels} if rule.labels else {}
        return {"record": rule.name, "expr": rule.expr, **labels}
    severity = getattr(stack.monitoring.severities, rule.severity)
    return {
        "alert": rule.name,
        "expr": rule.expr,
        "for": rule.wait,
        # Sums have no namespace of their own, and several environments may notify the same people.
        "labels": {
            "severity": severity,
            "namespace": namespace,
            "environment": stack.environment,
            **({"tenant": f"{{{{ $labels.{rule.about} }}}}"} if rule.about else {}),
        },
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": f"{stack.monitoring.runbook_url or RUNBOOKS}#{rule.name.lower()}",
        },
    }
