"""S3 keys that mean something in YAML or to a shell, on the real SeaweedFS, Mimir and `weed shell`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from sandbox.mimir_ring import ring
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import identities_of, shell_commands
from tests.sandbox.mimirs import deployed, store_of
from tests.sandbox.s3_gateway import Gateway, address
from tests.support import all_of, load_stack, put

# The first to need Mimir builds it.
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(2400)]

KEYS = {
    "a comment": ("#Kq7abc", "#Kq7abcdefg"),
    "null": ("null", "~"),
    "a mapping": ("a:b", "a: b"),
    "an open quote": ("'x", "'x y"),
    "no YAML": ("%x", "@`{[|>-"),
    "a variable": ("$HOME", "${HOME}"),
    "a command": ("x;y", "a; b && c"),
    "a number": ("007", "1e3"),
}
BUCKETS = put("metrics.buckets", {"blocks": "odd", "ruler": "odd-rules", "alertmanager": "odd-alerts"})
PLACE, MAKER = "telemetry-dev-metrics", "telemetry-dev-provisioner"
RULES = "name: odd\nrules: [{record: a, expr: vector(1)}]\n"


def pair(access: str, secret: str) -> S3Identity:
    return S3Identity.model_validate({"access_key": access, "secret_key": secret})


@pytest.fixture(scope="module")
def mimir() -> Path:
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["mimir"])
    return tools.path("mimir")


# No key is put into Mimir's configuration any more, so that one speaks for all; each takes a Mimir of its own.
BY_DAY = "a comment"
# SeaweedFS fills in `${…}` in the file of its identities (since 4.44), so that it knows another key than the file has.
FILLED_IN = "a variable"


@pytest.fixture(
    params=[
        pytest.param(keys, id=name, marks=() if name == BY_DAY else pytest.mark.nightly)
        for name, keys in KEYS.items()
        if name != FILLED_IN
    ]
)
def store(
    request: pytest.FixtureRequest, world: Connections, toolchain: Toolchain, tmp_path: Path
) -> Iterator[Gateway]:
    """A store that knows Mimir by an odd key, with its buckets."""
    with store_of(load_stack("dev", BUCKETS), pair(*request.param), world, toolchain, tmp_path) as found:
        yield found


def test_mimir_writes_with_any_key(store: Gateway, mimir: Path, tmp_path: Path) -> None:
    here = {"endpoint": store.url, "seaweedfs_version": "3.39", "allow_unsafe_version": True}
    stack = load_stack("dev", BUCKETS, *(put(f"object_store.{key}", value) for key, value in here.items()))
    with ring(deployed(stack, store.keys[PLACE]), 1, tmp_path, mimir) as (member,):
        answer = httpx.post(f"{member.url}/prometheus/config/v1/rules/odd", content=RULES)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        listed = store.client(MAKER).list_objects_v2(Bucket=stack.backend("metrics").buckets["ruler"])["Contents"]
    assert [each["Key"].startswith("rules/anonymous/") for each in listed] == [True]


@pytest.mark.parametrize("keys", [keys for keys in KEYS.values() if ";" not in "".join(keys)], ids=str)
def test_the_shell_understands_any_key_that_it_is_given(
    keys: tuple[str, str], world: Connections, toolchain: Toolchain
) -> None:
    """Without -apply it shows what it would write, and writes nothing: every gateway of the world would read it."""
    identity = identities_of(load_stack("dev", all_of()))["metrics"]
    (line,) = shell_commands([(identity, pair(*keys))])
    done = subprocess.run(
        [str(toolchain.path("weed")), "shell", *(f"-{role}={address(world, role)}" for role in ("master", "filer"))],
        input=f"{line.removesuffix(' -apply')}\nexit\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "{" in done.stdout, done.stdout + done.stderr
    written, _ = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
    assert [(each["accessKey"], each["secretKey"]) for each in written["credentials"]] == [keys]
