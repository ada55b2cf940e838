"""The stacks of examples/thanos, deployed by the real engine, and validated on a real Prometheus and Thanos."""

import json
import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.validation import addresses
from telemetry.backends.thanos.objstore import PREFIX
from tests.sandbox.deployment import Deployment

pytestmark = pytest.mark.sandbox

CHECKS = {"OTLP in, PromQL out", "remote-write in, PromQL out", "ring of Receive", "stores of Query"}


@pytest.fixture(scope="module", autouse=True)
def files() -> Iterator[None]:
    """The stacks' files are the examples'."""
    with patch.dict(os.environ, {"STACK_FILES": str(REPO / "examples" / "thanos")}):
        yield


@pytest.mark.parametrize("name", ["dev", pytest.param("prod", marks=pytest.mark.nightly)])
def test_what_is_deployed_takes_samples_and_keeps_them(
    name: str, request: pytest.FixtureRequest, toolchain: Toolchain
) -> None:
    stack: Deployment = request.getfixturevalue(name)
    stack.up()
    assert {"prometheus", "thanos", "alertmanager"} <= stack.releases().keys()
    assert set(stack.releases().values()) == {"deployed"}
    assert all(stack.pods().values())
    assert validated(stack, toolchain) == dict.fromkeys(CHECKS, "passed")
    bucket = f"dts-metrics-{name}-blocks"
    listed = stack.s3.list_objects_v2(Bucket=bucket, Prefix=f"{PREFIX}/")["Contents"]
    assert any(each["Key"].endswith("/meta.json") for each in listed), "ingestors upload what they hold when they end"
    assert stack.changes() == {}


def validated(stack: Deployment, toolchain: Toolchain) -> dict[str, str]:
    """Run the real programs on what was deployed, and return how each check of metrics has ended."""
    with addresses(stack.stack, stack.engine.config_file(stack.stack), toolchain, stack.connections) as moved:
        asked = [word for name, url in moved.items() for word in ("--address", f"{name}={url}")]
        here = ["--behind-gateway", "--no-api-server", "--allow-skipped", "--json"]
        checks = json.loads(stack.command("validate", *here, *asked))["checks"]
    return {each["name"]: each["state"] for each in checks if each["signal"] == "metrics"}
