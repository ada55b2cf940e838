"""Programs of others that the platform works with: what is scraped of them, and backends that it links to."""

from typing import Self

from pydantic import Field, model_validator

from telemetry.config.access import TenantIds
from telemetry.config.addresses import Url
from telemetry.config.base import SettingError, Settings
from telemetry.config.dashboards import DatasourceUid
from telemetry.config.existing_secrets import ClientCertificateSecret, TokenSecret
from telemetry.config.gateway import Host
from telemetry.config.labels import LabelKey, LabelValue, NamespaceName
from telemetry.config.network import PortNumber


class ScrapeAccess(Settings):
    """What pods ask of who scrapes them: TLS with a client certificate, and a token where they want one.

    The Secrets are in the namespace of who reads them: with `monitoring.scrape: operator` that of the pods, where the
    PodMonitor is; with our collector the stack's own.
    """

    certificate: ClientCertificateSecret = Field(
        description="A Secret with the client certificate to show, its key, and the authority to trust."
    )
    server_name: Host = Field(
        description="The name in the certificate of the pods, which are called by their addresses."
    )
    token: TokenSecret | None = Field(
        default=None, description="A Secret with the bearer token to show as well; none: the certificate is enough."
    )


class ScrapedPods(Settings):
    """Pods of others with metrics, which are scraped as our own are by the collector or an operator."""

    namespace: NamespaceName = Field(
        description="Their namespace. Objects that are made for an operator are made there: on OpenShift it looks for "
        "pods in the objects' own namespace alone.",
    )
    pods: dict[LabelKey, LabelValue] = Field(
        min_length=1, description="Labels of the pods, such as `app.kubernetes.io/name: seaweedfs`."
    )
    port: PortNumber = Field(
        description="The port of the pods with the metrics, which a container of theirs declares; plain HTTP without "
        "`access`."
    )
    access: ScrapeAccess | None = Field(
        default=None, description="What they ask of who scrapes them; none: everybody may who reaches the port."
    )


class Existing(ScrapedPods):
    """A backend that somebody else runs: it is watched as ours are, and linked with ours in Grafana."""

    datasource: DatasourceUid | None = Field(
        default=None,
        description="The uid of its datasource in Grafana, to which ours lead. Links from there to ours are for who "
        "looks after it to make; with `url`, the program makes a datasource of its own, with links both ways.",
    )
    grafana_org: int | None = Field(
        default=None,
        ge=1,
        description="The Grafana organisation of that datasource, as no other one finds it; none is our login's.",
    )
    url: Url | None = Field(
        default=None,
        description="Where Grafana finds its query API, for a datasource of ours among the environment's, such as "
        "`Loki (prod)`. Tenants have none: what others keep is not kept apart by them.",
    )
    tenant: TenantIds | None = Field(
        default=None, description="The tenant that the datasource of ours asks for (X-Scope-OrgID)."
    )

    @model_validator(mode="after")
    def _is_shown_by_one_datasource(self) -> Self:
        if self.datasource is not None and self.url is not None:
            raise SettingError("url", "makes a datasource beside the one of `datasource`; remove one of the two")
        if self.grafana_org is not None and self.datasource is None:
            raise SettingError("grafana_org", "is that of `datasource`, which is not set; add it, or remove this")
        if self.tenant is not None and self.url is None:
            raise SettingError("tenant", "is asked for at `url`, which is not set; add it, or remove this")
        return self
