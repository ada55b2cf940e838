"""Checks the resources and objects that would be there after `up` against the policies."""

from collections.abc import Mapping

from telemetry.engine.preview import Preview, Step
from telemetry.kubernetes.defaults import Object
from telemetry.operations.report.model import Policies
from telemetry.policies.evaluate import violations
from telemetry.policies.model import Registered, World
from telemetry.policies.rules import RULES
from telemetry.stack import Stack

_DEFAULT = "default"
"""How the engine begins the names of providers that nobody asked for."""


def judged(stack: Stack, preview: Preview, rendered: Mapping[str, tuple[Object, ...]]) -> Policies:
    """Return the judgement.

    Args:
        stack: its settings.
        preview: what the engine would do.
        rendered: every object of each release, by the release's name.
    """
    registered = [_registered(step) for step in preview.steps if step.custom and step.action != "delete"]
    names = tuple(rule.name for rule in RULES)
    return Policies(rules=names, violations=violations(World.of(stack, registered, rendered)))


def _registered(step: Step) -> Registered:
    return Registered(
        step.type,
        step.name,
        step.new,
        explicit_provider=bool(step.provider) and not step.provider.startswith(_DEFAULT),
        protect=step.is_protected,
        retain_on_delete=step.is_retained,
    )
