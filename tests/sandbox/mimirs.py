"""Mimirs on what the chart makes of a stack's values, with a store that knows them by keys of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.mimir_ring import Deployed
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.object_store.identities import identities_of
from telemetry.stack import Stack
from tests.sandbox.charts import named, render, values_of
from tests.sandbox.reach import remove_bucket, s3
from tests.sandbox.s3_gateway import Gateway, gateway


@contextmanager
def store_of(
    stack: Stack, keys: S3Identity, world: Connections, toolchain: Toolchain, folder: Path
) -> Iterator[Gateway]:
    """Yield a store that knows a stack's Mimir by these keys, with its buckets, which go with the store."""
    identities = identities_of(stack)
    mimir, maker = identities["metrics"], identities["provisioner"]
    makers = S3Identity.model_validate({"access_key": "maker", "secret_key": "maker-fake"})
    with gateway(world, toolchain, folder, [(mimir, keys), (maker, makers)]) as found:
        for bucket in mimir.buckets:
            found.client(maker.name).create_bucket(Bucket=bucket)
        yield found
    for bucket in mimir.buckets:
        remove_bucket(s3(world), bucket)


def deployed(stack: Stack, keys: S3Identity) -> Deployed:
    """Return what a release would have on the cluster."""
    objects = named(render("mimir-distributed", values_of("mimir-distributed", stack)), "ConfigMap")
    files = {name: next(iter(objects[f"mimir-{name}"]["data"].values())) for name in ("config", "runtime")}
    fallback = objects["mimir-alertmanager-fallback-config"]["data"]["alertmanager_fallback_config.yaml"]
    environment = {
        ACCESS_KEY_ENV: keys.access_key.get_secret_value(),
        SECRET_KEY_ENV: keys.secret_key.get_secret_value(),
        "HOME": "/nowhere",
    }
    return Deployed(files["config"], files["runtime"], fallback, environment, "")
