"""Flows, as a backend describes them: its pods, what goes between them, ways in and ways out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from telemetry.config.network import Place

NAME_LABEL, INSTANCE_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/instance"
COMPONENT_LABEL = "app.kubernetes.io/component"


class Port(NamedTuple):
    """A port of a pod."""

    number: int
    protocol: Literal["TCP", "UDP"] = "TCP"


@dataclass(frozen=True)
class Pods:
    """The pods of one workload, by the labels that its chart gives them."""

    app: str
    release: str
    role: str | None = None
    single: bool = False
    """Whether it is a single binary, whose role is not in its name."""

    @property
    def name(self) -> str:
        """What the charts call the workload."""
        return self.release if self.role is None or self.single else f"{self.release}-{self.role}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that single them out."""
        role = {} if self.role is None else {COMPONENT_LABEL: self.role}
        return {NAME_LABEL: self.app, INSTANCE_LABEL: self.release, **role}


@dataclass(frozen=True)
class Outside:
    """Somebody outside of the stack."""

    name: str
    place: Place


Peer = Pods | Outside


@dataclass(frozen=True)
class Flow:
    """Every source may open connections to every target, on these ports."""

    sources: tuple[Peer, ...]
    targets: tuple[Peer, ...]
    ports: tuple[Port, ...]
    why: str


class Hop(NamedTuple):
    """A flow between roles of one backend."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    port: int
    why: str


class Entry(NamedTuple):
    """A way into a backend."""

    targets: tuple[Pods, ...]
    ports: tuple[int, ...]
    why: str


class Exit(NamedTuple):
    """A way out of a backend."""

    sources: tuple[Pods, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Network:
    """The flows of one backend. Ports are those of the pods, which is what a policy sees."""

    pods: tuple[Pods, ...]
    """What runs, a release that is being moved away from included."""
    hops: tuple[Flow, ...]
    """What goes from role to role; roles that do not run are left out."""
    from_gateway: tuple[Entry, ...]
    """What the stack's gateway passes on."""
    from_clients: tuple[Entry, ...]
    """What is sent and read where no gateway of the stack is in front."""
    from_grafana: tuple[Entry, ...]
    """What datasources query where no gateway of the stack is in front."""
    from_collector: tuple[Entry, ...]
    """What the collector sends on where no gateway of the stack is in front."""
    forwarded: tuple[Flow, ...]
    """What the chart's own gateway passes on where no gateway of the stack is in front."""
    from_smoke: tuple[Entry, ...]
    """What `smoke` sends and reads, past the gateway."""
    takes_samples: tuple[Pods, ...]
    """Who takes Prometheus' remote-write of other backends."""
    samples_port: int | None = None
    """The port at which they are taken; None is the HTTP port."""
    sends_samples: tuple[Exit, ...]
    """What is written to the metrics backend."""
    notifies: tuple[Exit, ...]
    """What goes to receivers of alerts."""
    uses_buckets: tuple[Pods, ...]
    """Who is given S3 credentials: they may reach the object store, and nobody else."""


def pods_of(app: str, release: str, roles: Iterable[str], *, single: str | None) -> tuple[Pods, ...]:
    """Return the pods of roles; `single` is the component of a single binary, which plays them all."""
    if single is not None:
        return (Pods(app, release, single, single=True),)
    return tuple(Pods(app, release, role) for role in roles)


def flows_between(hops: Iterable[Hop], pods: Callable[..., tuple[Pods, ...]]) -> tuple[Flow, ...]:
    """Return hops as flows; `pods` returns the pods of the roles that it is called with."""
    return tuple(Flow(pods(*hop.sources), pods(*hop.targets), (Port(hop.port),), hop.why) for hop in hops)
