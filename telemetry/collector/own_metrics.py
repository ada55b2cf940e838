"""An OpenTelemetry Collector's own metrics, as it serves them: to everybody, or by TLS to who shows what it asks for.

By itself it serves them plainly. Where it is to ask, it does so on loopback alone, reads them there and passes them on
by the exporter `prometheus`, which knows certificates and tokens. Sources:
https://opentelemetry.io/docs/collector/internal-telemetry/ and the exporter's README,
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/prometheusexporter.
"""

from typing import Any

from telemetry.config.collector import LOOPBACK_METRICS_PORT, METRICS_PORT
from telemetry.config.existing import ScrapeAccess, ScrapedPods

Config = dict[str, Any]
CREDENTIALS = "/etc/telemetry-own-metrics"
"""Where the Collector finds its certificate, the authority of its readers', and the token that they show."""
_LOOPBACK, _EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104
_NAME = "own"
_AUTHENTICATOR = f"bearertokenauth/{_NAME}"
_INTERVAL = "15s"
"""How often they are passed on: Prometheus is seldom told to ask more often."""
_RELOAD = "10m"


def served(pods: ScrapedPods | None) -> Config:
    """Return the parts of a configuration that serve them; the reader is what `service.telemetry` says."""
    port = METRICS_PORT if pods is None else pods.port
    if pods is None or pods.access is None:
        return {"reader": _reader(_EVERYWHERE, port)}
    name = f"prometheus/{_NAME}"
    scraped = {
        "job_name": _NAME,
        "scrape_interval": _INTERVAL,
        "static_configs": [{"targets": [f"{_LOOPBACK}:{LOOPBACK_METRICS_PORT}"]}],
    }
    return {
        "reader": _reader(_LOOPBACK, LOOPBACK_METRICS_PORT),
        "extensions": _tokens(pods.access),
        "receivers": {name: {"config": {"scrape_configs": [scraped]}}},
        "exporters": {name: _exporter(port, pods.access)},
        "pipelines": {f"metrics/{_NAME}": {"receivers": [name], "exporters": [name]}},
    }


def _reader(host: str, port: int) -> Config:
    """Return what serves them, with the names that Alloy gives them: counters end with `_total`."""
    return {"pull": {"exporter": {"prometheus": {"host": host, "port": port, "without_type_suffix": False}}}}


def _tokens(access: ScrapeAccess) -> Config:
    return {} if access.token is None else {_AUTHENTICATOR: {"filename": f"{CREDENTIALS}/token"}}


def _exporter(port: int, access: ScrapeAccess) -> Config:
    tls = {
        "cert_file": f"{CREDENTIALS}/tls.crt",
        "key_file": f"{CREDENTIALS}/tls.key",
        "client_ca_file": f"{CREDENTIALS}/ca.crt",
        "reload_interval": _RELOAD,
    }
    asked = {} if access.token is None else {"auth": {"authenticator": _AUTHENTICATOR}}
    return {"endpoint": f"{_EVERYWHERE}:{port}", "tls": tls, **asked, "add_metric_suffixes": False}
