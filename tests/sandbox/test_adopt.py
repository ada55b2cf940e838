"""A state that is lost, cut off, half-written or old, on the real engine: nothing that it knew of is made anew or lost.

What is run is what docs/recovery.md says.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import EngineError
from sandbox.stacks import prepare
from tests.sandbox.deployment import Deployment
from tests.sandbox.test_repair import plain_secrets

pytestmark = pytest.mark.sandbox

NOTHING_AHEAD = "The next up changes nothing"
OTHERS = "logging-of-others"
KINDS = {"PodMonitor", "PrometheusRule"}
"""Of the Prometheus operator, whose definitions are in the sandbox's cluster."""
EMPTY = '{"version": 3, "deployment": {}}'


@pytest.fixture(scope="module")
def deployed(test: Deployment) -> Iterator[Deployment]:
    """The test stack, deployed, with an object in each bucket; a test leaves it as it has found it.

    It has tenants, gateway, dashboards, collector and a Loki of others, and buckets that end protected.
    """
    with loki_of_others(test), test.edited(with_dashboards_and_collector):
        test.up()
        for bucket in test.buckets():
            test.s3.put_object(Bucket=bucket, Key="kept", Body=b"block")
        yield test


@contextmanager
def loki_of_others(stack: Deployment) -> Iterator[None]:
    """Have a namespace of others, with what their Loki asks of who scrapes it."""
    stack.core.create_namespace({"metadata": {"name": OTHERS}})
    for name, keys in (("scraper", ("tls.crt", "tls.key", "ca.crt")), ("scraper-token", ("token",))):
        secret = {"metadata": {"name": name}, "stringData": dict.fromkeys(keys, "fake")}
        stack.core.create_namespaced_secret(OTHERS, secret)
    yield
    stack.core.delete_namespace(OTHERS)


def seen(stack: Deployment) -> dict[str, Any]:
    """Return what must be the same afterwards: pods, volumes, Secrets, releases, datasources and data."""
    core, namespace = stack.core, stack.namespace
    lists = {
        "pods": core.list_namespaced_pod(namespace).items,
        "claims": core.list_namespaced_persistent_volume_claim(namespace).items,
        "services": core.list_namespaced_service(namespace).items,
    }
    secrets = core.list_namespaced_secret(namespace).items
    return {
        **{kind: {each.metadata.name: each.metadata.uid for each in items} for kind, items in lists.items()},
        "secrets": {each.metadata.name: (each.metadata.uid, each.data) for each in secrets},
        "releases": stack.helm("list", "--namespace", namespace, "--all", "--output", "json"),
        "datasources": stack.datasources(),
        "data": {
            bucket: stack.s3.get_object(Bucket=bucket, Key="kept")["Body"].read() for bucket in sorted(stack.buckets())
        },
    }


def known(stack: Deployment) -> dict[str, Any]:
    """Return what the state says of each resource, without times, ids of providers and ciphertext."""
    left_out = {"created", "modified", "sourcePosition", "stackTrace", "propertyDependencies", "provider"}
    return {
        each["urn"]: _plain(
            {
                key: value
                for key, value in each.items()
                if key not in left_out and not (key == "id" and each["type"].startswith("pulumi:providers:"))
            }
        )
        for each in stack.resources()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if "ciphertext" in value:
            return "secret"
        # Not the API server's own notes, which change while controllers count.
        notes = ("managedFields", "resourceVersion", "status")
        return {key: _plain(each) for key, each in value.items() if key not in notes}
    return sorted(map(_plain, value), key=str) if isinstance(value, list) else value


def lose(stack: Deployment) -> None:
    """Remove the state, as if its bucket were gone, and make the stack anew."""
    stack.engine.checkpoint(stack.stack).unlink()
    assert f"pulumi stack init {stack.stack}" in stack.command("adopt", code=1)
    prepare(stack.stack, stack.engine, stack.connections)
    assert stack.resources() == []


def change(stack: Deployment, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the state's file, as no command would."""
    file = stack.engine.checkpoint(stack.stack)
    content = json.loads(file.read_text())
    edit(content["checkpoint"]["latest"])
    file.write_text(json.dumps(content))


def forget(*endings: str) -> Callable[[dict[str, Any]], None]:
    """Return what takes resources out of a state, and out of what others depend on."""

    def edit(deployment: dict[str, Any]) -> None:
        gone = {each["urn"] for each in deployment["resources"] if each["urn"].endswith(endings)}
        assert len(gone) == len(endings)
        deployment["resources"] = [each for each in deployment["resources"] if each["urn"] not in gone]
        for each in deployment["resources"]:
            each["dependencies"] = [urn for urn in each.get("dependencies", ()) if urn not in gone]
            each["propertyDependencies"] = {}

    return edit


def with_dashboards_and_collector(config: dict[str, Any]) -> None:
    config["telemetry:monitoring"] = {"tenant": "platform", "scrape": "operator", "rules": "prometheus-rule"}
    config["telemetry:dashboards"] = {}
    access = {"certificate": "scraper", "server_name": "loki", "token": "scraper-token"}
    theirs = {"namespace": OTHERS, "pods": {"app": "loki"}, "port": 3100}
    config["telemetry:existing"] = {"logs": {**theirs, "access": access}}
    config["telemetry:collector"] = {
        "deploy": "daemon-set",
        "chart": {"name": "alloy", "version": "1.11.1", "reference": "./sandbox/charts/alloy"},
        "nodes": 3,
    }


def test_a_lost_state_is_adopted_with_all_there_can_be_and_nothing_is_made_anew(deployed: Deployment) -> None:
    things, state = seen(deployed), known(deployed)
    assert sum("grafana:oss/dashboard:" in urn for urn in state) > 3
    assert {kind for kind in ("PodMonitor", "PrometheusRule") for urn in state if f":{kind}::" in urn} == KINDS
    assert sum(pod.startswith("collector-") for pod in things["pods"]) == 3
    config = deployed.engine.config_file("test").read_text()
    lose(deployed)
    deployed.engine.config_file("test").write_text(config)
    assert NOTHING_AHEAD in deployed.command("adopt", "--yes")
    protected = [each for each in deployed.resources() if each.get("protect") and each.get("retainOnDelete")]
    assert {each["id"] for each in protected} == deployed.buckets()
    assert plain_secrets(deployed) == []
    printed = deployed.up()
    assert f"{len(state)} unchanged" in printed, printed
    assert (seen(deployed), known(deployed)) == (things, state)


def later(config: dict[str, Any]) -> None:
    """What an up has brought that an old copy of the state does not know."""
    config["telemetry:metrics"].update(retention="9d")
    config.setdefault("telemetry:security", {})["limit_range"] = {"default_request": {"cpu": "10m", "memory": "32Mi"}}


def test_an_old_and_half_written_copy_converges_and_what_it_lacks_is_adopted_but_nothing_of_others(
    deployed: Deployment, tmp_path: Path
) -> None:
    exports = {"STATE_EXPORTS": str(tmp_path)}
    deployed.command("export-state", variables=exports)
    (copy,) = tmp_path.iterdir()
    with deployed.edited(later):
        deployed.up()
        deployed.command("restore-state", copy.name, "--yes", variables=exports)
        change(
            deployed,
            forget(
                "Bucket::dts-traces-test-blocks",
                "NetworkPolicy::tempo",
                "Service::traces-ingest",
                "Service::traces-query",
                "DataSource::mimir-test-platform",
                "DataSource::tempo-test-platform",
            ),
        )
        things = seen(deployed)
        deployed.refresh()
        with somebody_elses(deployed):
            printed = deployed.command("adopt", "--yes", code=1)
            assert "LimitRange" in printed
            assert "adopted 5" in printed
            assert "ca7f8f-test/traces-query" in printed
            assert "somebody else has made it (kubectl" in printed
            assert "its url is 'http://elsewhere'" in printed
            left = {each["urn"].rpartition("::")[2] for each in deployed.resources()}
            assert {"dts-traces-test-blocks", "traces-ingest", "tempo-test-platform"} <= left
            assert not {"traces-query", "mimir-test-platform"} & left
        printed = deployed.up()
        assert "+ 2 created" in printed
        assert "updated" not in printed
    assert {**seen(deployed), "services": {}, "datasources": {}} == {**things, "services": {}, "datasources": {}}


@contextmanager
def somebody_elses(stack: Deployment) -> Iterator[None]:
    """Have somebody else own a Service and a datasource of ours, until they delete them."""
    service = stack.core.read_namespaced_service("traces-query", stack.namespace)
    stack.core.delete_namespaced_service("traces-query", stack.namespace)
    spec = {"selector": service.spec.selector, "ports": [{"port": 1}]}
    theirs = {"metadata": {"name": "traces-query"}, "spec": spec}
    stack.core.create_namespaced_service(stack.namespace, theirs, field_manager="kubectl-create")
    path = "/api/datasources/uid/mimir-test-platform"
    found = stack.grafana("GET", path).json()
    stack.grafana("PUT", path, {**found, "url": "http://elsewhere"}).raise_for_status()
    yield
    stack.core.delete_namespaced_service("traces-query", stack.namespace)
    stack.grafana("DELETE", path).raise_for_status()


def test_a_state_that_is_cut_off_anywhere_is_replaced_by_a_copy(deployed: Deployment, tmp_path: Path) -> None:
    exports = {"STATE_EXPORTS": str(tmp_path)}
    deployed.command("export-state", variables=exports)
    (copy,) = tmp_path.iterdir()
    things, state, checkpoint = seen(deployed), known(deployed), deployed.engine.checkpoint("test")
    whole = checkpoint.read_bytes()
    for cut in (0, len(whole) // 2, len(whole) - 4):
        checkpoint.write_bytes(whole[:cut])
        assert "restore-state test COPY" in deployed.command("export-state", code=1, variables=exports)
        with pytest.raises(EngineError, match="restore-state"):
            deployed.recover()
        deployed.command("restore-state", copy.name, "--yes", variables=exports)
        assert known(deployed) == state
    assert list(tmp_path.iterdir()) == [copy]
    assert seen(deployed) == things


@pytest.mark.nightly
def test_a_state_that_is_cut_off_without_any_copy_is_adopted(deployed: Deployment, tmp_path: Path) -> None:
    things, state, checkpoint = seen(deployed), known(deployed), deployed.engine.checkpoint("test")
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    assert "restore-state test COPY" in deployed.command("adopt", code=1)
    (tmp_path / "empty.json").write_text(EMPTY)
    deployed.command("restore-state", str(tmp_path / "empty.json"), "--yes")
    assert NOTHING_AHEAD in deployed.command("adopt", "--yes")
    assert known(deployed).keys() == state.keys()
    assert seen(deployed) == things
