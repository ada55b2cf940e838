"""What a backend is: one description per folder of `backends/`, which every mechanism reads in place of names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from telemetry.config.backend_settings import Section
from telemetry.config.base import Settings
from telemetry.config.chart import Versions
from telemetry.config.images import Image
from telemetry.config.monitoring import Objectives
from telemetry.config.role_spec import RoleTable
from telemetry.config.roles import Role
from telemetry.spec.alerts import Rule
from telemetry.spec.changes import Changes
from telemetry.spec.context import Context, Environment
from telemetry.spec.datasource import Alertmanager, DatasourceSettings, Uids
from telemetry.spec.flows import Network
from telemetry.spec.panels import Dashboard, Panel
from telemetry.spec.ports import GatewayAddress
from telemetry.spec.promql import Scope
from telemetry.spec.release import Release
from telemetry.spec.routes import Route, Upstream
from telemetry.spec.service_levels import Indicator, TenantIndicator, Tenants
from telemetry.spec.sizing import Sizing

Signal = Literal["traces", "metrics", "logs", "profiles"]
Phase = Literal[1, 3]
"""A phase of the plan (R4, R6)."""

S = TypeVar("S", bound=Section)
L = TypeVar("L", bound=Settings)


@dataclass(frozen=True)
class SizedRelease:
    """The workloads of one release of a backend, as they are sized."""

    title: str
    """What the report calls it."""
    key: str
    """Where its roles stand in the settings."""
    roles: Mapping[str, Role]
    table: RoleTable
    leaving: bool = False
    """Whether it is being moved away from."""
    phase: Phase = 1
    """In which phase of the plan it comes."""
    note: str = ""
    """What a reader of its figures has to know."""


@dataclass(frozen=True)
class Elsewhere:
    """What is known of a backend wherever it runs: one of somebody else's, of whose settings nothing is known."""

    alerts: Callable[[Scope], Iterable[Rule]]
    """What tells of trouble with it, given where its metrics are."""
    dashboard: Callable[[Scope], Dashboard]
    """What shows how it is."""
    datasource: Callable[[Uids], DatasourceSettings]
    """How Grafana reads its data, and how it gets from there to other signals."""
    indicators: Callable[[Scope, Objectives], Iterable[Indicator]]
    """What is promised of its requests, given where its metrics are."""


@dataclass(frozen=True, kw_only=True)
class Backend(Generic[S, L]):
    """A backend. Every field is filled, or says None: the backend has none of that."""

    name: str
    """What the field calls it, in small letters: the label `app.kubernetes.io/name` of its pods, and a word in uids."""
    title: str
    """What people call it."""
    signal: Signal
    """What it stores: its key in the settings, in the credentials and in tenants' limits."""
    settings: type[S]
    limits: type[L]
    """What a tenant may be granted of it."""
    roles: Mapping[str, RoleTable]
    """The roles that it is sized by, by topology."""
    secret: str
    """The Secret with its S3 credentials."""
    service_account: str | None
    """The account of its pods that the program makes, where the chart has no key that takes the token away."""
    release_names: tuple[str, ...]
    """What its releases are called, in whatever shape it runs."""
    sizes: Callable[[Context[S, L]], Iterable[SizedRelease]]
    """What runs of it, and how large."""
    releases: Callable[[Context[S, L]], Iterable[Release]]
    """The Helm releases, the one that it is being moved away from included."""
    endpoints: Callable[[Context[S, L]], Any]
    """Where clients reach it in the namespace: a named tuple of addresses, `query` among them."""
    images: Callable[[Context[S, L]], Iterable[Image]]
    """The images of its pods, as its charts have them by themselves."""
    changes: Changes
    """What changes of it do, which the report tells."""
    admin_endpoints: Callable[[Context[S, L]], Mapping[str, str]] | None
    """Where its own pages are, by name, which no gateway offers: limits, rings, flushes."""
    checks: str | None
    """The module of its checks, which loads what only they need: `checks(context, target, tenant)` of each tenant, and
    `platform_checks(context, target)` of all of it."""
    alerts: Callable[[Context[S, L]], Iterable[Rule]] | None
    """What tells of trouble with it."""
    indicators: Callable[[Context[S, L]], Iterable[Indicator]] | None
    """What is promised of its requests."""
    tenant_indicators: Callable[[Context[S, L], Tenants], Iterable[TenantIndicator]] | None
    """What is promised of each tenant's own, as far as its metrics tell tenants apart."""
    dashboard: Callable[[Context[S, L]], Dashboard] | None
    """What shows how it is."""
    elsewhere: Elsewhere | None
    """What holds of one that somebody else runs (telemetry:existing)."""
    http_port: int
    """The port of its pods that speaks HTTP: its API, and its metrics."""
    other_metrics: tuple[tuple[str, int], ...]
    """Where else its pods have metrics: the label `app.kubernetes.io/name` of pods, and the port."""
    without_metrics: tuple[str, ...]
    """Roles whose pods have no metrics."""
    network: Callable[[Context[S, L]], Network]
    """Who speaks with whom of it."""
    gateway_endpoints: Callable[[GatewayAddress], Any]
    """Where clients reach it at a gateway: the same named tuple as `endpoints`."""
    routes: tuple[Route, ...]
    """What it offers at the gateway; no path is another backend's too."""
    upstreams: Callable[[Context[S, L]], Iterable[Upstream]]
    """Where its routes lead."""
    request_headers: tuple[str, ...]
    """Headers of clients that reach it through the gateway, beside those of all."""
    ruler: str | None
    """The module of its ruler's client, which loads what only that needs: `Ruler(client)` (spec/ruler.py)."""
    evaluates_rules: bool
    """Whether the program gives its ruler the platform's rules where nobody else is to evaluate them."""

    alertmanager: Callable[[str], Alertmanager] | None
    """Its Alertmanager as Grafana wants it, given the address at which its data is queried."""
    alerting_of_tenants: Callable[[Context[S, L]], str] | None
    """Where its Alertmanager lists the configurations that tenants have loaded, in YAML by tenant, in the namespace."""

    # What Grafana shows of it beside its own dashboard.
    datasource: Callable[[Context[S, L], Uids], DatasourceSettings]
    """How Grafana reads its data, and how it gets from there to other signals."""
    build_info: str | None
    """The metric that has its version in the label `version`."""
    tenant_panels: Callable[[Context[S, L], Scope], Iterable[Panel]] | None
    """What the chosen tenants send, ask and lose (`panel_queries.of_tenants`)."""
    store_panels: Callable[[Context[S, L], Scope], Iterable[Panel]] | None
    """How the object store answers it."""

    # What it asks of a stack's settings.
    charts: Versions
    """The charts that it is deployed from, with the versions whose keys our values were checked against."""
    starter: Callable[[Environment], dict[str, Any]]
    """Its section in the file of a new stack: its chart, and what an environment needs beyond the defaults."""
    check: Callable[[Context[S, L]], None] | None
    """Refuses settings that it cannot do with in this stack (SettingError, its key from the top of the settings)."""
    check_limits: Callable[[Context[S, L], L, int | None], None] | None
    """Refuses limits that it could not keep, given the largest request if there is such a limit (SettingError, its key
    below `limits`)."""
    stored_bytes: Callable[[L], int]
    """Bytes that its bucket comes to hold of each second, where somebody sends as much as limits grant; 0: no
    limit says."""
    data_bucket: str
    """The use of the bucket that its compactor empties of what is older than its retention."""
    shortest_retention: int
    """Seconds: what is younger cannot be deleted, because it is not compacted yet."""
    nobody: str
    """The tenant under whose id it keeps what came without one."""
    reserved_tenants: Mapping[str, str]
    """Other ids that mean something to it, and what."""
    capacity_notes: Callable[[Context[S, L]], Iterable[str]] | None
    """What the figures of its capacity do not tell by themselves."""
    sizing: Callable[[Context[S, L], Any, int], Sizing] | None
    """What a load takes of its roles and buckets, given the load's part of its signal and the number of tenants."""
