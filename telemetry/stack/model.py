"""The root of the settings: everything that one stack wants."""

from typing import Self

from pydantic import Field, model_validator

from telemetry.backends.loki.settings import Logs
from telemetry.backends.mimir.settings import Metrics
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.backends.tempo.settings import Traces
from telemetry.config import collector as collecting
from telemetry.config.base import SettingError, Settings, did_you_mean
from telemetry.config.buckets import LONGEST_NAME
from telemetry.config.collector import Collector
from telemetry.config.connections import Grafana, Kubernetes
from telemetry.config.dashboards import Dashboards
from telemetry.config.gateway import Gateway
from telemetry.config.monitoring import Monitoring
from telemetry.config.namespace import Namespace
from telemetry.config.network import Security, store_of
from telemetry.config.object_store import ObjectStore
from telemetry.config.roles import Role
from telemetry.config.trust import Trust
from telemetry.spec.backend import Signal
from telemetry.spec.context import Environment
from telemetry.stack import tenancy
from telemetry.stack.backends import StackBackend, backends_of
from telemetry.stack.collector import check
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
    traces: Traces = Field(description="Tempo.")
    metrics: Metrics = Field(description="Mimir.")
    logs: Logs | None = Field(
        default=None,
        description="Loki; none: there is none of ours, as where the namespace has another already (the plan's "
        "quota has no row for one).",
    )
    profiles: Profiles | None = Field(default=None, description="Pyroscope; none: not yet, it is Phase 3 of the plan.")
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
    def _bucket_names_fit(self) -> Self:
        for backend in self.backends:
            for use, name in backend.buckets.items():
                if len(name) > LONGEST_NAME:
                    raise SettingError(
                        f"{backend.signal}.buckets.{use}",
                        f"makes a bucket name of {len(name)} characters, S3 allows {LONGEST_NAME}; shorten it",
                    )
        return self

    @model_validator(mode="after")
    def _prod_is_protected(self) -> Self:
        if self.environment == "prod" and self.object_store.protect_buckets is False:
            raise SettingError(
                "object_store.protect_buckets",
                "cannot be off in prod, because SeaweedFS deletes buckets with their data; "
                "remove the key (docs/object-store.md says how to delete one on purpose)",
            )
        return self

    @model_validator(mode="after")
    def _prod_survives_a_lost_ingester(self) -> Self:
        if self.environment != "prod":
            return self
        distributed = self.traces.topology == "distributed"  # the single binary is a choice of its own
        if distributed and not (self.traces.survives_a_lost_ingester or self.traces.accept_no_failure_tolerance):
            raise SettingError(
                "traces.replication_factor",
                "survives no lost ingester, and prod must; use 3 with 3 ingesters, "
                "or set traces.accept_no_failure_tolerance",
            )
        if not (self.metrics.survives_a_lost_ingester or self.metrics.accept_no_failure_tolerance):
            raise SettingError(
                "metrics.replication_factor",
                "survives no lost ingester, and prod must; use 3 with 3 ingesters, "
                "or set metrics.accept_no_failure_tolerance",
            )
        logs = self.logs if self.logs and self.logs.topology == "distributed" else None
        if logs and not (logs.survives_a_lost_writer or logs.accept_no_failure_tolerance):
            raise SettingError(
                "logs.replication_factor",
                "survives no lost writer, and prod must; use 3 with 3 writers, or set logs.accept_no_failure_tolerance",
            )
        return self

    @model_validator(mode="after")
    def _prod_survives_a_lost_pod_of_profiles(self) -> Self:
        profiles = self.profiles
        if self.environment == "prod" and profiles is not None and profiles.topology == "distributed":
            lost = profiles.lost_with_one_pod
            if lost:
                raise SettingError(
                    f"profiles.roles.{lost[0]}.replicas",
                    f"survives no lost pod, and prod must; set it to {3 if lost[0] == 'metastore' else 2} or more",
                )
        return self

    security: Security = Field(default_factory=Security, description="Guard rails around the stack's pods.")

    @model_validator(mode="after")
    def _policies_know_the_object_store(self) -> Self:
        if self.security.network_policies:
            store_of(self.security, self.object_store, self.namespace.name, self.kubernetes.cluster_domain)
        return self

    @model_validator(mode="after")
    def _tenants_are_served(self) -> Self:
        tenancy.check(self.environment, self.tenants, self.limits, self.gateway, self.traces, self.metrics, self.logs)
        return self

    monitoring: Monitoring = Field(
        default_factory=Monitoring, description="What tells of trouble with the platform itself."
    )

    @model_validator(mode="after")
    def _rules_have_an_owner(self) -> Self:
        chosen, known = self.monitoring.tenant, [tenant.id for tenant in self.tenants]
        if chosen is None and known and self.monitoring.rules == "ruler":
            raise SettingError(
                "monitoring.tenant",
                "is not set, and the ruler keeps rules by tenant; name the tenant that has the metrics",
            )
        if chosen is not None and chosen not in known:
            raise SettingError(
                "monitoring.tenant",
                f"is no tenant of this stack{did_you_mean(chosen, known)}; name one of them, or remove it",
            )
        if chosen is not None and self.gateway is not None and self.monitoring.rules == "ruler":
            index = known.index(chosen)
            if "admin" not in self.tenants[index].access.scopes.metrics:
                raise SettingError(
                    f"tenants.{index}.access.scopes.metrics",
                    "has no admin, and monitoring.rules: ruler puts the platform's rules there in this tenant's name; "
                    "add it: [read, write, admin]",
                )
        return self

    dashboards: Dashboards | None = Field(
        default=None, description="Dashboards for the platform itself; none: there are none in Grafana."
    )

    @model_validator(mode="after")
    def _dashboards_know_whom_to_ask(self) -> Self:
        own = self.dashboards is not None and self.dashboards.datasource is None
        if own and self.tenants and self.monitoring.tenant is None:
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
            try:
                check(
                    self.collector,
                    tenants=self.tenants,
                    gateway=self.gateway,
                    nodes=self.kubernetes.nodes,
                    guarded=self.security.network_policies,
                    logs=self.logs is not None,
                )
            except SettingError as error:
                raise SettingError(f"collector.{error.key}", str(error)) from error
        return self

    @property
    def collector_role(self) -> Role | None:
        """What the collector's pods ask for, one on each node; None where the program deploys none."""
        return None if self.collector is None else collecting.role_of(self.collector, self.kubernetes.nodes)

    @property
    def gateway_role(self) -> Role | None:
        """What one replica of the gateway asks for; None without one."""
        return None if self.gateway is None else tenancy.gateway_role(self.gateway, self.tenants)

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
