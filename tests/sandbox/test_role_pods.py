"""What roles say of their pods, as the real helm renders it: every pod of every chart, and what it asks for."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from telemetry.capacity.footprint import Footprint
from telemetry.config.roles import ContainerRole
from telemetry.operations.compare.charts import compare
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.sandbox.charts import charts_of, render, values_of, workloads
from tests.support import ALL_BACKENDS, Tree, load_stack, load_tree

pytestmark = pytest.mark.sandbox

NEAR = {"nodes": {"required": [{"requirements": [{"key": "disk", "operator": "Exists"}]}]}}
MINUTES = 7


def each_role_says(settings: Tree) -> None:
    """Give each role a node, a priority, a class and so on that bear its name."""
    for backend in load_tree(deepcopy(settings), settings["environment"])[0].backends:
        for size in backend.sizes:
            for name, role in size.roles.items():
                if isinstance(role, ContainerRole):  # the pod is another role's
                    continue
                own: dict[str, Any] = {
                    "placement": {"node_selector": {"for": name}, "priority_class": name, "affinity": NEAR},
                    "ephemeral_storage": "1Gi",
                    "bandwidth": {"egress": "10M"},
                }
                if role.volume is not None:
                    own["placement"]["storage_class"] = f"class-of-{name}"
                if not size.table[name].grace_because:
                    own["termination_grace"] = f"{MINUTES}m"
                settings[backend.signal].setdefault("roles", {}).setdefault(name, {}).update(own)


@pytest.fixture(scope="module", params=ALL_BACKENDS)
def stack(request: pytest.FixtureRequest) -> Stack:
    environment, change = ALL_BACKENDS[request.param]
    return load_stack(environment, change, each_role_says)


def test_every_pod_is_placed_and_ends_as_its_role_says(stack: Stack) -> None:
    for release, chart in zip(releases_of(stack), charts_of(stack), strict=True):
        seen: set[str] = set()
        for each in workloads(render(chart, values_of(chart, stack))):
            pod, metadata = each["spec"]["template"]["spec"], each["spec"]["template"]["metadata"]
            name = pod["nodeSelector"]["for"]
            seen.add(name)
            assert pod["priorityClassName"] == name
            assert list(pod["affinity"]) == ["nodeAffinity"]
            assert metadata["annotations"]["kubernetes.io/egress-bandwidth"] == "10M"
            assert pod.get("terminationGracePeriodSeconds") == (None if chart == "tempo" else MINUTES * 60)
            claims = [claim["spec"] for claim in each["spec"].get("volumeClaimTemplates", ())]
            assert [claim["storageClassName"] for claim in claims] == [f"class-of-{name}"] * len(claims)
        pods = {name for name, role in release.roles.items() if not isinstance(role, ContainerRole)}
        assert seen == pods, chart


def test_the_charts_ask_for_the_disk_that_the_report_says(stack: Stack) -> None:
    toolchain = Toolchain()
    toolchain.ensure(["helm"])
    folders = [REPO / "sandbox" / "charts" / name for name in charts_of(stack)]
    for release in releases_of(stack):
        for each in compare(release, folders, namespace="here", helm=str(toolchain.path("helm"))):
            assert each.amount == Footprint(), each
            assert each.asked.ephemeral == each.asked.pods * 2**30
