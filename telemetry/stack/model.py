"""The root of the settings: everything that is set of one stack."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from telemetry.backends.sections import Logs, Metrics, Profiles, Traces
from telemetry.config import collector as collecting
from telemetry.config.alerting import Alerting
from telemetry.config.base import SettingError, Settings, below
from telemetry.config.clusters import ClusterKey, OtherStack
from telemetry.config.collector import Collector
from telemetry.config.connections import Grafana, Kubernetes
from telemetry.config.dashboards import Dashboards
from telemetry.config.existing import Existing
from telemetry.config.external_secrets import ExternalSecrets
from telemetry.config.gateway import Gateway
from telemetry.config.images import Images
from telemetry.config.load import Load
from telemetry.config.metadata import ON_BOTH, Annotations, Labels
from telemetry.config.monitoring import Monitoring
from telemetry.config.namespace import Namespace
from telemetry.config.network import Security, oidc_of, store_of
from telemetry.config.object_store import ObjectStore
from telemetry.config.policy import Policy
from telemetry.config.priority import PriorityClass
from telemetry.config.roles import Role
from telemetry.config.trust import Trust
from telemetry.spec.backend import Signal
from telemetry.spec.context import Environment
from telemetry.stack import buckets, existing_credentials, monitoring, outside, placements, scraping, tenancy
from telemetry.stack import images as image_names
from telemetry.stack.alerting import check as check_alerting
from telemetry.stack.backends import SIGNALS, StackBackend, backends_of
from telemetry.stack.collector import check
from telemetry.stack.existing import check as check_existing
from telemetry.stack.sections import section_of
from telemetry.stack.tenants import BackendLimits, Tenants


class Stack(Settings):
    """One environment."""

    environment: Environment = Field(description="Which environment this stack is; the stack bears the same name.")
    namespace: Namespace = Field(description="Where the workloads run.")
    kubernetes: Kubernetes = Field(description="The cluster.")
    object_store: ObjectStore = Field(description="SeaweedFS.")
    grafana: Grafana = Field(description="The shared Grafana.")
    trust: Trust = Field(
        default_factory=Trust, description="Whom to trust where certificates are of a private authority."
    )
    images: Images = Field(default_factory=Images, description="Where container images come from.")
    labels: Labels = Field(default_factory=Labels, description="Labels of objects and pods; a backend may have more.")
    annotations: Annotations = Field(
        default_factory=Annotations, description="Annotations of objects and pods; a backend may have more."
    )
    priority_class: PriorityClass | None = Field(
        default=None, description="Priority of all pods whose placement names none; none is the cluster's default."
    )
    external_secrets: ExternalSecrets | None = Field(
        default=None, description="Secrets that External Secrets Operator makes, for other settings to name."
    )
    policy: Policy = Field(default_factory=Policy, description="Which limits containers have.")
    traces: Annotated[Traces, section_of("traces")] = Field(description="Tempo.")
    metrics: Annotated[Metrics, section_of("metrics")] = Field(description="Mimir.")
    logs: Annotated[Logs, section_of("logs")] | None = Field(
        default=None,
        description="Loki; none: there is none of ours, as where the namespace has another already (the plan's "
        "quota has no row for one).",
    )
    profiles: Annotated[Profiles, section_of("profiles")] | None = Field(
        default=None, description="Pyroscope; none: not yet, it is Phase 3 of the plan."
    )
    tenants: Tenants = Field(
        default_factory=list,
        description="Whose data is kept apart. None: one tenant without a name, as in dev. Many of "
        "them stand in a file of their own, a list in YAML, whose path is telemetry:tenants_file.",
    )
    limits: BackendLimits | None = Field(
        default=None,
        description="How much of the backends all may use together, in a stack without tenants; none is what each "
        "backend grants by itself. With tenants, each has limits of its own.",
    )
    gateway: Gateway | None = Field(
        default=None, description="nginx in front of every backend, which knows tenants; none: the charts' own."
    )

    @model_validator(mode="after")
    def _buckets_keep_what_they_must(self) -> Self:
        buckets.check(self)
        return self

    @model_validator(mode="after")
    def _existing_secrets_stay(self) -> Self:
        existing_credentials.check(self)
        return self

    @model_validator(mode="after")
    def _backends_have_what_they_require(self) -> Self:
        for backend in self.backends:
            if backend.of.check is not None:
                backend.of.check(backend.context)
        return self

    security: Security = Field(default_factory=Security, description="Guard rails around the stack's pods.")

    @model_validator(mode="after")
    def _tenants_are_served(self) -> Self:
        tenancy.check(self)
        return self

    @model_validator(mode="after")
    def _policies_know_whom_pods_call(self) -> Self:
        if self.security.network_policies:
            here = self.namespace.name, self.kubernetes.cluster_domain
            store_of(self.security, self.object_store, *here)
            oidc_of(self.security, self.gateway.oidc if self.gateway else None, *here)
        return self

    @model_validator(mode="after")
    def _outside_finds_a_way_in(self) -> Self:
        outside.check(self)
        return self

    existing: dict[Signal, Existing] = Field(
        default_factory=dict,
        description="Backends that somebody else runs, by signal, such as the plan's Loki; so far `logs` alone. They "
        "are scraped, watched, shown and linked as ours are.",
    )

    clusters: dict[ClusterKey, OtherStack] = Field(
        default_factory=dict,
        description="Stacks of other clusters whose data Grafana shows beside this one's, by the cluster's name "
        "(docs/clusters.md).",
    )

    @model_validator(mode="after")
    def _clusters_store_what_is_known_here(self) -> Self:
        for name, other in self.clusters.items():
            for index, signal in enumerate(other.signals):
                if signal not in self.signals:
                    raise SettingError(
                        f"clusters.{name}.signals.{index}",
                        f"is {signal}, which this stack does not store, so that it knows no datasource for it; add "
                        f"telemetry:{signal}, or leave it out",
                    )
        return self

    @model_validator(mode="after")
    def _existing_backends_are_not_ours(self) -> Self:
        check_existing(self)
        return self

    monitoring: Monitoring = Field(
        default_factory=Monitoring, description="What tells of trouble with the platform itself."
    )

    @model_validator(mode="after")
    def _monitoring_names_tenants(self) -> Self:
        monitoring.check(self)
        return self

    alerting: Alerting | None = Field(
        default=None, description="Who is told of alerts; none: nobody but whom tenants name themselves."
    )

    @model_validator(mode="after")
    def _receivers_are_reached(self) -> Self:
        if self.alerting is not None:
            check_alerting(self, self.alerting)
        return self

    dashboards: Dashboards | None = Field(
        default=None, description="Dashboards for the platform itself; none: there are none in Grafana."
    )

    @model_validator(mode="after")
    def _dashboards_know_whom_to_ask(self) -> Self:
        ours = self.dashboards is not None and self.dashboards.datasource is None
        if ours and self.tenants and self.monitoring.tenant is None:
            raise SettingError(
                "dashboards.datasource",
                "is not set, and neither is monitoring.tenant; name the tenant that has the platform's own metrics, or "
                "the uid of the Prometheus that has them",
            )
        return self

    collector: Collector | None = Field(
        default=None, description="Grafana Alloy in front of the platform, or its configuration; none: neither."
    )

    @model_validator(mode="after")
    def _collector_can_send(self) -> Self:
        if self.collector is not None:
            with below("collector"):
                check(
                    self.collector,
                    tenants=self.tenants,
                    gateway=self.gateway,
                    nodes=self.kubernetes.nodes,
                    guarded=self.security.network_policies,
                    scrapes=self.collector_scrapes,
                    signals=self.signals,
                    cluster=self.kubernetes.cluster,
                )
        return self

    load: Load | None = Field(
        default=None, description="What it is to carry, by which sizes are judged (docs/sizing.md); none: they are not."
    )

    @model_validator(mode="after")
    def _load_is_of_signals_that_are_stored(self) -> Self:
        for name in Load.model_fields.keys() & SIGNALS if self.load is not None else ():
            if getattr(self.load, name) is not None and getattr(self, name) is None:
                raise SettingError(f"load.{name}", f"is set, and {name} is not: nothing here takes them; remove one")
        return self

    @model_validator(mode="after")
    def _somebody_scrapes(self) -> Self:
        scraping.check(self)
        placements.check(self)
        return self

    @model_validator(mode="after")
    def _images_are_of_this_stack(self) -> Self:
        image_names.check(self)
        return self

    @model_validator(mode="after")
    def _metadata_is_said_once(self) -> Self:
        for backend in self.backends:
            for name in ("labels", "annotations"):
                twice = getattr(backend.context, name).twice
                if twice is not None:
                    raise SettingError(
                        f"{backend.signal}.{name}",
                        f"{twice} {ON_BOTH}, with those of telemetry:{name} counted; remove one of the two",
                    )
        return self

    @model_validator(mode="after")
    def _values_can_be_laid_over(self) -> Self:
        for release in (release for backend in self.backends for release in backend.releases):
            release.check()
        return self

    @property
    def collector_scrapes(self) -> bool:
        """Whether the collector scrapes the platform's own pods."""
        return self.monitoring.scrape == "collector"

    @property
    def collector_finds_pods(self) -> bool:
        """Whether the collector asks the API server which pods there are, to scrape them or to read their logs."""
        return self.collector_scrapes or (self.collector is not None and self.collector.pod_logs is not None)

    @property
    def collector_role(self) -> Role | None:
        """What the collector's pods ask for, one on each node; None where the program deploys none."""
        if self.collector is None:
            return None
        return collecting.role_of(self.collector, self.kubernetes.nodes, self.policy)

    @property
    def gateway_role(self) -> Role | None:
        """What one replica of the gateway asks for; None without one."""
        return None if self.gateway is None else tenancy.gateway_role(self.gateway, self.tenants, self.policy)

    @property
    def backends(self) -> tuple[StackBackend, ...]:
        """The backends that this stack has."""
        return tuple(backends_of(self))

    def backend(self, signal: Signal) -> StackBackend:
        """Return the backend of a signal that this stack has one for."""
        return next(backend for backend in self.backends if backend.signal == signal)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that this stack has a backend for."""
        return tuple(backend.signal for backend in self.backends)

    @property
    def buckets(self) -> tuple[str, ...]:
        """All bucket names."""
        return tuple(name for backend in self.backends for name in backend.buckets.values())

    @property
    def protects_buckets(self) -> bool:
        """Whether buckets outlive the stack."""
        chosen = self.object_store.protect_buckets
        return self.environment != "dev" if chosen is None else chosen
