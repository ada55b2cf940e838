"""The program is judged by its policies before anything of it is registered."""

import base64
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from telemetry.engine.preview import UNKNOWN
from telemetry.gateway import access, workload
from telemetry.policies import enforcement as program
from telemetry.policies.evaluate import violations
from telemetry.policies.model import SECRET, Violation, World
from telemetry.spec.values.common import RESTRICTED_CONTAINER
from tests.engine.policed import judged
from tests.engine.recorder import Run, is_secret, run_program
from tests.support import ENVIRONMENTS, load_tree, put, tree

each_run = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_the_program_registers_keeps_every_policy(environment: str) -> None:
    assert violations(judged(environment)[0]) == ()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_rules_see_what_the_engine_is_sent(environment: str) -> None:
    world, run = judged(environment)
    sent = {(each.type, each.name): each for each in run.resources if each.custom}
    assert {(each.type, each.name) for each in world.registered} == sent.keys()
    for each in world.registered:
        its = sent[each.type, each.name]
        assert (each.protect, each.retain_on_delete) == (its.protect, its.retain_on_delete)
        assert each.explicit_provider == bool(its.provider) or each.is_provider
        if not each.is_provider:  # theirs are sent as texts
            assert alike(each.inputs, masked(its.inputs)), each.title


def masked(value: Any) -> Any:
    """Return recorded inputs with secrets as rules see them."""
    if is_secret(value):
        return SECRET
    if isinstance(value, dict):
        return {key: masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def alike(seen: Any, sent: Any) -> bool:
    """Whether two inputs are the same, but for what could not be known."""
    if isinstance(seen, dict) and isinstance(sent, dict):
        return seen.keys() == sent.keys() and all(alike(seen[key], sent[key]) for key in seen)
    if isinstance(seen, list) and isinstance(sent, list):
        return len(seen) == len(sent) and all(map(alike, seen, sent))
    return seen in (UNKNOWN, sent)


def refused(run: Run, message: str, *, preview: bool, settings: dict[str, Any] | None = None) -> str:
    """Run the test stack's program, see it refused before anything is registered, and return what it said."""
    with pytest.raises(pulumi.RunError, match=message) as stopped:
        run_program(settings or tree("test"), "test", preview=preview, run=run)
    assert run.resources == []
    return str(stopped.value)


@each_run
def test_all_violations_are_told_at_once_and_nothing_is_registered(
    monkeypatch: pytest.MonkeyPatch, *, preview: bool
) -> None:
    monkeypatch.setattr(workload, "RESTRICTED_CONTAINER", {"privileged": True})
    settings = tree("test")
    put("gateway.image", "registry.example.org/nginx:latest")(settings)
    head, *lines = refused(Run(), "not kept", preview=preview, settings=settings).splitlines()
    assert head == "5 policies are not kept (docs/policies.md); nothing was changed:"
    names = ["image-version", "no-privileged", "no-privilege-escalation", "no-capabilities", "read-only-root"]
    assert [line.partition(":")[0] for line in lines] == names
    assert all(line.partition(": ")[2].startswith("Deployment gateway, spec.template.spec.") for line in lines)


def test_a_secret_in_plain_text_is_found_wherever_it_stands_and_is_not_repeated() -> None:
    settings = tree("test")
    put("gateway.image", "registry.example.org/ms0-fake:1.29.8")(settings)
    said = refused(Run(), "secrets-encrypted", preview=False, settings=settings)
    assert "Deployment gateway, spec.template.spec.containers[0].image is plain text" in said
    assert "ms0-fake" not in said


def test_a_derived_token_and_a_derived_key_in_plain_text_are_found_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tree("test")
    stack, credentials = load_tree(settings, "test")
    first = access.of_tenants(stack, credentials.gateway_key)[stack.tenants[0].id]
    pair = access.server_of(stack, credentials.gateway_key)
    assert pair is not None
    key = pair.key.splitlines()[1]
    annotations = {"a": f"for {first.token}", "b": key, "c": base64.b64encode(f"x:{key}".encode()).decode()}
    monkeypatch.setattr(workload, "RESTRICTED_CONTAINER", {**RESTRICTED_CONTAINER, "seLinuxOptions": annotations})
    said = refused(Run(), "secrets-encrypted", preview=True, settings=settings)
    for name in annotations:
        assert f"securityContext.seLinuxOptions.{name} is plain text" in said
    assert not [text for text in annotations.values() if text in said]


def test_what_is_advised_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    advice = Violation("be-kind", "advisory", "Deployment gateway", "", "rude", "kind", "smile")
    monkeypatch.setattr(program, "violations", lambda _: (advice,))
    assert run_program(tree(), "dev", preview=True).resources
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [str(advice)]


def test_a_mistake_of_the_judges_own_holds_everything_back_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(_: World) -> tuple[Violation, ...]:
        raise KeyError("spec")

    monkeypatch.setattr(program, "violations", mistaken)
    run = Run()
    with pytest.raises(KeyError):
        run_program(tree(), "dev", preview=False, run=run)
    assert run.resources == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda opts: setattr(opts, "protect", False),
            "data-protected: Bucket dts-traces-test-blocks, protect is false",
        ),
        (lambda opts: setattr(opts, "parent", None), "explicit-provider: Bucket dts-traces-test-blocks"),
    ],
    ids=["unprotected", "without a provider"],
)
def test_the_options_of_resources_are_judged(
    monkeypatch: pytest.MonkeyPatch, edit: Callable[[pulumi.ResourceOptions], None], said: str
) -> None:
    import pulumi_aws as aws

    def made(name: str, *, opts: pulumi.ResourceOptions, **inputs: Any) -> Any:
        edit(opts)
        return original(name, opts=opts, **inputs)

    original = aws.s3.Bucket
    monkeypatch.setattr(aws.s3, "Bucket", made)
    assert said in refused(Run(), "not kept", preview=True)
