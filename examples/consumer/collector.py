"""Makes an OpenTelemetry Collector's exporter configuration of telemetry's outputs (docs/outputs.md). Pure."""

from collections.abc import Mapping
from typing import Any

import yaml

KNOWN_VERSIONS = (3, 4)
"""The versions of the outputs that this program has been written for."""


class UnknownVersionError(Exception):
    """The outputs are of a version that this program does not know."""


def configuration(outputs: Mapping[str, Any]) -> str:
    """Return the exporters and which pipeline uses them, as YAML to be given to a collector as one more `--config`.

    Args:
        outputs: `schema_version`, `endpoints` and `certificate_authority` of a telemetry stack.

    Raises:
        UnknownVersionError: it cannot be known what the outputs mean.
    """
    version = outputs.get("schema_version")
    if version not in KNOWN_VERSIONS:
        known = ", ".join(map(str, KNOWN_VERSIONS))
        raise UnknownVersionError(
            f"telemetry's outputs are of version {version:g}, this program knows {known}; update it"
            if isinstance(version, int | float)
            else f"these outputs have no schema_version; is this a stack of telemetry? This program knows {known}"
        )
    traces, metrics = outputs["endpoints"]["traces"], outputs["endpoints"]["metrics"]
    # Behind a gateway there is TLS, and a token that the tenant's Secret holds; without one there is neither.
    guarded = traces["otlp_http"].startswith("https:")
    trusted = {"ca_pem": authority} if (authority := outputs.get("certificate_authority")) else {}
    credentials = {"headers": {"Authorization": "Bearer ${env:TELEMETRY_TOKEN}"}} if guarded else {}
    exporters = {
        # An OTLP address over gRPC is host:port.
        "otlp/traces": {
            "endpoint": traces["otlp_grpc"],
            "tls": trusted if guarded else {"insecure": True},
            **credentials,
        },
        # The whole address: a mere `endpoint` would have /v1/metrics added to it.
        "otlphttp/metrics": {
            "metrics_endpoint": metrics["otlp_http"],
            **({"tls": trusted, **credentials} if guarded else {}),
        },
    }
    pipelines = {"traces": {"exporters": ["otlp/traces"]}, "metrics": {"exporters": ["otlphttp/metrics"]}}
    if (logs := outputs["endpoints"].get("logs")) is not None:  # not every stack has a Loki
        guard = {"tls": trusted, **credentials} if guarded else {}
        exporters["otlphttp/logs"] = {"logs_endpoint": logs["otlp_http"], **guard}
        pipelines["logs"] = {"exporters": ["otlphttp/logs"]}
    return yaml.safe_dump({"exporters": exporters, "service": {"pipelines": pipelines}}, sort_keys=False)
