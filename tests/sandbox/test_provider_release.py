"""What the program and its commands rely on of the provider's helm.sh/v3:Release: a new version tells what changed."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.engine import Stack
from tests.sandbox.fixtures.releases import (
    CHART,
    DEAD,
    DEFAULTS,
    NAMESPACE,
    Site,
    kubeconfig,
    provider,
    resource,
)
from tests.waiting import until

pytestmark = [pytest.mark.sandbox, pytest.mark.nightly]  # by day nothing of the provider changes: it is pinned


@pytest.fixture(scope="module")
def empty_stack(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("empty") / "project", site.environment)


@pytest.fixture
def stack(empty_stack: Stack, tmp_path: Path) -> Stack:
    return empty_stack.copy(tmp_path / "project")


def fails_halfway(stack: Stack, name: str, *resources: dict[str, Any]) -> dict[str, Any]:
    """The state of a release whose `up` failed but which exists."""
    done = stack.up(*resources)
    assert done.code != 0
    state = stack.state()[name]
    assert state["initErrors"], done.text
    return state


def test_preview_of_a_create_needs_no_cluster_and_shows_the_defaults(stack: Stack, name: str) -> None:
    shutil.copytree(CHART, stack.folder / "chart")
    seen = stack.preview(provider("/nowhere/kubeconfig"), resource(name, {"stuck": True}, chart="./chart"))
    assert seen.code == 0, seen.text
    assert seen.raw["changeSummary"] == {"create": 3}
    inputs = seen.steps[name]["newState"]["inputs"]
    given = {"name": name, "namespace": NAMESPACE, "chart": "./chart", "values": {"stuck": True}}
    assert inputs.items() >= {**DEFAULTS, **given, "version": "0.1.0"}.items()
    assert "id" not in seen.steps[name]["newState"]


def test_missing_chart_is_a_preview_error_that_names_the_path(stack: Stack, name: str) -> None:
    seen = stack.preview(provider("/nowhere/kubeconfig"), resource(name, chart="./charts/none"))
    assert seen.code != 0
    assert 'path "./charts/none" not found' in seen.errors
    assert "property chart value" in seen.errors


def test_up_gives_ids_and_outputs_and_the_next_preview_has_nothing_to_do(stack: Stack, site: Site, name: str) -> None:
    values = {"greeting": {"$secret": "open sesame"}, "serviceName": "svc", "gone": None}
    program = [site.provider, resource(name, values)]
    stack.must_up(*program)
    found = stack.state()[name]
    assert found["id"] == f"{NAMESPACE}/{name}"
    assert found["outputs"]["status"] == {
        "appVersion": "7.0",
        "chart": "tiny",
        "name": name,
        "namespace": NAMESPACE,
        "revision": 1,
        "status": "deployed",
        "version": "0.1.0",
    }
    assert set(found["outputs"]["resourceNames"]) == {"ConfigMap/v1", "StatefulSet.apps/apps/v1"}
    assert "manifest" not in found["outputs"]
    for side in ("inputs", "outputs"):
        assert "ciphertext" in found[side]["values"]["greeting"]
    # nor after a refresh, though Helm holds the secret in plain text
    for options in ((), ("--refresh",)):
        seen = stack.preview(options=options)
        assert seen.raw["changeSummary"] == {"same": 3}
        assert "open sesame" not in seen.text


def test_drift_is_that_of_the_release_and_not_of_its_objects(stack: Stack, site: Site, name: str) -> None:
    program = [site.provider, resource(name, {"greeting": "hi"})]
    stack.must_up(*program)
    site.core.delete_namespaced_config_map(f"{name}-config", NAMESPACE)
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 3}

    site.helm("upgrade", name, str(CHART), "--set", "greeting=changed", "--set", "extra=1")
    seen = stack.preview(options=("--refresh",))
    assert "values.greeting" in seen.paths(name)
    assert stack.up(options=("--refresh",)).code == 0
    assert yaml.safe_load(site.helm("get", "values", name, "--output", "json")) == {"greeting": "hi"}
    assert site.core.read_namespaced_config_map(f"{name}-config", NAMESPACE).data == {"greeting": "hi"}

    site.helm("uninstall", name)
    assert stack.preview().op(name) == "same"
    assert stack.preview(options=("--refresh",)).op(name) == "create"


def test_timed_out_release_stays_in_state_and_is_repaired(stack: Stack, site: Site, name: str) -> None:
    state = fails_halfway(stack, name, site.provider, resource(name, {"stuck": True}, timeout=1))
    assert state["id"] == f"{NAMESPACE}/{name}"
    assert state["outputs"]["status"]["status"] == "failed"
    assert site.status(name) == ("failed", 1)
    assert stack.preview().op(name) == "update"
    stack.must_up(site.provider, resource(name, {"stuck": False}))
    assert site.status(name) == ("deployed", 2)


def test_replaced_provider_replaces_its_releases_and_a_moved_kubeconfig_does_not(
    stack: Stack, site: Site, name: str, tmp_path: Path
) -> None:
    stack.must_up(site.provider, resource(name))
    other, moved = tmp_path / "other", tmp_path / "moved"
    other.write_text(yaml.safe_dump(kubeconfig(DEAD)))
    moved.write_text(site.connections.kubeconfig.read_text())
    seen = stack.preview(provider(other), resource(name))
    assert ("replace" in seen.op("kubernetes"), "replace" in seen.op(name)) == (True, True)
    seen = stack.preview(provider(moved), resource(name))
    assert (seen.op("kubernetes"), seen.op(name)) == ("update", "same")


def test_interrupt_is_clean_and_the_next_up_repairs(stack: Stack, site: Site, name: str) -> None:
    stack.declare(site.provider, resource(name, {"stuck": True}))
    running = stack.start("up", "--yes", "--skip-preview")
    until(lambda: site.status(name)[0] == "pending-install")
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    text, _ = running.communicate(timeout=120)
    assert time.monotonic() - began < 100, text  # and not as long as the release may take
    assert running.returncode != 0
    assert site.status(name)[0] == "failed"
    assert not list((stack.folder / "backend").rglob(".pulumi/locks/**/*.json"))
    assert stack.state()[name]["initErrors"]
    stack.must_up(site.provider, resource(name, {"stuck": False}))
    assert site.status(name)[0] == "deployed"


def test_killed_engine_leaves_a_lock_and_a_pending_create(stack: Stack, site: Site, name: str) -> None:
    stack.declare(site.provider, resource(name, {"stuck": True}, timeout=4))
    running = stack.start("up", "--yes", "--skip-preview")
    until(lambda: site.status(name)[0] == "pending-install")
    running.send_signal(signal.SIGKILL)
    running.wait()
    # the orphaned plugin still brings its wait to an end, and does not leave by itself
    until(lambda: site.status(name)[0] == "failed")
    for orphan in plugins_of(stack):
        os.kill(orphan, signal.SIGKILL)
    assert "the stack is currently locked by 1 lock(s)" in stack.up().flat
    assert stack.run("cancel", "--yes").code == 0
    again = stack.up(site.provider, resource(name))
    assert again.code != 0
    assert "cannot re-use a name that is still in use" in again.flat


def plugins_of(stack: Stack) -> list[int]:
    """Plugin processes whose working directory is this stack's project."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            if b"pulumi-resource-" in command and (process / "cwd").readlink() == stack.folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found
