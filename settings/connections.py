"""How the program reaches the systems that it configures: a cluster and a Grafana."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from settings.base import Settings


def check_url(value: str) -> str:
    """Refuse what is not `http(s)://host[:port][/path]`; credentials in a URL would end up in logs."""
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise ValueError("not an address; write http:// or https://, a host and a port, such as http://s3.example:8333")
    if parts.username or parts.password:
        raise ValueError("an address must not carry credentials; they belong into telemetry:credentials")
    if parts.query or parts.fragment:
        raise ValueError("an address must end after its host, port and path; remove what follows ? or #")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(check_url)]
"""`http(s)://host[:port][/path]` without a trailing slash and without credentials."""


class Kubernetes(Settings):
    """The cluster."""

    context: str = Field(
        min_length=1,
        description="The kubeconfig context to use, named explicitly so that an ambient one is never touched.",
    )
    kubeconfig: str | None = Field(
        default=None,
        description="Path of the kubeconfig file; without it the usual KUBECONFIG or ~/.kube/config is read.",
    )
    cluster_identifier: str | None = Field(
        default=None,
        min_length=1,
        description="A name of the cluster that outlives its address: without one the provider replaces every "
        "release when the API server's URL changes (facts/providers.md). Default: the context's name.",
    )
    platform: Literal["openshift", "kubernetes"] = Field(
        default="openshift",
        description="openshift: the platform picks user ids, so ours are left out, and DNS is "
        "openshift-dns/dns-default. kubernetes: the charts' own ids and kube-system/kube-dns (charts.md 2.4, 3.4).",
    )

    @property
    def identity(self) -> str:
        """The cluster's stable name."""
        return self.cluster_identifier or self.context


class Grafana(Settings):
    """The Grafana instance that all environments share (seed 000, 'Grafana Datasources')."""

    url: Url = Field(description="Its address as seen from where Pulumi runs.")
