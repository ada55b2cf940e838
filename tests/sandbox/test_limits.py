"""Each limit that the settings have, and each that they pass on, is taken by the real Mimir as it is rendered."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import Mimir, mimir
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir.limits import KNOWN
from telemetry.backends.mimir.values import values
from telemetry.config.quantities import in_seconds
from tests.support import Tree, load_stack, put
from tests.unit.limit_cases import METRICS, OTHERS

Json = dict[str, Any]
LIMITS: Tree = {"metrics": {**METRICS, "others": OTHERS}}
TENANT = {"id": "a", "display_name": "A", "limits": LIMITS}


def rendered(key: str, value: object) -> Json:
    return values(load_stack("dev", put(key, value)).backend("metrics").context)


@pytest.fixture(scope="module")
def running(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mimir]:
    """A Mimir that grants all together the same as it grants a tenant."""
    shared, of_tenants = rendered("limits", LIMITS), rendered("tenants", [TENANT])
    config, overrides = shared["mimir"]["structuredConfig"], of_tenants["runtimeConfig"]["overrides"]
    files = tmp_path_factory.mktemp("limits") / "mimir"
    with (
        network() as net,
        mimir(gateway_tools.path("mimir"), net.address(), files, config=config, overrides=overrides) as started,
    ):
        yield started


def answered(running: Mimir, path: str) -> Json:
    found: Json = yaml.safe_load(running.client.get(path).raise_for_status().text)
    return found


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the limits that are not as they were rendered; Mimir writes durations its own way."""

    def same(name: str, value: Any) -> bool:
        if KNOWN.kinds[name] == "duration":
            return in_seconds(found[name]) == in_seconds(value)
        return _has(found.get(name), value)

    return {name: (found.get(name), value) for name, value in wanted.items() if not same(name, value)}


def _has(found: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; Mimir adds what it has defaults for."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_has(found.get(key), each) for key, each in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_has, found, wanted))
    return bool(found == wanted)


def test_a_tenants_limits_are_those_that_were_rendered(running: Mimir) -> None:
    wanted = rendered("tenants", [TENANT])["runtimeConfig"]["overrides"]["a"]
    assert len(wanted) > 140
    assert differences(answered(running, "/runtime_config")["overrides"]["a"], wanted) == {}


def test_the_limits_of_all_together_are_those_that_were_rendered(running: Mimir) -> None:
    wanted = rendered("limits", LIMITS)["mimir"]["structuredConfig"]["limits"]
    assert len(wanted) > 140
    assert differences(answered(running, "/config")["limits"], wanted) == {}


def test_the_tracker_of_replicas_runs(running: Mimir) -> None:
    assert answered(running, "/config")["distributor"]["ha_tracker"]["enable_ha_tracker"] is True
    assert running.client.get("/distributor/ha_tracker").raise_for_status()


def test_no_limit_of_mimir_is_missing(gateway_tools: Toolchain, tmp_path: Path) -> None:
    file = tmp_path / "mimir.yaml"
    file.write_text("target: all\n")
    command = [str(gateway_tools.path("mimir")), f"-config.file={file}", "-print.config"]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    assert set(yaml.safe_load(printed)["limits"]) - set(KNOWN.kinds) == set()
