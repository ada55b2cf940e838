"""The good configs that tests start from, and the ways to change them: the real Pulumi.*.yaml plus made-up secrets."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from telemetry.backends import BACKENDS, backends_for
from telemetry.backends.thanos.starter import starter as thanos_starter
from telemetry.config.credentials import Credentials
from telemetry.gateway.routes import routes_of
from telemetry.stack import Stack, load

REPO = Path(__file__).parents[1]
ENVIRONMENTS = ("dev", "test", "prod")
ROUTES = routes_of(backend for backend in BACKENDS if backend is next(iter(backends_for(backend.signal).values())))
"""What the gateway offers where every signal has its default backend."""

# Short and unlike anything else, so that a leak is seen and a secret scanner stays quiet.
SECRETS = (
    "pk0-fake",
    "ps0-fake",
    "tk0-fake",
    "ts0-fake",
    "mk0-fake",
    "ms0-fake",
    "lk0-fake",
    "ls0-fake",
    "yk0-fake",
    "ys0-fake",
    "ga0-fake",
    "gk0-fake-Vb7qLw2TzXnRc4Jd9sPhYm3A-fake",
)

Tree = dict[str, Any]
"""A stack's settings as they stand in its file, without the `telemetry:` in front of the keys."""
Change = Callable[[Tree], None]
"""Changes a tree in place."""


@cache
def _file(environment: str) -> Tree:
    config: Tree = yaml.safe_load((REPO / f"Pulumi.{environment}.yaml").read_text())["config"]
    return {key.removeprefix("telemetry:"): value for key, value in config.items() if key.startswith("telemetry:")}


def tree(environment: str = "dev") -> Tree:
    """Return the settings of the real stack file, with credentials as `pulumi config set --secret` would add them."""
    own = deepcopy(_file(environment))
    keys = iter(SECRETS)
    own["credentials"] = {
        identity: {"access_key": next(keys), "secret_key": next(keys)}
        for identity in ("provisioner", "traces", "metrics", "logs", "profiles")
    }
    own["credentials"]["grafana"] = {"auth": next(keys)}
    own["credentials"]["gateway"] = {"key": next(keys)}
    return own


def put(path: str, value: Any) -> Change:
    """Return a change that sets `a.b.c`, making the mappings on the way."""

    def change(settings: Tree) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            settings = settings.setdefault(parent, {})
        settings[last] = deepcopy(value)

    return change


def drop(path: str) -> Change:
    """Return a change that removes `a.b.c`."""

    def change(settings: Tree) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            settings = settings[parent]
        del settings[last]

    return change


def all_of(*changes: Change) -> Change:
    """Return a change that makes several, in order."""

    def change(settings: Tree) -> None:
        for step in changes:
            step(settings)

    return change


def as_engine_gives(settings: Tree) -> dict[str, str]:
    """Return the config as a program sees it: every value text, mappings and lists as JSON."""
    return {f"telemetry:{key}": _text(value) for key, value in settings.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def unwatched(settings: Tree) -> None:
    """Leave it to others to scrape the platform, to watch and to show it, as dev does."""
    for key in ("monitoring", "dashboards"):
        settings.pop(key, None)


_IN_MIMIR = {"scrape": "none", "rules": "ruler", "tenant": "platform"}


def with_ruler(settings: Tree) -> None:
    """Put the platform's rules into Mimir's ruler, in the name of the tenant that every stack with tenants has.

    Its metrics are there too then, and no longer in the Prometheus that the stack files name.
    """
    all_of(*(put(f"monitoring.{key}", of) for key, of in _IN_MIMIR.items()))(settings)
    settings.pop("dashboards", None)
    settings["tenants"][0].setdefault("access", {})["scopes"] = {"metrics": ["read", "write", "admin"]}


ALERTING: Tree = {
    "receivers": [
        {
            "name": "mail",
            "email": {
                "to": ["ops@example.org", "night@example.org"],
                "sender": "telemetry@example.org",
                "server": "smtp.example.org:587",
                "user": "telemetry",
            },
        },
        {"name": "chat", "slack": {"channel": "#telemetry"}},
        {"name": "pager", "pagerduty": {}, "secret": {"name": "pager", "key": "routing-key"}},
        {"name": "program", "webhook": {"url": "https://hook.example.org/alerts", "bearer_token": True}},
    ],
    "receiver": "mail",
    "routes": [
        {"receiver": "pager", "severities": ["page"], "proceed": True},
        {"receiver": "chat", "severities": ["ticket"], "mute": ["nights"]},
    ],
    "mute_times": {"nights": {"hours": ["22:00-24:00", "00:00-06:00"], "zone": "Europe/Zurich"}},
}
"""Somebody is told in each of the ways that there are."""


def with_alerting(settings: Tree) -> None:
    """Have people told of alerts; a tenant's Grafana sees them where the tenant may."""
    put("alerting", ALERTING)(settings)
    put(
        "credentials.alerting", {"mail": "am0-fake", "chat": "https://chat.example.org/ac0-fake", "program": "ap0-fake"}
    )(settings)
    put("security.alert_receivers", {"cidrs": ["203.0.113.0/24"], "ports": [443, 587]})(settings)
    for tenant in settings.get("tenants", ()):
        tenant.setdefault("access", {}).setdefault("scopes", {"metrics": ["read", "write", "alerts"]})


LOKI_CHART = {
    "name": "loki",
    "version": "18.11.0",
    "repository": "https://grafana-community.github.io/helm-charts",
}
WITH_LOGS: Change = put("logs", {"chart": LOKI_CHART})
"""Gives a stack a Loki, as the single binary that dev and test would have."""
WITH_LOGS_IN_PROD: Change = put(
    "logs",
    {
        "chart": LOKI_CHART,
        "topology": "distributed",
        "accept_no_failure_tolerance": True,
        "roles": {role: {"replicas": 2} for role in ("read", "write", "backend")},
    },
)
"""Gives a stack a Loki as prod would have it (docs/optional-backends.md)."""

PYROSCOPE_CHART = {
    "name": "pyroscope",
    "version": "2.2.1",
    "repository": "https://grafana.github.io/helm-charts",
}
WITH_PROFILES: Change = put("profiles", {"chart": PYROSCOPE_CHART})
"""Gives a stack a Pyroscope, as the single binary that dev and test would have."""
_TWICE = ("distributor", "segment-writer", "query-frontend", "query-backend")
WITH_PROFILES_IN_PROD: Change = put(
    "profiles",
    {
        "chart": PYROSCOPE_CHART,
        "topology": "distributed",
        "roles": {**{role: {"replicas": 2} for role in _TWICE}, "metastore": {"replicas": 3}},
    },
)
"""Gives a stack a Pyroscope as prod would have it, in Phase 3 (docs/optional-backends.md)."""


WITH_THANOS: Change = put("metrics", thanos_starter("dev"))
"""Stores the metrics of a stack in Prometheus with Thanos, one of each."""
WITH_THANOS_IN_PROD: Change = all_of(put("metrics", thanos_starter("prod")), put("gateway.federation", None))
"""The same as prod would have it."""

EVERY_SIGNAL: dict[str, Change] = {
    "dev": all_of(WITH_LOGS, WITH_PROFILES),
    "prod": all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD),
}
"""Gives a stack every signal that there is, with its default backend in the shape of its environment."""
ALL_BACKENDS: dict[str, tuple[str, Change]] = {
    **{environment: (environment, change) for environment, change in EVERY_SIGNAL.items()},
    "dev with Thanos": ("dev", WITH_THANOS),
    "prod with Thanos": ("prod", WITH_THANOS_IN_PROD),
}
"""Environments and changes of stacks that have between them every backend that there is: a signal has one at a time."""


def load_tree(settings: Tree, stack_name: str = "dev") -> tuple[Stack, Credentials]:
    """Load a tree as the program would, its credentials encrypted."""
    return load(as_engine_gives(settings), ["telemetry:credentials"], stack_name)


def changed_tree(environment: str, *changes: Change) -> Tree:
    """Return the settings of a real stack file after some changes; who sees whom in Grafana matters to few tests."""
    settings = tree(environment)
    all_of(*changes)(settings)
    if "gateway" in settings and len(settings.get("tenants", ())) > 1:
        settings["gateway"].setdefault("accept_shared_organisation", True)
    return settings


def load_stack(environment: str = "dev", *changes: Change) -> Stack:
    """Return the settings of a real stack file after some changes."""
    return load_tree(changed_tree(environment, *changes), environment)[0]


def credentials() -> Credentials:
    """Return the made-up secrets."""
    return load_tree(tree())[1]
