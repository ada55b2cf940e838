"""The backends of a stack, each with what it is told of the stack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_args

from telemetry.config.backend_settings import Section
from telemetry.config.base import Settings
from telemetry.config.buckets import bucket_name
from telemetry.config.existing_secrets import BackendS3Secret
from telemetry.spec.backend import Backend, Signal, SizedRelease
from telemetry.spec.context import Context, Grant
from telemetry.spec.flows import Network
from telemetry.spec.release import Release
from telemetry.spec.values.scraping import scrape_annotations
from telemetry.spec.values.transport import scheme
from telemetry.stack.sections import backend_of

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


SIGNALS: tuple[Signal, ...] = get_args(Signal)
"""In the order in which tables and reports name them."""


@dataclass(frozen=True)
class StackBackend:
    """A backend that a stack has."""

    of: Backend[Any, Any]
    """The backend, as its folder describes it."""
    stack: "Stack"

    @property
    def signal(self) -> Signal:
        """Its key in the settings and in the credentials."""
        return self.of.signal

    @property
    def settings(self) -> Section:
        """Its section of the settings."""
        section: Section = getattr(self.stack, self.signal)
        return section

    @property
    def capacity(self) -> Mapping[str, int]:
        """What tenants' limits may come to, by the name of the limit; what is not in it is not looked at."""
        capacity: Settings | None = getattr(self.settings, "capacity", None)
        return {} if capacity is None else capacity.model_dump()

    @property
    def preset(self) -> str | None:
        """The kind of load that its roles are sized for, if one is chosen."""
        chosen: str | None = getattr(self.settings, "preset", None)
        return chosen

    @property
    def buckets(self) -> Mapping[str, str]:
        """Bucket names by purpose."""
        purposes: dict[str, str] = self.settings.buckets.model_dump()
        return {use: bucket_name(self.signal, self.stack.environment, purpose) for use, purpose in purposes.items()}

    @property
    def s3_secret(self) -> BackendS3Secret:
        """The Secret with its S3 key pair, whoever makes it."""
        chosen: BackendS3Secret | None = getattr(self.stack.object_store.secrets, self.signal)
        return chosen or BackendS3Secret(name=self.of.secret, create=True)

    @property
    def sizes(self) -> tuple[SizedRelease, ...]:
        """What runs of it, and how large."""
        return tuple(self.of.sizes(self.context))

    @property
    def releases(self) -> tuple[Release, ...]:
        """Its Helm releases."""
        return tuple(self.of.releases(self.context))

    @property
    def endpoints(self) -> Any:
        """Where clients reach it in the namespace: a named tuple."""
        return self.of.endpoints(self.context)

    @cached_property
    def network(self) -> Network:
        """Who speaks with whom of it."""
        return self.of.network(self.context)

    @cached_property
    def context(self) -> Context[Any, Any]:
        """What the backend is told of the stack."""
        stack, signal = self.stack, self.signal
        return Context(
            settings=self.settings,
            buckets=self.buckets,
            s3_secret=self.s3_secret,
            environment=stack.environment,
            namespace=stack.namespace,
            kubernetes=stack.kubernetes,
            object_store=stack.object_store,
            trust=stack.trust,
            images=stack.images,
            labels=stack.labels.under(self.settings.labels),
            annotations=stack.annotations.under(self.settings.annotations),
            priority_class=stack.priority_class,
            security=stack.security,
            gateway=stack.gateway,
            monitoring=stack.monitoring,
            alerting=stack.alerting,
            tenants={
                tenant.id: Grant(self._granted(tenant.limits), getattr(tenant.retention, signal))
                for tenant in stack.tenants
            },
            limits=None if stack.limits is None else self._granted(stack.limits),
            scrape_annotations=scrape_annotations(stack, self.of.http_port, scheme=scheme(stack)),
            remote_write="" if signal == "metrics" else stack.backend("metrics").endpoints.remote_write,
        )

    def _granted(self, limits: object) -> Settings:
        """Return what limits say of this backend; where nothing is said of them, they are the default backend's."""
        said: Settings = getattr(limits, self.signal)
        of_this: Settings = said if isinstance(said, self.of.limits) else self.of.limits()
        return of_this


def backends_of(stack: "Stack") -> Iterator[StackBackend]:
    """Yield the backends that a stack has."""
    for signal in SIGNALS:
        section = getattr(stack, signal)
        if section is not None:
            yield StackBackend(backend_of(signal, section), stack)


class _Stores(Protocol):
    @property
    def signal(self) -> Signal: ...


_B = TypeVar("_B", bound=_Stores)


def metrics_first(backends: Iterable[_B]) -> list[_B]:
    """Return backends with that of metrics first, by which the others are watched."""
    return sorted(backends, key=lambda backend: backend.signal != "metrics")
