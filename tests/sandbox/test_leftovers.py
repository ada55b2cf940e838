"""A release that fails leaves nothing behind, on the real provider, Helm, API server and scheduler."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from sandbox.paths import REPO
from telemetry.operations.readiness.objects import Objects
from telemetry.operations.readiness.why import unready
from tests.sandbox.deployment import Deployment
from tests.waiting import until

pytestmark = pytest.mark.sandbox

CHART = REPO / "sandbox/charts/mimir-distributed"
NOWHERE = {"node-type": "observability"}
TOLERATION = {"key": "memory-intensive", "operator": "Exists"}
ENV = {"name": "LEFT_OVER", "value": "yes"}
VOLUME = {"name": "left-over", "emptyDir": {}}
PENDING = "node(s) didn't match Pod's node affinity/selector"


def broken(chart: str) -> Callable[[dict[str, Any]], None]:
    """Return an edit after which no pod of Mimir fits a node, and each has a field of every sort more."""

    def edit(config: dict[str, Any]) -> None:
        metrics = config["telemetry:metrics"]
        metrics["chart"] = {**metrics["chart"], "reference": chart}
        metrics["placement"] = {"node_selector": NOWHERE, "tolerations": [TOLERATION]}
        config["telemetry:kubernetes"]["nodes_on_demand"] = True  # or the preflight would see that no node has it

    return edit


@pytest.fixture
def dev(dev: Deployment) -> Deployment:
    """The dev stack, deployed; tests share one `up`."""
    if dev.releases() != {"mimir": "deployed", "tempo": "deployed"}:
        dev.up()
    return dev


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """The stand-in for Mimir's chart with an environment variable and a volume more, as another version might have."""
    copy = shutil.copytree(CHART, tmp_path / "mimir-distributed")
    text = (copy / "values.yaml").read_text()
    values = yaml.safe_load(text)
    values["global"]["extraEnv"] = [*values["global"].get("extraEnv", []), ENV]
    for role in ("ingester", "querier", "compactor"):
        values[role]["extraVolumes"] = [VOLUME]
    (copy / "values.yaml").write_text(yaml.safe_dump(values))
    return os.path.relpath(copy, REPO)


def templates(dev: Deployment) -> dict[str, Any]:
    """Return what every workload of Mimir makes its pods from."""
    apps = client.AppsV1Api(dev.core.api_client)
    found = [
        *apps.list_namespaced_deployment(dev.namespace, label_selector="app.kubernetes.io/name=mimir").items,
        *apps.list_namespaced_stateful_set(dev.namespace, label_selector="app.kubernetes.io/name=mimir").items,
    ]
    return {each.metadata.name: dev.core.api_client.sanitize_for_serialization(each.spec.template) for each in found}


def fail(dev: Deployment) -> None:
    """Run an `up` until the scheduler has refused pods of every sort, and interrupt it as a person does."""
    with dev.started("up", "--yes", "--skip-preview") as process:
        until(lambda: _refused(dev) or process.poll() is not None, every=0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert dev.releases()["mimir"] == "failed"


def _refused(dev: Deployment) -> bool:
    """Whether pods of an ordered and of a Parallel StatefulSet, and one of a Deployment, wait for a node."""
    waiting = [
        pod.metadata.name
        for pod in dev.core.list_namespaced_pod(dev.namespace).items
        if any(c.type == "PodScheduled" and c.status == "False" for c in pod.status.conditions or [])
    ]
    return all(
        any(each.startswith(f"mimir-{role}") for each in waiting) for role in ("compactor", "ingester", "querier")
    )


def values_of(dev: Deployment, folder: Path) -> str:
    """Return a file with the values that Mimir was deployed with."""
    file = folder / "values.yaml"
    file.write_text(dev.helm("get", "values", "mimir", "--namespace", dev.namespace, "--output", "yaml"))
    return str(file)


@contextmanager
def closed(dev: Deployment) -> Iterator[None]:
    """Keep new pods from all nodes for the length of a block."""

    def close(*, closed: bool) -> None:
        for node in dev.core.list_node().items:
            dev.core.patch_node(node.metadata.name, {"spec": {"unschedulable": closed}})

    close(closed=True)
    try:
        yield
    finally:
        close(closed=False)


def test_a_failed_update_is_undone_to_the_last_field_and_pod(dev: Deployment, chart: str) -> None:
    before = templates(dev)
    with dev.edited(broken(chart)):
        fail(dev)
        pod = templates(dev)["mimir-ingester"]["spec"]
        assert pod["nodeSelector"] == NOWHERE
        assert VOLUME in pod["volumes"]
        assert ENV in pod["containers"][0]["env"]
    # Whoever looks is told why: the command, drift and repair say the same.
    assert f"Unschedulable: 0/{_nodes(dev)} nodes are available" in dev.command("explain", code=1)
    drifted = dev.command("drift", "--no-preview", code=2)
    assert "status: deployed → failed" in drifted
    assert PENDING in drifted
    # The setting is put back, but an `up` would merge with what was deployed: it says so, and what to do.
    done = dev.pulumi("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "release mimir of namespace ca7f8f-dev has failed, and Helm would leave in the cluster" in done.stdout
    assert "make repair STACK=dev" in done.stdout
    printed = dev.repair("--yes")
    assert "rolled the release mimir, which was failed, back to revision 1" in printed
    assert "deleted pod mimir-compactor-0, which nothing else would replace" in printed
    until(lambda: all(dev.pods().values()), every=0.5)
    assert templates(dev) == before
    dev.up()
    assert templates(dev) == before
    assert dev.releases() == {"mimir": "deployed", "tempo": "deployed"}
    dev.command("drift", "--no-preview")


@pytest.mark.nightly  # by day: one failure, above
def test_what_two_failures_in_a_row_have_left_is_named_and_undone(dev: Deployment, chart: str, tmp_path: Path) -> None:
    """As helm leaves it to who has no preflight: the second revision does not have what the first has added."""
    before = templates(dev)
    values = values_of(dev, tmp_path)
    added = {
        role: {"nodeSelector": NOWHERE, "tolerations": [TOLERATION]} for role in ("ingester", "querier", "compactor")
    }
    more = tmp_path / "more.yaml"
    more.write_text(yaml.safe_dump(added))
    upgrade = ("upgrade", "mimir", "--namespace", dev.namespace, "--wait", "--timeout", "4s", "--values", values)
    for arguments in ((chart, "--values", str(more)), (str(CHART),)):
        with pytest.raises(subprocess.CalledProcessError):
            dev.helm(*upgrade[:2], arguments[0], *upgrade[2:], *arguments[1:])
    assert templates(dev)["mimir-ingester"]["spec"]["nodeSelector"] == NOWHERE
    drifted = dev.command("drift", "--no-preview", code=2)
    for field in ("nodeSelector", "tolerations", "volumes[name=left-over]", "env[name=LEFT_OVER]"):
        assert field in drifted, drifted
    printed = dev.repair("--yes")
    assert "rolled the release mimir, which was failed, back to revision" in printed
    until(lambda: all(dev.pods().values()), every=0.5)
    assert templates(dev) == before
    dev.command("drift", "--no-preview")


def test_a_release_that_was_only_late_is_noted_as_deployed_and_nothing_restarts(
    dev: Deployment, chart: str, tmp_path: Path
) -> None:
    upgrade = ("upgrade", "mimir", chart, "--namespace", dev.namespace, "--values", values_of(dev, tmp_path))
    with closed(dev), pytest.raises(subprocess.CalledProcessError):
        dev.helm(*upgrade, "--wait", "--timeout", "4s")
    until(lambda: _settled(dev), every=0.5)
    running = {pod.metadata.uid for pod in dev.core.list_namespaced_pod(dev.namespace).items}
    assert "noted that the release mimir, which was failed, is deployed" in dev.repair("--yes")
    # A pod of the template before may still go, but none is new.
    assert {pod.metadata.uid for pod in dev.core.list_namespaced_pod(dev.namespace).items} <= running
    dev.up()  # and takes away what the program does not want
    assert VOLUME not in templates(dev)["mimir-ingester"]["spec"]["volumes"]
    dev.command("drift", "--no-preview")


def _settled(dev: Deployment) -> bool:
    """Whether every workload is ready, and no pod of a template before is left."""
    going = [pod for pod in dev.core.list_namespaced_pod(dev.namespace).items if pod.metadata.deletion_timestamp]
    return not going and not unready(Objects.read(dev.core.api_client, dev.namespace))


def _nodes(dev: Deployment) -> int:
    return len(dev.core.list_node().items)
