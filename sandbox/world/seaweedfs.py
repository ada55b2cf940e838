"""The object store: the real SeaweedFS 4.53, all its parts in one process.

``weed mini`` founds a cluster of its own at once. With a process per part, a fresh store takes its first write after
14 s: master and filer wait for others of their kind that might still come. What cannot be had sooner is a write after a
restart: a master that knows of volumes gives their servers 15 s to report them.
"""

import json
import secrets
from typing import Any, get_args

import httpx
from pydantic import SecretStr

from sandbox.paths import STACKS, stack_file
from sandbox.world.connections import S3Identity
from sandbox.world.files import remembered, write_private
from sandbox.world.service import Place, Service, answers
from telemetry.config.credentials import S3Identity as Keys
from telemetry.object_store.identities import Identity, backend, configuration, identities_of
from telemetry.spec.backend import Signal
from telemetry.stack import ConfigError
from telemetry.stack.file import load

VERSION = "4.53"
SIGNALS: tuple[str, ...] = get_args(Signal)
ADMIN = "provisioner"
MAX_VOLUMES = 1000
VOLUME_SIZE_MB = 128

S3_ONLY = ("port.iceberg=0", "port.lance=0")
"""Keeps the S3 gateway from serving tables as well, at fixed ports of which a machine has one each."""

NAME = "seaweedfs"
_PARTS = ("master", "volume", "filer", "admin")
PORTS = (NAME, *(f"{NAME}-{part}{suffix}" for part in _PARTS for suffix in ("", "-grpc")), f"{NAME}-grpc")


class ObjectStore:
    """Service, identities and files of the object store."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.endpoint = place.url(NAME)
        self.identities = self._remembered_identities()

    def service(self) -> Service:
        """Return the store's service; writes the file with its identities."""
        config = write_private(self._place.config("s3.json"), json.dumps(self._config(), indent=2))
        arguments = [
            f"-dir={self._place.data(NAME)}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *self._ports(),
            f"-s3.config={config}",
            *(f"-s3.{option}" for option in S3_ONLY),
            f"-volume.max={MAX_VOLUMES}",
            "-volume.preStopSeconds=0",
            f"-master.volumeSizeLimitMB={VOLUME_SIZE_MB}",
            "-master.telemetry=false",  # on by default since 4.41; a sandbox tells nobody that it is there
            "-webdav=false",
            "-admin.ui=false",
            "-filer.localSocket=filer.sock",  # relative: a socket's path must be short, a directory need not be
            "-s3.localSocket=s3.sock",
        ]
        # One volume per bucket at first, not seven: a bucket is a collection with volumes of its own.
        env = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        command = ["-logtostderr=true", "mini", *arguments]
        return Service(
            NAME,
            PORTS,
            self._place.launch("weed", NAME, command, env=env, files=(config,)),
            answers(f"{self.endpoint}/", httpx.codes.FORBIDDEN),  # serves, and lets no stranger in
            self._place.address(NAME),
        )

    def _ports(self) -> list[str]:
        ports = self._place.ports
        pairs = [("s3", NAME), *((part, f"{NAME}-{part}") for part in _PARTS)]
        own = [(f"-{part}.port={ports[name]}", f"-{part}.port.grpc={ports[f'{name}-grpc']}") for part, name in pairs]
        return [*(argument for pair in own for argument in pair), "-admin.port.legacy=0"]

    def _config(self) -> dict[str, Any]:
        keys = {name: Keys.model_validate(pair.model_dump()) for name, pair in self.identities.items()}
        return configuration((identity, keys[identity.name]) for identity in _identities())

    def _remembered_identities(self) -> dict[str, S3Identity]:
        path = self._place.config("s3-keys.json")
        fresh = {
            name: {"access_key": secrets.token_hex(10).upper(), "secret_key": secrets.token_urlsafe(30)}
            for name in (ADMIN, *SIGNALS)
        }
        keys = fresh | json.loads(remembered(path, json.dumps(fresh)))
        write_private(path, json.dumps(keys))  # what an earlier sandbox has remembered lacks identities of new backends
        return {
            name: S3Identity(access_key=pair["access_key"], secret_key=SecretStr(pair["secret_key"]))
            for name, pair in keys.items()
        }


def buckets_of(signal: str) -> list[str]:
    """Return the names of all buckets that a signal's identity may use, over all stacks whose files can be used."""
    return [bucket for stack in STACKS for bucket in _buckets(stack, signal)]


def _buckets(stack: str, signal: str) -> tuple[str, ...]:
    try:
        wanted = identities_of(load(stack, stack_file(stack))).get(signal)
    except ConfigError:  # whoever deploys it is told why; the others need it not
        return ()
    return wanted.buckets if wanted else ()


def _identities() -> list[Identity]:
    """Return one identity per backend, for its buckets in all stacks, and the administrator.

    The product's provisioner may make a stack's buckets only (tests/sandbox/test_identities.py puts it to use); here
    it is the only identity that people and tests have, and they make buckets of their own.
    """
    backends = [backend(signal, named) for signal in SIGNALS if (named := buckets_of(signal))]
    return [Identity(ADMIN, ("Admin",), ()), *backends]
