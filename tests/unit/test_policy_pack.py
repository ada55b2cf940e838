"""The policy pack, on a small double of pulumi-policy 1.21's API, which is not among the program's packages."""

import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pulumi
import pytest

from telemetry.engine.preview import UNKNOWN
from telemetry.policies.rules import RULES
from tests.support import REPO, as_engine_gives, tree
from tests.unit.policy_cases import account, first, trusting, workload


class UnknownValueError(Exception):
    """As pulumi-policy raises it when a value that is not known yet is read."""


class EnforcementLevel(Enum):
    """As pulumi-policy has it."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass
class Policy:
    """The first four parameters of ResourceValidationPolicy and of StackValidationPolicy."""

    name: str
    description: str
    validate: Callable[[Any, Callable[[str, str | None], None]], None]
    enforcement_level: EnforcementLevel | None = None


class OfEach(Policy):
    """Plays ResourceValidationPolicy."""


class OfAll(Policy):
    """Plays StackValidationPolicy."""


class Hidden(dict[str, Any]):
    """Plays the engine's properties, of which one is unknown: to read it is an error."""

    def __getitem__(self, key: str) -> Any:
        if key == "unknown":
            raise UnknownValueError
        return super().__getitem__(key)


Pack = Mapping[str, Any]


@pytest.fixture
def packs() -> list[tuple[str, list[Policy]]]:
    """Name and policies of the packs that were made."""
    return []


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch, packs: list[tuple[str, list[Policy]]]) -> Iterator[Pack]:
    """What the pack's program defines, run on the double."""
    api, proxy = ModuleType("pulumi_policy"), ModuleType("pulumi_policy.proxy")
    own = {
        "EnforcementLevel": EnforcementLevel,
        "Policy": Policy,
        "PolicyPack": lambda name, policies: packs.append((name, policies)),
        "ResourceValidationPolicy": OfEach,
        "StackValidationPolicy": OfAll,
    }
    others = ("PolicyResource", "ReportViolation", "ResourceValidationArgs", "StackValidationArgs")
    vars(api).update(own | dict.fromkeys(others, object))
    vars(proxy)["UnknownValueError"] = UnknownValueError
    monkeypatch.setitem(sys.modules, "pulumi_policy", api)
    monkeypatch.setitem(sys.modules, "pulumi_policy.proxy", proxy)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(REPO / "policy-pack")  # where an engine starts it
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    settings = tree("prod")
    del settings["credentials"]
    pulumi.runtime.set_all_config(as_engine_gives(settings), [])
    yield runpy.run_path(str(REPO / "policy-pack" / "__main__.py"), run_name="__main__")
    pulumi.runtime.set_all_config({}, [])


def resource(type_: str, props: Mapping[str, Any], provider: str | None = "s3", *, protect: bool = True) -> Any:
    """Return a resource as pulumi-policy shows it."""
    own = None if provider is None else SimpleNamespace(name=provider)
    return SimpleNamespace(
        resource_type=type_, name="x", props=props, opts=SimpleNamespace(protect=protect), provider=own
    )


def said(policy: Policy, args: Any) -> list[str]:
    """Return what a policy reports."""
    found: list[str] = []
    policy.validate(args, lambda text, _: found.append(text))
    return found


@pytest.mark.usefixtures("pack")
def test_every_policy_that_an_engine_can_show_is_in_the_pack(packs: list[tuple[str, list[Policy]]]) -> None:
    ((name, policies),) = packs
    assert name == "telemetry"
    left_out = {rule.name for rule in RULES} - {policy.name for policy in policies}
    assert left_out == {"secrets-encrypted", "no-secrets-in-releases"}
    assert {each.enforcement_level for each in policies} == {EnforcementLevel.MANDATORY}
    assert [each.name for each in policies if isinstance(each, OfAll)] == ["no-service-account-token"]


@pytest.mark.usefixtures("pack")
def test_a_violation_is_reported_at_its_resource(packs: list[tuple[str, list[Policy]]]) -> None:
    policies = {policy.name: policy for policy in packs[0][1]}
    latest = workload(first("image", "nginx:latest"))
    (text,) = said(policies["image-version"], resource("kubernetes:apps/v1:Deployment", latest))
    assert text.startswith("Deployment gateway, spec.template.spec.containers[nginx].image is nginx:latest; allowed: ")
    assert said(policies["image-version"], resource("kubernetes:apps/v1:Deployment", workload())) == []
    bucket = "aws:s3/bucket:Bucket"
    assert said(policies["data-protected"], resource(bucket, {})) == []
    assert len(said(policies["data-protected"], resource(bucket, {}, protect=False))) == 1
    for provider in (None, "default_7_51_1"):
        assert len(said(policies["explicit-provider"], resource(bucket, {}, provider))) == 1
    assert said(policies["explicit-provider"], resource("telemetry:storage:Buckets", {}, None)) == []
    (text,) = said(
        policies["seaweedfs-features"], resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {})
    )
    assert "allowed: from SeaweedFS 4.53 on" in text


@pytest.mark.usefixtures("pack")
def test_pods_are_held_against_all_service_accounts(packs: list[tuple[str, list[Policy]]]) -> None:
    (policy,) = (each for each in packs[0][1] if isinstance(each, OfAll))
    pod = resource("kubernetes:apps/v1:Deployment", workload(trusting))
    for automount, count in ((False, 0), (None, 1)):
        its = resource("kubernetes:core/v1:ServiceAccount", account(automount))
        assert len(said(policy, SimpleNamespace(resources=[pod, its]))) == count


def test_what_is_not_known_yet_stops_no_policy(pack: Pack) -> None:
    assert pack["plain"](Hidden(known=[1, {"a": True}], unknown="x")) == {"known": [1, {"a": True}], "unknown": UNKNOWN}


def test_files_that_settings_name_are_found_from_the_project_on(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Path.cwd() == REPO
    settings = {**tree("prod"), "tenants_file": "tenants.yaml"}
    del settings["credentials"], settings["tenants"]
    pulumi.runtime.set_all_config(as_engine_gives(settings), [])
    (tmp_path / "tenants.yaml").write_text("[{ id: a, display_name: A }]")
    monkeypatch.chdir(tmp_path)
    assert [tenant.id for tenant in pack["stack_settings"]().tenants] == ["a"]
