"""Objects whose pods read them again by themselves when they change, so that nothing restarts."""

from telemetry.backends import BACKENDS
from telemetry.collector.config import CONFIG_MAP as COLLECTOR
from telemetry.gateway.secrets import CLIENT_CA_SECRET, CONFIG_MAP, TENANTS_SECRET, TLS_SECRET

_RELOADED = {
    *(("ConfigMap", name) for backend in BACKENDS for name in backend.changes.reloaded),
    ("ConfigMap", CONFIG_MAP),
    ("ConfigMap", COLLECTOR),
    *(("Secret", name) for name in (TENANTS_SECRET, TLS_SECRET, CLIENT_CA_SECRET)),
}
"""Backends look at their runtime overrides every ten seconds, gateway/watch.sh and Alloy's
reloader at their files."""


def is_reloaded(kind: str, name: str) -> bool:
    """Whether a change of an object of this kind and name reaches its pods without a restart."""
    return (kind, name) in _RELOADED
