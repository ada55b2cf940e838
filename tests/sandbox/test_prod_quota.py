"""The plan's quota, for real: prod does not fit today's, the program says so before, and with the increase it fits."""

from collections.abc import Callable

import pytest

from tests.sandbox.deployment import Deployment
from tests.support import Tree
from tests.waiting import until

pytestmark = pytest.mark.sandbox

TODAY = {"requests.cpu": "4000m", "requests.memory": "16Gi", "requests.storage": "64Gi"}
REQUESTED = {"requests.cpu": "10000m", "requests.memory": "32Gi", "requests.storage": "96Gi"}
LOKI = {"cpu": "2630m", "memory": "8.5Gi"}
LOKI_STORAGE = "55Gi"


def increase(state: str | None) -> Callable[[Tree], None]:
    """Return an edit: the platform owns the namespace, as on the first user's cluster, and an increase is so far."""

    def edit(config: Tree) -> None:
        config["telemetry:namespace"] |= {"create": False, "quota_increase": state}

    return edit


@pytest.fixture
def crowded(prod: Deployment) -> Deployment:
    """Prod's namespace as the platform has made it: with today's quota, and all that the plan says is used."""
    prod.core.create_namespace({"metadata": {"name": prod.namespace}})
    quota = {"metadata": {"name": "platform"}, "spec": {"hard": TODAY}}
    prod.core.create_namespaced_resource_quota(prod.namespace, quota)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": LOKI_STORAGE}}}
    prod.core.create_namespaced_persistent_volume_claim(prod.namespace, {"metadata": {"name": "loki"}, "spec": claim})
    until(lambda: prod.core.list_namespaced_service_account(prod.namespace).items)  # without which there is no pod
    container = {"name": "loki", "image": "loki", "resources": {"requests": LOKI}}
    prod.core.create_namespaced_pod(prod.namespace, {"metadata": {"name": "loki"}, "spec": {"containers": [container]}})
    return prod


def test_prod_is_refused(prod: Deployment) -> None:
    with prod.edited(increase(None)):
        refused = prod.pulumi("preview")
        assert refused.returncode != 0
        for line in (
            "namespace.quota.cpu: 2630m used + 3360m new = 5990m, but the quota is 4000m; raise requests.cpu by 1990m",
            "namespace.quota.memory: 8704Mi used + 15008Mi new = 23712Mi, but the quota is 16Gi",
            "namespace.quota.storage: 55Gi used + 16Gi new = 71Gi, but the quota is 64Gi",
        ):
            assert line in refused.stdout + refused.stderr, refused.stdout + refused.stderr


@pytest.mark.nightly  # by day: half of Mimir is rejected and then fits, in test_quota.py
def test_prod_is_rejected_and_fits_once_the_increase_is_granted(crowded: Deployment) -> None:
    with crowded.edited(increase("requested")):
        with crowded.started("up", "--yes", "--skip-preview") as running:
            rejections = _rejections(crowded)
            crowded.core.patch_namespaced_resource_quota("platform", crowded.namespace, {"spec": {"hard": REQUESTED}})
            warned, errors = running.communicate(timeout=280)
        assert running.returncode == 0, warned + errors
        assert "requests.cpu needs 5990m of 4000m" in warned
        assert "pods will be rejected until the increase is granted" in warned
        assert any("pods" in each and "exceeded quota: platform" in each for each in rejections), rejections

    with crowded.edited(increase("granted")):
        assert crowded.changes() == {}
        pods = crowded.pods()
        assert len(pods) == 33 + 1
        assert all(pods.values()), pods
        assert set(crowded.releases().values()) == {"deployed"}


def _rejections(stack: Deployment) -> list[str]:
    """Wait until the API server has rejected something, and return what it said."""

    def rejected() -> list[str]:
        events = stack.core.list_namespaced_event(stack.namespace).items
        return [each.message for each in events if "exceeded quota" in each.message]

    return until(rejected, lambda: f"nothing was rejected; pods: {stack.pods()}")
