"""The fault matrix does not deceive itself: what is lost on real parts is noticed, and a fault is seen and survived."""

from collections.abc import Iterator
from random import Random

import boto3
import httpx
import pytest
from kubernetes import client

from sandbox.faults.fault import Fault, Struck
from sandbox.faults.matrix import Matrix
from sandbox.faults.site import NEIGHBOUR, Site
from sandbox.faults.witness import Witness, take
from sandbox.world import Connections
from tests.sandbox.reach import remove_bucket

pytestmark = pytest.mark.sandbox

NAMESPACE, BUCKET = "witnessed", "witnessed"
CLAIM = {
    "metadata": {"name": "data-0"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


class Scene:
    """One of everything that must not be lost."""

    def __init__(self, world: Connections) -> None:
        identity = world.s3_identities["provisioner"]
        self.s3 = boto3.client(
            "s3",
            endpoint_url=world.s3_endpoint,
            region_name="us-east-1",
            aws_access_key_id=identity.access_key,
            aws_secret_access_key=identity.secret_key.get_secret_value(),
        )
        self.core = world.core()
        user, _, password = world.grafana_auth.get_secret_value().partition(":")
        self.grafana = httpx.Client(base_url=world.grafana_url, auth=(user, password), trust_env=False)
        self.s3.create_bucket(Bucket=BUCKET)
        self.put(b"block")
        self.core.create_namespace({"metadata": {"name": NAMESPACE}})
        self.core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": "keys"}, "stringData": {"key": "one"}})
        self.core.create_namespaced_persistent_volume_claim(NAMESPACE, CLAIM)
        source = {"name": "Witnessed", "uid": "witnessed", "type": "prometheus", "access": "proxy", "url": "http://a"}
        self.grafana.post("/api/datasources", json=source).raise_for_status()

    def put(self, body: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key="one", Body=body)

    def look(self) -> Witness:
        return take(self.s3, self.core, NAMESPACE, self.grafana.get("/api/datasources").json())

    def clear(self) -> None:
        remove_bucket(self.s3, BUCKET)
        self.core.delete_namespace(NAMESPACE)


@pytest.fixture
def scene(world: Connections) -> Iterator[Scene]:
    scene = Scene(world)
    yield scene
    scene.clear()


def test_whatever_is_lost_or_replaced_on_real_parts_is_noticed(scene: Scene) -> None:
    before = scene.look()
    assert before.lost(scene.look()) == []

    scene.put(b"other")
    scene.core.patch_namespaced_secret("keys", NAMESPACE, {"stringData": {"key": "two"}})
    remove_claim(scene)
    scene.core.create_namespaced_persistent_volume_claim(NAMESPACE, CLAIM)
    scene.grafana.delete("/api/datasources/uid/witnessed").raise_for_status()
    assert before.lost(scene.look()) == [
        "block witnessed/one (changed)",
        "volume claim data-0 (changed)",
        "secret keys/key (changed)",
        "datasource witnessed",
    ]

    scene.s3.delete_object(Bucket=BUCKET, Key="one")
    assert "block witnessed/one" in before.lost(scene.look())
    scene.s3.delete_bucket(Bucket=BUCKET)
    assert "bucket witnessed" in before.lost(scene.look())
    scene.s3.create_bucket(Bucket=BUCKET)


def remove_claim(scene: Scene) -> None:
    scene.core.delete_namespaced_persistent_volume_claim("data-0", NAMESPACE)
    body = {"metadata": {"finalizers": None}}  # which a controller takes away a moment later
    try:
        scene.core.patch_namespaced_persistent_volume_claim("data-0", NAMESPACE, body)
    except client.ApiException as error:
        assert error.status == 404


@pytest.mark.nightly  # with `make faults`, which it is about
def test_a_fault_is_seen_and_survived_and_a_block_that_it_takes_along_is_counted_as_lost() -> None:
    def strike(site: Site, _rng: Random) -> Struck:
        site.kill_part("store")
        ran = site.run("up")
        site.heal()
        site.s3.delete_object(Bucket=NEIGHBOUR, Key="kept")
        return Struck(ran)

    told: list[str] = []
    fault = Fault("thieving", "SeaweedFS is killed, and a thief comes", strike, fresh=True, seconds=240)
    (outcome,) = Matrix(seed=1, total_seconds=300, told=told.append).run([fault])
    (made,) = outcome.tries
    assert "telemetry:object_store.provisioning_endpoint" in made.said, told
    assert made.said.splitlines()[-1].startswith("error: pulumi up of dev failed; the reason is above")
    assert made.clear
    assert made.survived, told
    assert made.brought_back == ("up",)
    assert made.lost == (f"block {NEIGHBOUR}/kept",)
    assert not outcome.passed
