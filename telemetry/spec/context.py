"""What a backend is told of the stack that it is in: no more, so that a backend knows no other one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from telemetry.config.alerting import Alerting
from telemetry.config.backend_settings import Section
from telemetry.config.base import Settings
from telemetry.config.connections import Kubernetes
from telemetry.config.existing_secrets import S3Secret
from telemetry.config.gateway import Gateway
from telemetry.config.images import Images
from telemetry.config.metadata import Annotations, Labels
from telemetry.config.monitoring import Monitoring
from telemetry.config.namespace import Namespace
from telemetry.config.network import Security
from telemetry.config.object_store import ObjectStore
from telemetry.config.priority import PriorityClass
from telemetry.config.trust import Trust

Environment = Literal["dev", "test", "prod"]
TENANT_HEADER = "X-Scope-OrgID"
"""In which backends, and the gateway, look for the tenant."""


S = TypeVar("S", bound=Section, covariant=True)
L = TypeVar("L", bound=Settings, covariant=True)


class Surroundings(Protocol):
    """What every part of a stack has around it; a Stack has it, and so does a backend's Context."""

    @property
    def environment(self) -> Environment:
        """Which environment the stack is."""

    @property
    def namespace(self) -> Namespace:
        """Where the workloads run."""

    @property
    def kubernetes(self) -> Kubernetes:
        """The cluster."""

    @property
    def object_store(self) -> ObjectStore:
        """SeaweedFS."""

    @property
    def trust(self) -> Trust:
        """Which authorities are trusted."""

    @property
    def images(self) -> Images:
        """Where container images come from."""

    @property
    def labels(self) -> Labels:
        """Labels of objects and pods; a backend's own among them."""

    @property
    def annotations(self) -> Annotations:
        """Annotations of objects and pods; a backend's own among them."""

    @property
    def priority_class(self) -> PriorityClass | None:
        """Priority of pods whose placement names none."""

    @property
    def security(self) -> Security:
        """Guard rails around the pods."""

    @property
    def gateway(self) -> Gateway | None:
        """What is in front of every backend."""

    @property
    def monitoring(self) -> Monitoring:
        """What watches the platform itself."""

    @property
    def alerting(self) -> Alerting | None:
        """Who is told of alerts."""


@dataclass(frozen=True)
class Grant(Generic[L]):
    """What a backend grants a tenant."""

    limits: L
    retention: int | None
    """Seconds; None is the backend's own."""


@dataclass(frozen=True)
class Context(Generic[S, L]):
    """A backend's own settings, and what is around it."""

    settings: S
    """The backend's section of the stack's settings."""
    buckets: Mapping[str, str]
    """Names of its buckets, by purpose."""
    s3_secret: S3Secret
    """The Secret with its S3 key pair, whoever makes it."""
    environment: Environment
    namespace: Namespace
    kubernetes: Kubernetes
    object_store: ObjectStore
    trust: Trust
    images: Images
    labels: Labels
    annotations: Annotations
    priority_class: PriorityClass | None
    security: Security
    gateway: Gateway | None
    monitoring: Monitoring
    alerting: Alerting | None = None
    tenants: Mapping[str, Grant[L]] = field(default_factory=dict)
    """Whose data is kept apart, by id; none: there is one tenant without a name."""
    limits: L | None = None
    """What all may use together, where there are no tenants; None is what the backend grants by itself."""
    scrape_annotations: dict[str, str] = field(default_factory=dict)
    """By which its pods with metrics are found; none where other ways lead to them."""
    remote_write: str = ""
    """Where metrics that the backend makes of its data are written: the metrics backend's address for remote-write."""
