"""The stand-in's helm.sh/v3:Release, compared with what was seen of the real provider."""

import dataclasses
import itertools
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.plugins.base import CheckError, InitError, ProviderError, Request
from sandbox.plugins.kubernetes.cluster import Cluster, Target
from sandbox.plugins.kubernetes.kubeconfig import KubeConfig
from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.plugins.values import UNKNOWN, Secret, reveal
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from tests.sandbox.engine import Stack, engine_environment

pytestmark = pytest.mark.sandbox

CHART = Path(__file__).parent / "fixtures" / "charts" / "tiny"
TYPE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "plugins-release"
DEAD = "https://127.0.0.1:1"
OFF = """
atomic cleanupOnFail createNamespace dependencyUpdate devel disableCRDHooks disableOpenapiValidation disableWebhooks
forceUpdate lint recreatePods renderSubchartNotes replace resetValues reuseValues skipAwait skipCrds verify waitForJobs
"""
DEFAULTS = {**dict.fromkeys(OFF.split(), False), "description": "", "keyring": "", "postrender": "", "timeout": 300}
_numbers = itertools.count()


def resource(name: str, values: dict[str, Any] | None = None, **inputs: Any) -> dict[str, Any]:
    """A Release as the SDK would register it."""
    return {
        "type": TYPE,
        "name": name,
        "options": {"provider": "kubernetes"},
        "outputs": ["manifest", "resourceNames", "status"],
        "inputs": {
            "name": name,
            "namespace": NAMESPACE,
            "chart": str(CHART),
            "compat": "true",
            "values": values or {},
            **inputs,
        },
    }


def provider(kubeconfig: Path | str, **inputs: Any) -> dict[str, Any]:
    return {
        "type": "pulumi:providers:kubernetes",
        "name": "kubernetes",
        "inputs": {"kubeconfig": str(kubeconfig), "context": "sandbox", **inputs},
    }


@dataclasses.dataclass(frozen=True)
class Site:
    """The world's cluster, by helm and by REST."""

    connections: Connections
    environment: dict[str, str]

    @property
    def provider(self) -> dict[str, Any]:
        return provider(self.connections.kubeconfig)

    @property
    def cluster(self) -> Cluster:
        return Cluster(KubeConfig(str(self.connections.kubeconfig), self.connections.context))

    @property
    def where(self) -> list[str]:
        return ["--kubeconfig", str(self.connections.kubeconfig), "--namespace", NAMESPACE]

    def helm(self, *arguments: str) -> str:
        done = subprocess.run(
            ["helm", *arguments, *self.where], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def status(self, name: str) -> tuple[str, int]:
        found = yaml.safe_load(self.helm("status", name, "--output", "json"))
        return found["info"]["status"], found["version"]


@pytest.fixture(scope="module")
def site(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    here = Site(world, engine_environment(toolchain, tmp_path_factory.mktemp("home")))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    here.cluster.apply(space, force=True, dry_run=False)
    yield here
    for line in here.helm("list", "--all", "--short").split():
        here.helm("uninstall", line)


@pytest.fixture(scope="module")
def empty_stack(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("empty") / "project", site.environment)


@pytest.fixture
def stack(empty_stack: Stack, tmp_path: Path) -> Stack:
    return empty_stack.copy(tmp_path / "project")


@pytest.fixture
def name() -> str:
    """The name of a release that no other test has."""
    return f"rel-{next(_numbers)}"


@pytest.fixture
def direct(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The plugin's own answers, without an engine in between."""
    monkeypatch.setenv("PATH", site.environment["PATH"])

    def configured(**config: Any) -> Any:
        kubernetes = Kubernetes()
        kubernetes.configure({"kubeconfig": str(site.connections.kubeconfig), "context": "sandbox", **config})
        return kubernetes.resource_type(TYPE)

    return configured


def request(name: str, values: dict[str, Any] | None = None, **fields: Any) -> Request:
    inputs = {**DEFAULTS, **resource(name, values)["inputs"], **fields.pop("inputs", {})}
    return Request(urn="urn", type=TYPE, name=name, id=f"{NAMESPACE}/{name}", inputs=inputs, **fields)


def fails_halfway(stack: Stack, name: str, *resources: dict[str, Any]) -> dict[str, Any]:
    """The state of a release whose `up` failed but which exists."""
    done = stack.up(*resources)
    assert done.code != 0
    state = stack.state()[name]
    assert state["initErrors"], done.text
    return state


# Check


def test_preview_of_a_create_needs_no_cluster_and_shows_the_defaults(stack: Stack, name: str) -> None:
    shutil.copytree(CHART, stack.folder / "chart")
    seen = stack.preview(provider("/nowhere/kubeconfig"), resource(name, {"stuck": True}, chart="./chart"))
    assert seen.code == 0, seen.text
    assert seen.raw["changeSummary"] == {"create": 3}
    inputs = seen.steps[name]["newState"]["inputs"]
    given = {"name": name, "namespace": NAMESPACE, "chart": "./chart", "values": {"stuck": True}}
    assert inputs == {**DEFAULTS, **given, "version": "0.1.0"}
    assert "id" not in seen.steps[name]["newState"]


def test_missing_chart_is_a_preview_error_that_names_the_path(stack: Stack, name: str) -> None:
    seen = stack.preview(provider("/nowhere/kubeconfig"), resource(name, chart="./charts/none"))
    assert seen.code != 0
    assert 'path "./charts/none" not found' in seen.errors
    assert "property chart value" in seen.errors


def test_only_what_helm_decides_is_unknown_in_a_preview_of_a_create(direct: Callable[..., Any], name: str) -> None:
    release_id, outputs = direct().create(request(name, preview=True))
    assert release_id == ""
    assert {key for key, value in outputs.items() if value is UNKNOWN} == {"resourceNames", "status"}
    assert outputs["name"] == name


@pytest.mark.parametrize("missing", ["name"])
def test_release_without_a_name_is_refused(direct: Callable[..., Any], missing: str) -> None:
    with pytest.raises(CheckError, match="name"):
        direct().check(request("x", inputs={missing: None}))


# Up, outputs, secrets


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
    assert found["outputs"]["resourceNames"] == {
        "ConfigMap/v1": [f"{NAMESPACE}/{name}-config"],
        "StatefulSet.apps/apps/v1": [f"{NAMESPACE}/{name}"],
    }
    assert "manifest" not in found["outputs"]
    assert found["inputs"]["values"]["gone"] is None
    for side in ("inputs", "outputs"):
        assert "ciphertext" in found[side]["values"]["greeting"]
    assert "open sesame" not in stack.preview().text
    assert stack.preview().raw["changeSummary"] == {"same": 3}
    # nor after a refresh, though Helm holds the secret in plain text
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 3}


# Diff


def test_changed_value_is_named_by_its_path_and_nothing_else(direct: Callable[..., Any], name: str) -> None:
    old = request(name, {"tempo": {"retention": "24h", "x": 1}, "labels": {"a.b/c": "1"}}).inputs
    asked = request(name, {"tempo": {"retention": "48h", "x": 1}, "labels": {}}, old_inputs=old)
    found = direct().diff(asked)
    assert found.changes == {"values.tempo.retention": "UPDATE", 'values.labels["a.b/c"]': "DELETE"}
    assert not found.replaces


@pytest.mark.parametrize("key", ["name", "namespace"])
def test_name_and_namespace_replace_create_first(direct: Callable[..., Any], name: str, key: str) -> None:
    asked = request(name, inputs={key: "other"}, old_inputs=request(name).inputs)
    found = direct().diff(asked)
    assert (found.replaces, found.delete_before_replace) == (frozenset({key}), False)


@pytest.mark.parametrize(
    "change", [{"timeout": 900}, {"chart": "/other"}, {"version": "2"}, {"atomic": True}, {"values": {"a": None}}]
)
def test_everything_else_is_an_update(direct: Callable[..., Any], name: str, change: dict[str, Any]) -> None:
    found = direct().diff(request(name, inputs=change, old_inputs=request(name).inputs))
    assert found.changes
    assert not found.replaces


def test_edited_chart_is_invisible_and_a_version_bump_is_not(
    direct: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    release = direct()
    old = release.check(request(name, inputs={"chart": str(chart)}))
    (chart / "templates" / "objects.yaml").write_text("# nothing left\n")
    again = Request("urn", TYPE, name, inputs=release.check(request(name, inputs={"chart": str(chart)})))
    assert not release.diff(dataclasses.replace(again, old_inputs=old)).changes
    (chart / "Chart.yaml").write_text((chart / "Chart.yaml").read_text().replace("0.1.0", "0.2.0"))
    bumped = release.check(request(name, inputs={"chart": str(chart)}))
    assert release.diff(dataclasses.replace(again, inputs=bumped, old_inputs=old)).changes == {"version": "UPDATE"}


def test_update_preview_keeps_status_and_resource_names(direct: Callable[..., Any], name: str) -> None:
    state = {"status": {"revision": 4}, "resourceNames": {"ConfigMap/v1": ["a/b"]}}
    outputs = direct().update(request(name, {"greeting": "new"}, state=state, preview=True))
    assert {key: outputs[key] for key in state} == state


# Drift


def test_drift_is_that_of_the_release_and_not_of_its_objects(stack: Stack, site: Site, name: str) -> None:
    program = [site.provider, resource(name, {"greeting": "hi"})]
    stack.must_up(*program)
    target = Target("v1", "ConfigMap", NAMESPACE, f"{name}-config")
    site.cluster.delete(target)
    assert stack.preview(options=("--refresh",)).raw["changeSummary"] == {"same": 3}
    assert site.cluster.get(target) is None

    site.helm("upgrade", name, str(CHART), "--set", "greeting=changed", "--set", "extra=1")
    seen = stack.preview(options=("--refresh",))
    assert {"values.greeting", "values.extra"} <= set(seen.paths(name))
    assert stack.up(options=("--refresh",)).code == 0
    assert yaml.safe_load(site.helm("get", "values", name, "--output", "json")) == {"greeting": "hi"}
    assert site.cluster.get(target) is not None

    site.helm("uninstall", name)
    assert stack.preview().op(name) == "same"
    assert stack.preview(options=("--refresh",)).op(name) == "create"


# Failures


def test_timed_out_release_stays_in_state_and_is_repaired(stack: Stack, site: Site, name: str) -> None:
    state = fails_halfway(stack, name, site.provider, resource(name, {"stuck": True}, timeout=1))
    assert state["id"] == f"{NAMESPACE}/{name}"
    assert state["outputs"]["status"]["status"] == "failed"
    assert site.status(name) == ("failed", 1)
    assert stack.preview().op(name) == "update"
    stack.must_up(site.provider, resource(name, {"stuck": False}))
    assert site.status(name) == ("deployed", 2)


def test_atomic_waits_even_when_told_not_to(direct: Callable[..., Any], name: str) -> None:
    waits = {"skipAwait": True, "atomic": True, "timeout": 1}
    with pytest.raises(ProviderError) as failure:
        direct().create(request(name, {"stuck": True}, inputs=waits))
    assert not isinstance(failure.value, InitError)  # rolled back: nothing is left to keep
    _, made = direct().create(request(name, {"stuck": True}, inputs={"skipAwait": True, "timeout": 1}))
    assert made["status"]["status"] == "deployed"


def test_immutable_change_fails_and_keeps_the_old_values(direct: Callable[..., Any], name: str) -> None:
    release = direct()
    first = request(name, {"serviceName": "one"})
    _, state = release.create(first)
    second = request(name, {"serviceName": "two"}, old_inputs=first.inputs, state=state)
    with pytest.raises(InitError, match="Forbidden") as failure:
        release.update(second)
    kept = failure.value.properties
    assert (kept["status"]["status"], kept["values"]) == ("failed", {"serviceName": "one"})
    reverted = release.update(dataclasses.replace(first, old_inputs=second.inputs, state=kept))
    assert reverted["status"]["status"] == "deployed"


def test_broken_template_makes_no_revision(direct: Callable[..., Any], site: Site, name: str) -> None:
    release = direct()
    _, state = release.create(request(name))
    with pytest.raises(ProviderError, match="no way") as failure:
        release.update(request(name, {"broken": "no way"}, state=state))
    assert not isinstance(failure.value, InitError)
    assert site.status(name) == ("deployed", 1)


def test_name_in_use(direct: Callable[..., Any], name: str) -> None:
    direct().create(request(name))
    with pytest.raises(ProviderError, match="cannot re-use a name that is still in use") as failure:
        direct().create(request(name))
    assert not isinstance(failure.value, InitError)


def test_pending_upgrade_blocks_updates_and_a_refresh_takes_its_values(
    direct: Callable[..., Any], site: Site, name: str
) -> None:
    release = direct()
    _, state = release.create(request(name, {"greeting": "one"}))
    killed = subprocess.Popen(
        [*["helm", "upgrade", "--wait", "--set", "stuck=true"], name, str(CHART), *site.where],
        env=site.environment,
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: site.status(name)[0] == "pending-upgrade")
    killed.kill()
    killed.wait()
    with pytest.raises(ProviderError, match=r"another operation \(.*\) is in progress") as failure:
        release.update(request(name, {"greeting": "two"}, state=state))
    assert not isinstance(failure.value, InitError)
    live = release.read(request(name, {"greeting": "one"}, state=state))
    assert live.inputs["values"] == {"stuck": True}
    assert live.state["status"]["status"] == "pending-upgrade"


@pytest.mark.parametrize("verb", ["create", "update", "read", "delete"])
def test_unreachable_cluster_is_named_but_not_by_previews(
    direct: Callable[..., Any], name: str, tmp_path: Path, verb: str
) -> None:
    dead = tmp_path / "kubeconfig"
    dead.write_text(yaml.safe_dump(kubeconfig(DEAD)))
    release = direct(kubeconfig=str(dead))
    refused = f"can't {verb} Helm Release with unreachable cluster: .*connection refused"
    with pytest.raises(ProviderError, match=refused):
        getattr(release, verb)(request(name))
    if verb in ("create", "update"):
        assert getattr(release, verb)(request(name, preview=True))


# Provider configuration


def kubeconfig(server: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "made-up"}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "c", "user": "u"}}],
    }


@pytest.mark.parametrize(
    ("server", "identifier", "replaced"),
    [("https://a", {}, False), ("https://b", {}, True), ("https://b", {"clusterIdentifier": "x"}, False)],
)
def test_another_server_replaces_the_provider_and_another_path_does_not(
    tmp_path: Path, server: str, identifier: dict[str, str], replaced: bool
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(yaml.safe_dump(kubeconfig("https://a")))
    second.write_text(yaml.safe_dump(kubeconfig(server)))
    old, new = ({"kubeconfig": str(path), "context": "sandbox", **identifier} for path in (first, second))
    found = Kubernetes().diff_config(old, new)
    assert found.changes == {"kubeconfig": "UPDATE"}
    assert bool(found.replaces) == replaced
    inline = Kubernetes().diff_config(old, {**new, "kubeconfig": second.read_text()})
    assert bool(inline.replaces) == replaced


def test_another_cluster_identifier_replaces_the_provider() -> None:
    found = Kubernetes().diff_config({"clusterIdentifier": "a"}, {"clusterIdentifier": "b"})
    assert found.replaces == {"clusterIdentifier"}


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


# Interrupted and killed


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except subprocess.CalledProcessError:
            pass
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_interrupt_is_clean_and_the_next_up_repairs(stack: Stack, site: Site, name: str) -> None:
    stack.declare(site.provider, resource(name, {"stuck": True}))
    running = stack.start("up", "--yes", "--skip-preview")
    wait_for(lambda: site.status(name)[0] == "pending-install")
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    text, _ = running.communicate(timeout=30)
    assert time.monotonic() - began < 12, text  # of which the language host may take 5
    assert running.returncode != 0
    assert site.status(name)[0] == "failed"
    assert not list((stack.folder / "backend").rglob(".pulumi/locks/**/*.json"))
    assert stack.state()[name]["initErrors"]
    stack.must_up(site.provider, resource(name, {"stuck": False}))
    assert site.status(name)[0] == "deployed"


def test_killed_engine_leaves_a_lock_and_a_pending_create(stack: Stack, site: Site, name: str) -> None:
    stack.declare(site.provider, resource(name, {"stuck": True}, timeout=4))
    running = stack.start("up", "--yes", "--skip-preview")
    wait_for(lambda: site.status(name)[0] == "pending-install")
    running.send_signal(signal.SIGKILL)
    running.wait()
    # the orphaned plugin still brings its wait to an end, then leaves
    wait_for(lambda: site.status(name)[0] == "failed")
    wait_for(lambda: not plugins_of(stack))
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
            if b"sandbox.plugins." in command and (process / "cwd").readlink() == stack.folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_values_never_lose_their_secrecy_on_the_way_back(direct: Callable[..., Any], name: str) -> None:
    release = direct()
    asked = request(name, {"greeting": Secret("one"), "list": [Secret("two"), "three"]})
    _, state = release.create(asked)
    live = release.read(dataclasses.replace(asked, state=state))
    assert isinstance(live.inputs["values"]["greeting"], Secret)
    assert isinstance(live.state["values"]["list"][0], Secret)
    assert reveal(live.inputs["values"]) == {"greeting": "one", "list": ["two", "three"]}
