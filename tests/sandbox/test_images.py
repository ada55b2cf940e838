"""Images as the real helm renders them: each container of every release, at a mirror, pinned, with a login."""

import pytest
from typer.testing import CliRunner

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from telemetry.cli.app import app
from telemetry.operations.bundle.images import images_in
from telemetry.operations.compare.charts import objects_of_gateway
from telemetry.policies.evaluate import violations
from telemetry.policies.model import World
from telemetry.stack import Stack
from telemetry.stack.images import images_of
from tests.sandbox.charts import Object, rendered, workloads
from tests.support import ALL_BACKENDS, Change, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET

pytestmark = pytest.mark.sandbox

MIRROR = "r.example:5000/mirror"
COLLECTOR: Change = put("collector", DAEMON_SET)


def pinned(backends: str) -> Stack:
    """Return a stack all of whose images are mirrored and pinned."""
    environment, change = ALL_BACKENDS[backends]
    others = (change, *([COLLECTOR] if environment == "dev" else []))
    names = images_of(load_stack(environment, *others))
    override = {"tag": "9.9.9", "digest": f"sha256:{64 * 'a'}"}
    return load_stack(
        environment,
        *others,
        put(
            "images",
            {
                "registry": MIRROR,
                "pull_secrets": ["login"],
                "overrides": dict.fromkeys(names, override),
                "require_digests": True,
            },
        ),
    )


def with_gateway(stack: Stack) -> dict[str, list[Object]]:
    """Return the objects of each chart, and the gateway's."""
    return rendered(stack) | ({"gateway": objects_of_gateway(stack)} if stack.gateway else {})


@pytest.mark.parametrize("backends", ALL_BACKENDS)
def test_every_container_is_at_the_mirror_and_pinned_and_every_pod_logs_in(backends: str) -> None:
    stack = pinned(backends)
    objects = with_gateway(stack)
    everything = [each for some in objects.values() for each in some]
    images = images_in(everything)
    assert images
    assert {image.partition("@")[0].removesuffix(":9.9.9") for image in images} == {
        f"{MIRROR}/{name}" for name in images_of(stack)
    }
    pods = [each["spec"]["template"]["spec"] for each in workloads(everything)]
    assert [pod["imagePullSecrets"] for pod in pods] == [[{"name": "login"}]] * len(pods)
    assert [each for each in violations(World.of(stack, (), objects)) if each.rule.startswith("image-")] == []


def test_a_label_never_holds_a_digest() -> None:
    """What the charts say of their version in a label; the API server takes no digest there."""
    labels = [each["metadata"]["labels"] for some in with_gateway(pinned("dev")).values() for each in some]
    versions = {each.get("app.kubernetes.io/version", "") for each in labels}
    assert [version for version in versions if not set(version).isdisjoint("@:") or len(version) > 63] == []


def test_the_command_shows_what_containers_name() -> None:
    toolchain = Toolchain()
    toolchain.ensure(["helm"])
    charts = [f"--chart={REPO / 'sandbox' / 'charts' / name}" for name in ("tempo", "mimir-distributed")]
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["images", "dev", "--helm", str(toolchain.path("helm")), *charts]
    )
    assert shown.exit_code == 0, shown.output
    assert "docker.io/grafana/tempo:2.10.8" in shown.output
    assert "nginxinc/nginx-unprivileged" in shown.output
    assert "not pinned" in shown.output
