"""Alerts on certificates that others look after: the object store's S3 address and Grafana's."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from telemetry.config.monitoring import DAY
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_SERVERS = ("object_store", "grafana")
_PORT = 443


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the alert on the servers' certificates; none where nobody knows when they end."""
    left = seconds_left(stack)
    if left:
        yield Alert(
            "ServerCertificateExpires",
            f"({' or '.join(left)}) < {stack.monitoring.certificate_days * DAY}",
            "ticket",
            "1h",
            "The certificate of a server that the platform needs is about to end, and was not renewed.",
            "{{ $labels.server }}: {{ $value | humanizeDuration }} left. After that, nothing connects to it.",
        )


def seconds_left(stack: Stack) -> list[str]:
    """Return expressions for how long the servers' certificates are valid.

    cert-manager is asked where a Certificate is named, else the blackbox exporter, which sees what is served.
    """
    exporters, named = stack.monitoring.exporters, stack.monitoring.certificates
    addresses = {"object_store": stack.object_store.endpoint, "grafana": stack.grafana.url}
    left = []
    for server in _SERVERS:
        certificate, address = getattr(named, server), addresses[server]
        if certificate is not None:
            ends = end_of(*certificate.split("/"))
        elif "blackbox" in exporters and address.startswith("https://"):
            ends = Scope({})("probe_ssl_earliest_cert_expiry", f'instance=~"{_probed(address)}"')
        else:
            continue
        left.append(f'label_replace(min({ends}) - time(), "server", "{server.replace("_", " ")}", "", "")')
    return left


def end_of(namespace: str, name: str) -> str:
    """Return when a Certificate of cert-manager ends.

    cert-manager says its namespace in the label `namespace`. A scraper that has set that to cert-manager's own keeps
    the other as `exported_namespace` (`honor_labels` of
    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).
    """
    ends = "certmanager_certificate_expiration_timestamp_seconds"
    return " or ".join(Scope({label: namespace})(ends, name=name) for label in ("namespace", "exported_namespace"))


def _probed(address: str) -> str:
    """Return a regular expression for what a probe of this address is called, within PromQL's quotes."""
    parts = urlsplit(address)
    host = re.sub(r"[.\[\]]", r"[\g<0>]", parts.netloc.removesuffix(f":{parts.port}"))
    port = f"(:{_PORT})?" if parts.port in (None, _PORT) else f":{parts.port}"
    return f"(https://)?{host}{port}(/.*)?"
