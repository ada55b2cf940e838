"""The stand-in's helm.sh/v3:Release, asked without an engine; compared with what was seen of the real provider."""

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.plugins.base import CheckError, InitError, ProviderError, Request
from sandbox.plugins.kubernetes.provider import Kubernetes
from sandbox.plugins.values import UNKNOWN, Secret, reveal
from tests.sandbox.fixtures.releases import (
    CHART,
    DEAD,
    TYPE,
    Site,
    kubeconfig,
    request,
    wait_for,
)

pytestmark = pytest.mark.sandbox


@pytest.fixture
def direct(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The plugin's own answers, without an engine in between."""
    monkeypatch.setenv("PATH", site.environment["PATH"])

    def configured(**config: Any) -> Any:
        kubernetes = Kubernetes()
        kubernetes.configure({"kubeconfig": str(site.connections.kubeconfig), "context": "sandbox", **config})
        return kubernetes.resource_type(TYPE)

    return configured


def test_only_what_helm_decides_is_unknown_in_a_preview_of_a_create(direct: Callable[..., Any], name: str) -> None:
    release_id, outputs = direct().create(request(name, preview=True))
    assert release_id == ""
    assert {key for key, value in outputs.items() if value is UNKNOWN} == {"resourceNames", "status"}
    assert outputs["name"] == name


@pytest.mark.parametrize("missing", ["name"])
def test_release_without_a_name_is_refused(direct: Callable[..., Any], missing: str) -> None:
    with pytest.raises(CheckError, match="name"):
        direct().check(request("x", inputs={missing: None}))


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


def test_values_never_lose_their_secrecy_on_the_way_back(direct: Callable[..., Any], name: str) -> None:
    release = direct()
    asked = request(name, {"greeting": Secret("one"), "list": [Secret("two"), "three"]})
    _, state = release.create(asked)
    live = release.read(dataclasses.replace(asked, state=state))
    assert isinstance(live.inputs["values"]["greeting"], Secret)
    assert isinstance(live.state["values"]["list"][0], Secret)
    assert reveal(live.inputs["values"]) == {"greeting": "one", "list": ["two", "three"]}
