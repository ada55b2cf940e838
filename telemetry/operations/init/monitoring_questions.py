"""Questions about what watches the platform: who scrapes it, where rules go, what Grafana shows, who is told."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from telemetry.operations.init.question import (
    Question,
    Situation,
    Tree,
    has,
    is_said,
    place,
    put,
    secret,
    secrets_like,
    value_at,
    words,
)

_NONE = "none"
_RECEIVERS = {"slack": "The address of Slack's incoming webhook", "pagerduty": "PagerDuty's routing key"}
"""Whoever is told with a secret, and what that is."""


def _offered(kind: str, choice: str) -> Callable[[Situation], Iterable[str]]:
    """Return what the cluster's Prometheus operator makes likely, and none beside it: nobody is to get it unasked."""
    return lambda now: (choice, "none") if now.cluster and kind in now.cluster.operator_kinds else ()


def _put_alerting(settings: Tree, key: str, names: Iterable[str]) -> None:
    """Write receivers, the first of whom is told of everything; the program says what is no such way."""
    told = [(way, {"url": url} if url else {}) for way, _, url in (name.partition("=") for name in names)]
    put(
        settings,
        key,
        {"receiver": told[0][0], "receivers": [{"name": way, way: how} for way, how in told]},
    )


def _put_receivers_place(settings: Tree, key: str, where: Tree) -> None:
    ports = {_port(each) for each in value_at(settings, "alerting.receivers") or ()}
    put(settings, key, {**where, "ports": sorted(ports)})


def _port(receiver: Tree) -> int:
    address = urlsplit(value_at(receiver, "webhook.url") or "https://")
    return address.port or (80 if address.scheme == "http" else 443)


def _tells(way: str) -> Callable[[Situation], bool]:
    return lambda now: any(way in each for each in value_at(now.settings, "alerting.receivers") or ())


def _needs_credential(way: str) -> Callable[[Situation], bool]:
    """Return whether somebody is told so whose secret is in no Secret."""
    return lambda now: any(
        way in each and "secret" not in each for each in value_at(now.settings, "alerting.receivers") or ()
    )


def _put_receiver_secret(settings: Tree, key: str, named: Tree) -> None:
    way = key.rpartition(".")[2]
    for receiver in value_at(settings, "alerting.receivers") or ():
        if way in receiver:
            receiver["secret"] = named


def _offered_secrets(way: str) -> Callable[[Situation], Iterable[str]]:
    """Return the namespace's Secrets after `none`: nobody is told with one unasked."""
    return lambda now: [_NONE, *secrets_like(way, "alert")(now)]


def _secret_or_none(text: str) -> Tree | None:
    return None if text == _NONE else secret("key")(text)


def _asks_for_a_tenant(now: Situation) -> bool:
    needs = "dashboards" in now.settings or value_at(now.settings, "monitoring.rules") == "ruler"
    return needs and bool(now.settings.get("tenants"))


MONITORING: tuple[Question, ...] = (
    Question(
        key="monitoring.scrape",
        text="Who scrapes the platform itself: operator (a Prometheus operator, by PodMonitors), annotations (a "
        "Prometheus that finds pods by them), none",
        found=_offered("PodMonitor", "operator"),
    ),
    Question(
        key="monitoring.rules",
        text="Where its alerts and recording rules go: prometheus-rule (objects of a Prometheus operator), ruler "
        "(that of telemetry:metrics), none",
        found=_offered("PrometheusRule", "prometheus-rule"),
    ),
    Question(
        key="dashboards.folder",
        text="The folder in Grafana for dashboards of the platform, such as Telemetry platform; none: there are none",
    ),
    Question(
        key="monitoring.tenant",
        text="The tenant in whose metrics the platform's own are; none: another Prometheus has them",
        applies=_asks_for_a_tenant,
        found=lambda now: (
            [each["id"] for each in now.settings["tenants"]]
            if value_at(now.settings, "monitoring.rules") == "ruler"
            else ()
        ),
    ),
    Question(
        key="dashboards.datasource",
        text="The uid in Grafana of the Prometheus that has the platform's own metrics; none: telemetry:metrics has",
        applies=has("dashboards"),
    ),
    Question(
        key="alerting",
        text="Who is told of alerts, the first of everything: slack, pagerduty, webhook=https://…; none: nobody",
        read=words,
        put=_put_alerting,
    ),
    Question(
        key="security.alert_receivers",
        text="The addresses that these are called at, such as 203.0.113.0/24; 0.0.0.0/0 is all",
        applies=is_said("security.alert_receivers"),
        read=place,
        put=_put_receivers_place,
    ),
    *(
        Question(
            key=f"alerting.secret.{way}",
            text=f"The Secret that has it already ({what}), as name:key; none: the program is given it",
            applies=_tells(way),
            found=_offered_secrets(way),
            read=_secret_or_none,
            put=_put_receiver_secret,
        )
        for way, what in _RECEIVERS.items()
    ),
    *(
        Question(
            key=f"credentials.alerting.{way}",
            text=what,
            applies=_needs_credential(way),
            secret=True,
        )
        for way, what in _RECEIVERS.items()
    ),
)
