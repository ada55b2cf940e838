"""Bad values over those of a chart, and what is said of them."""

from typing import Any

from tests.support import Change, all_of, put
from tests.unit.bad_inputs import Bad, at

PASSWORD = "pw0-fake"
MOVING = put(
    "traces.moving_from",
    {
        "topology": "monolithic",
        "chart": {"name": "tempo", "version": "2.2.4", "reference": "./sandbox/charts/tempo"},
        "values": {"add": {"persistance": {"annotations": {"a": "b"}}}},
    },
)


def _of(name: str, path: str, value: Any, allowed: str, mend: str, *more: Change, env: str = "dev") -> Bad:
    return Bad(f"values: {name}", all_of(put(path, value), *more), path, allowed, mend, env)


VALUES = [
    _of(
        "a mistyped key",
        "metrics.values.add.ingester.terminationGracePeriodSecond",
        1300,
        "unknown to the chart mimir-distributed 6.1.0 (did you mean ingester.terminationGracePeriodSeconds?)",
        "correct or remove it",
    ),
    _of(
        "a part as a whole",
        "metrics.values.add.ingester",
        "large",
        "'large': is a part of the chart's values",
        "write its keys below it",
    ),
    _of(
        "what the program sets",
        "traces.values.add.tempo.reportingEnabled",
        True,
        "the program sets this itself",
        "move it to override",
    ),
    _of(
        "in place of a whole part that the program sets",
        "metrics.values.add.mimir.structuredConfig",
        None,
        "the program sets this itself",
        "move it to override",
    ),
    _of(
        "below a list that the program sets",
        "metrics.values.add.ingester.extraEnvFrom.secretRef",
        "mine",
        "the program sets this itself",
        "move it to override",
    ),
    _of(
        "overrides what the program leaves alone",
        "metrics.values.override.ingester.terminationGracePeriodSeconds",
        1300,
        "1300: the program does not set this",
        "move it to add, or remove it",
    ),
    _of("the number of pods", "metrics.values.override.ingester.replicas", 5, "is a role's size", "telemetry:metrics."),
    _of(
        "a limit of a role",
        "traces.values.add.tempo.resources.limits.cpu",
        "2",
        "which capacity and alerts read in the settings",
        "set it at telemetry:traces.roles",
    ),
    _of(
        "a role's volume",
        "metrics.values.override.ingester.persistentVolume.size",
        "9Gi",
        "is a role's size",
        "set it at telemetry:metrics.roles",
    ),
    _of(
        "another name",
        "metrics.values.add.fullnameOverride",
        "ours",
        "go by the program's names",
        "remove it",
    ),
    _of(
        "another port",
        "metrics.values.add.mimir.structuredConfig.server.http_listen_port",
        8081,
        "go by the program's ports",
        "remove it",
    ),
    _of(
        "a password by name",
        "metrics.values.add.mimir.structuredConfig.memberlist.password",
        PASSWORD,
        "is or holds a secret",
        "put it into a Secret",
    ),
    _of(
        "a password in a variable",
        "metrics.values.add.ingester.env",
        [{"name": "DB_PASSWORD", "value": PASSWORD}],
        "is or holds a secret",
        "put it into a Secret",
    ),
    _of(
        "a password in an address",
        "metrics.values.add.mimir.structuredConfig.ruler.alertmanager_url",
        f"http://me:{PASSWORD}@alerts",
        "is or holds a secret",
        "put it into a Secret",
    ),
    _of(
        "a mistyped secret",
        "metrics.values.add.existing.token",
        PASSWORD,
        "is or holds a secret",
        "put it into a Secret",
    ),
    Bad(
        "values: of the release that is moved away from",
        MOVING,
        "traces.moving_from.values.add.persistance.annotations.a",
        "unknown to the chart tempo 2.2.4 (did you mean persistence.annotations?)",
        "correct or remove it",
        "prod",
    ),
    at("values: neither added nor overridden", "metrics.values.ingester", {}, "known here: add, override", "remove it"),
    at(
        "values: of a collector that somebody else deploys",
        "collector",
        {"values": {"add": {"alloy": {"hostAliases": []}}}},
        "deploy: daemon-set",
        "remove them",
    )._replace(path="collector.values"),
]
