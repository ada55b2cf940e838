"""Bad inputs for receivers of alerts and their routes, and what is said of them."""

from copy import deepcopy
from typing import Any

from tests import support
from tests.support import Change, all_of, drop, put, with_alerting
from tests.unit.bad_inputs import Bad

MAIL, CHAT, PAGER, PROGRAM = support.ALERTING["receivers"]


def _of(name: str, where: str, value: Any, path: str, allowed: str, mend: str) -> Bad:
    """Return the case of one value in an otherwise good `alerting`; numbers in `where` are of lists."""
    return Bad(f"alerting: {name}", all_of(with_alerting, _at(where, value)), path, allowed, mend)


def _at(where: str, value: Any) -> Change:
    def change(settings: Any) -> None:
        *parents, last = where.split(".")
        for parent in parents:
            settings = settings[int(parent) if isinstance(settings, list) else parent]
        settings[int(last) if isinstance(settings, list) else last] = deepcopy(value)

    return change


def _receiver(name: str, value: Any, below: str, allowed: str, mend: str) -> Bad:
    return _of(name, "alerting.receivers.0", value, f"alerting.receivers.0{below}", allowed, mend)


ALERTING = [
    _receiver("two ways", {**MAIL, "pagerduty": {}}, ".name", "has email and pagerduty", "give each receiver one of"),
    _receiver("no way", {"name": "mail"}, ".name", "has none of them", "give each receiver one of"),
    _receiver(
        "an idle Secret",
        {"name": "mail", "webhook": {"url": "https://a.example.org"}, "secret": {"name": "a", "key": "b"}},
        ".secret",
        "is not used by mail",
        "remove it, or set email.user or bearer_token",
    ),
    _of("nobody", "alerting.receivers", [], "alerting.receivers", "is empty", "set it with"),
    _of("a twin", "alerting.receivers.1.name", "mail", "alerting.receivers.1.name", "another receiver's", "rename one"),
    _of("no such receiver", "alerting.receiver", "mall", "alerting.receiver", "did you mean mail?", "correct it"),
    _of(
        "a route to nobody",
        "alerting.routes.1.receiver",
        "chart",
        "alerting.routes.1.receiver",
        "is no receiver of this stack (did you mean chat?)",
        "correct it",
    ),
    _of("no such mute time", "alerting.routes.1.mute", ["days"], "alerting.routes.1.mute", "no mute time", "or add it"),
    _of("no such tenant", "alerting.routes.0.tenants", ["a"], "alerting.routes.0.tenants", "no tenant", "correct it"),
    _of(
        "a night",
        "alerting.mute_times.nights.hours",
        ["22:00-06:00"],
        "alerting.mute_times.nights.hours.0",
        "must end after it begins",
        "[22:00-24:00, 00:00-06:00]",
    ),
    _of(
        "never told",
        "alerting.mute_times.nights",
        {},
        "alerting.mute_times.nights.weekdays",
        "nobody would ever be told",
        "set one",
    ),
    _of(
        "no such zone",
        "alerting.mute_times.nights.zone",
        "Europe/Zürich",
        "alerting.mute_times.nights.zone",
        "is no time zone",
        "such as Europe/Zurich",
    ),
    _of(
        "repeated before it is due",
        "alerting.repeat_interval",
        "1m",
        "alerting.repeat_interval",
        "shorter than group_interval (300 s)",
        "raise it",
    ),
    _of(
        "a mail server without a port",
        "alerting.receivers.0.email.server",
        "smtp.example.org",
        "alerting.receivers.0.email.server",
        "not a server with its port",
        "such as smtp.example.org:587",
    ),
    _of(
        "a mail server whose port is in other digits",
        "alerting.receivers.0.email.server",
        "smtp.example.org:\uff15\uff18\uff17",
        "alerting.receivers.0.email.server",
        "not a server with its port",
        "such as smtp.example.org:587",
    ),
    _of(
        "a closed port",
        "security.alert_receivers.ports",
        [443],
        "alerting.receivers.0",
        "called on port 587, and security.alert_receivers.ports has only 443",
        "add it there",
    ),
    _of(
        "a closed address",
        "alerting.receivers.3.webhook.url",
        "https://203.0.114.1/",
        "alerting.receivers.3",
        "203.0.114.1, which is in none of security.alert_receivers.cidrs",
        "add it there",
    ),
    Bad(
        "alerting: nowhere to go",
        all_of(with_alerting, drop("security.alert_receivers")),
        "security.alert_receivers",
        "NetworkPolicies let the alertmanager reach nobody",
        "ports: [443, 587]",
    ),
    Bad(
        "alerting: no credential",
        all_of(with_alerting, drop("credentials.alerting.chat")),
        "credentials.alerting.chat",
        "the receiver chat needs it",
        "pulumi config set -s dev --secret --path 'telemetry:credentials.alerting.chat'",
    ),
    Bad(
        "alerting: a name that is none",
        all_of(with_alerting, put("alerting.mute_times", {"Nights!": {"hours": ["22:00-24:00"]}})),
        "alerting.mute_times.Nights!",
        "not allowed; it must match",
        "^[a-z0-9]",
    ),
]
