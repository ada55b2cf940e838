"""The policies as a CrossGuard pack: `pulumi preview --policy-pack policy-pack` (docs/policies.md)."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

_PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_PROJECT))

from telemetry.engine.preview import UNKNOWN
from telemetry.policies.evaluate import violations
from telemetry.policies.model import Registered, Rule, World
from telemetry.policies.rules import RULES
from telemetry.stack import Stack, load_settings, tenants_file

_DEFAULT = "default"
"""How the engine begins the names of providers that nobody asked for."""
_COMPONENTS = ("telemetry:", "pulumi:pulumi:")


def stack_settings() -> Stack:
    """Return the settings of the stack, from the config that the engine hands over."""
    config = pulumi.Config("telemetry")
    given = {f"telemetry:{key}": config.get(key) for key in (*Stack.model_fields, tenants_file.KEY)}
    return load_settings({key: text for key, text in given.items() if text is not None}, pulumi.get_stack())


def plain(value: Any) -> Any:
    """Return what the engine shows as plain values; what is not known yet says so, in place of raising an error."""
    if isinstance(value, Mapping):
        return {key: plain(_read(value, key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(_read(value, index)) for index in range(len(value))]
    return value


def _read(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except UnknownValueError:
        return UNKNOWN


def registered(it: ResourceValidationArgs | PolicyResource) -> Registered:
    """Return a resource as the rules look at it."""
    provider = it.provider.name if it.provider is not None else _DEFAULT
    return Registered(
        it.resource_type,
        it.name,
        plain(it.props),
        explicit_provider=not provider.startswith(_DEFAULT),
        protect=it.opts.protect,
        retain_on_delete=None,
    )


def _judge(rule: Rule, resources: Iterable[Registered]) -> Iterator[str]:
    world = World(stack_settings(), tuple(resources))
    return (each.text for each in violations(world, [rule]))


def _of_each(rule: Rule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if not args.resource_type.startswith(_COMPONENTS):
            for text in _judge(rule, [registered(args)]):
                report_violation(text, None)

    return validate


def _of_all(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        custom = (each for each in args.resources if not each.resource_type.startswith(_COMPONENTS))
        for text in _judge(rule, [registered(each) for each in custom]):
            report_violation(text, None)

    return validate


def policy(rule: Rule) -> Policy:
    """Return a rule as CrossGuard has them."""
    level = EnforcementLevel.MANDATORY if rule.severity == "mandatory" else EnforcementLevel.ADVISORY
    if rule.pack == "all together":
        return StackValidationPolicy(rule.name, rule.why, _of_all(rule), level)
    return ResourceValidationPolicy(rule.name, rule.why, _of_each(rule), level)


if __name__ == "__main__":
    os.chdir(_PROJECT)  # the engine starts a pack in its own folder, and files are named from the project on
    PolicyPack("telemetry", [policy(rule) for rule in RULES if rule.pack != "not at all"])
