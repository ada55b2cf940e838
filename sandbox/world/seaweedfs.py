"""The object store: the real SeaweedFS 3.39, as four processes.

``weed server -s3`` would need 23 s: its master asks three times for a leader (5 + 6 + 7 s) before it
founds its cluster, and `-master.raftHashicorp`, which does not, is ignored there. With a process per role,
each started when the one that it calls is ready, the store serves after half a second, and ends at once
(as one process it waits 30 s for its own connections to go idle).
"""

import json
import secrets
from collections.abc import Callable
from typing import Any, get_args

import httpx
from pydantic import SecretStr

from commands import stack_file
from object_store.identities import Identity, backend, configuration, identities_of
from sandbox.paths import STACKS
from sandbox.world.connections import S3Identity
from sandbox.world.files import remembered, write_private
from sandbox.world.service import PROBE_SECONDS, Place, Service, answers
from settings import ConfigError
from settings import S3Identity as Keys
from settings.backends import Signal

VERSION = "4.53"
SIGNALS: tuple[str, ...] = get_args(Signal)
ADMIN = "provisioner"
MAX_VOLUMES = 1000
VOLUME_SIZE_MB = 128

_ROLES = ("master", "volume", "filer", "s3")
PORTS = tuple(f"seaweedfs-{role}{suffix}" for role in _ROLES for suffix in ("", "-grpc"))
_LOOPBACK = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]


class ObjectStore:
    """Services, identities and files of the object store."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.endpoint = place.url("seaweedfs-s3")
        self.identities = self._remembered_identities()

    def services(self) -> list[Service]:
        """Return the store's services; writes the file with their identities."""
        return [self._master(), self._volume(), self._filer(), self._s3()]

    def _master(self) -> Service:
        arguments = [
            *_LOOPBACK,
            f"-mdir={self._place.data('seaweedfs-master')}",
            "-raftHashicorp",
            "-electionTimeout=300ms",
            "-heartbeatInterval=100ms",
            f"-volumeSizeLimitMB={VOLUME_SIZE_MB}",
        ]
        # One volume per bucket at first, not seven: a bucket is a collection with volumes of its own.
        env = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        return self._service("master", arguments, self._has_leader, env=env)

    def _volume(self) -> Service:
        arguments = [
            *_LOOPBACK,
            f"-dir={self._place.data('seaweedfs-volume')}",
            f"-mserver={self._grpc_address('master')}",
            f"-max={MAX_VOLUMES}",
            "-preStopSeconds=0",
        ]
        return self._service("volume", arguments, self._is_registered, after=("master",))

    def _filer(self) -> Service:
        arguments = [
            *_LOOPBACK,
            f"-master={self._grpc_address('master')}",
            f"-defaultStoreDir={self._place.data('seaweedfs-filer')}",
            "-localSocket=filer.sock",  # relative: a socket's path must be short, a state directory need not be
        ]
        ready = answers(f"{self._place.url('seaweedfs-filer')}/")
        return self._service("filer", arguments, ready, after=("master",))

    def _s3(self) -> Service:
        config = write_private(self._place.config("s3.json"), json.dumps(self._config(), indent=2))
        arguments = [
            "-ip.bind=127.0.0.1",
            f"-filer={self._grpc_address('filer')}",
            f"-config={config}",
        ]
        return Service(
            "seaweedfs-s3",
            ("seaweedfs-s3", "seaweedfs-s3-grpc"),
            self._place.launch("weed", "seaweedfs-s3", self._arguments("s3", arguments), files=(config,)),
            answers(f"{self.endpoint}/", httpx.codes.FORBIDDEN),  # serves, and lets no stranger in
            self._place.address("seaweedfs-s3"),
            after=("seaweedfs-volume", "seaweedfs-filer"),
        )

    def _service(
        self,
        role: str,
        arguments: list[str],
        ready: Callable[[httpx.Client], bool],
        *,
        after: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
    ) -> Service:
        name = f"seaweedfs-{role}"
        return Service(
            name,
            (name, f"{name}-grpc"),
            self._place.launch("weed", name, self._arguments(role, arguments), env=env),
            ready,
            self._place.address(name),
            after=tuple(f"seaweedfs-{other}" for other in after),
        )

    def _arguments(self, role: str, arguments: list[str]) -> list[str]:
        ports = self._place.ports
        own = [f"-port={ports[f'seaweedfs-{role}']}", f"-port.grpc={ports[f'seaweedfs-{role}-grpc']}"]
        return ["-logtostderr=true", role, *own, *arguments]

    def _grpc_address(self, role: str) -> str:
        """SeaweedFS's own notation: ``host:port.grpcPort``."""
        return f"{self._place.address(f'seaweedfs-{role}')}.{self._place.ports[f'seaweedfs-{role}-grpc']}"

    def _has_leader(self, client: httpx.Client) -> bool:
        status = client.get(f"{self._place.url('seaweedfs-master')}/cluster/status", timeout=PROBE_SECONDS)
        return bool(status.json().get("IsLeader"))

    def _is_registered(self, client: httpx.Client) -> bool:
        """Ask the volume server and the master: a volume server that the master does not know is of no use."""
        ours = self._place.address("seaweedfs-volume")
        alive = client.get(f"http://{ours}/status", timeout=PROBE_SECONDS).status_code == httpx.codes.OK
        known = client.get(f"{self._place.url('seaweedfs-master')}/dir/status", timeout=PROBE_SECONDS)
        return alive and f'"{ours}"' in known.text

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
        wanted = identities_of(stack_file.load(stack)).get(signal)
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
