"""A release that does not fit its namespace: rejected pods, a failed release that is kept, and its repair."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.backends.mimir import values as mimir
from tests.sandbox.engine import Stack, engine_environment
from tests.sandbox.fixtures.releases import Site, open_site, resource
from tests.support import load_stack
from tests.waiting import until

pytestmark = pytest.mark.sandbox

NAMESPACE = "too-small"
PODS = 11


@pytest.fixture
def room(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The cluster, with a namespace whose quota has room for half of Mimir."""
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    with open_site(world, environment, NAMESPACE) as site:
        site.core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": mimir.SERVICE_ACCOUNT}})
        site.core.create_namespaced_resource_quota(NAMESPACE, _quota("150m"))
        yield site


def test_a_release_that_does_not_fit_fails_and_is_repaired_by_a_larger_quota(
    room: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stack = Stack(tmp_path_factory.mktemp("quota") / "project", room.environment)
    done = stack.up(room.provider, _release(timeout=6))
    assert done.code != 0
    state = stack.state()["mimir"]
    assert state["initErrors"], done.text
    assert state["outputs"]["status"]["status"] == "failed"
    until(lambda: "exceeded quota: room" in _said(room), lambda: _said(room))
    assert 0 < until(lambda: _ready_pods(room)) < PODS

    room.core.patch_namespaced_resource_quota("room", NAMESPACE, _quota("4"))
    stack.must_up(room.provider, _release(timeout=120))
    assert stack.state()["mimir"]["outputs"]["status"]["status"] == "deployed"
    assert _ready_pods(room) == PODS


def _release(timeout: int) -> dict[str, Any]:
    values = mimir.values(load_stack().backend("metrics").context)
    chart = str(REPO / "sandbox" / "charts" / "mimir-distributed")
    return resource("mimir", values, namespace=NAMESPACE, chart=chart, timeout=timeout)


def _quota(cpu: str) -> dict[str, Any]:
    return {"metadata": {"name": "room"}, "spec": {"hard": {"requests.cpu": cpu}}}


def _said(site: Site) -> str:
    return "\n".join(event.message for event in site.core.list_namespaced_event(NAMESPACE).items)


def _ready_pods(site: Site) -> int:
    pods = site.core.list_namespaced_pod(NAMESPACE).items
    ready = (each.type == "Ready" and each.status == "True" for pod in pods for each in pod.status.conditions)
    return sum(ready)
