"""Who is told of alerts, when, and of which: receivers and routes, in the terms of Prometheus' Alertmanager."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.addresses import ExactUrl, is_server
from telemetry.config.base import Line, SettingError, Settings, below, did_you_mean
from telemetry.config.existing_secrets import CredentialSecret
from telemetry.config.monitoring import MetricLabel
from telemetry.config.network import PortNumber
from telemetry.config.quantities import Duration, duration_text
from telemetry.config.trust import Pem

_HTTPS = 443


def _check_server(value: str) -> str:
    if not is_server(value) or urlsplit(f"//{value}").port is None:
        raise ValueError("not a server with its port; write it such as smtp.example.org:587")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""What a receiver or a mute time is called: lower-case letters, digits, hyphens."""
Address = Annotated[str, Field(pattern=r"^[^@\s,<>\"]+@[^@\s,<>\"]+$", max_length=254)]
"""A mail address, without a name beside it."""
Server = Annotated[str, AfterValidator(_check_server)]
"""`host:port`; an IPv6 address is in brackets."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _check_hours(value: str) -> str:
    begin, _, end = value.partition("-")
    if not begin < end <= "24:00":
        raise ValueError("must end after it begins, on the same day; write a night as [22:00-24:00, 00:00-06:00]")
    return value


Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"),
                  AfterValidator(_check_hours)]  # fmt: skip
"""A part of a day, `22:00-24:00`; the end is not part of it."""


def _check_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"is no time zone{did_you_mean(value, available_timezones())}; write it such as Europe/Zurich")
    return value


class _Kind(Settings):
    authority: Pem | None = Field(
        default=None, description="PEM of the authority to trust there; none is the public ones."
    )


class Email(_Kind):
    """A message by SMTP, never without TLS."""

    to: list[Address] = Field(min_length=1, description="Who gets it.")
    sender: Address = Field(description="Whom it is from.")
    server: Server = Field(
        description="`host:port` of the mail server. On port 465 TLS comes first; on any other the server must offer "
        "STARTTLS."
    )
    user: Line | None = Field(
        default=None, description="As whom to log in, with the credential as password; none: no login."
    )


class Slack(_Kind):
    """A message to an incoming webhook of Slack, or of what is compatible with it; its address is the credential."""

    channel: Line | None = Field(default=None, description="Channel; none is the webhook's own.")
    port: PortNumber = Field(default=_HTTPS, description="The port of the webhook's address, for the NetworkPolicies.")


class PagerDuty(_Kind):
    """An event for PagerDuty's Events API v2, or for what is compatible with it; the routing key is the credential."""

    url: ExactUrl = Field(default="https://events.pagerduty.com/v2/enqueue", description="Where events go.")


class Webhook(_Kind):
    """A POST of Alertmanager's own JSON."""

    url: ExactUrl = Field(description="Where it goes.")
    bearer_token: bool = Field(default=False, description="Whether the credential is sent with it, as a bearer token.")


class Receiver(Settings):
    """Somebody who is told, in exactly one way."""

    name: Name = Field(description="What routes call it; reports name it.")
    email: Email | None = Field(default=None, description="By mail.")
    slack: Slack | None = Field(default=None, description="By Slack, Mattermost and the like.")
    pagerduty: PagerDuty | None = Field(default=None, description="By a pager.")
    webhook: Webhook | None = Field(default=None, description="By a program of yours.")
    secret: CredentialSecret | None = Field(
        default=None,
        description="A Secret with its credential; none: telemetry:credentials.alerting has it under the name.",
    )
    resolved: bool = Field(default=True, description="Whether it is also told that an alert is over.")

    @model_validator(mode="after")
    def _is_told_in_one_way(self) -> Self:
        given = [name for name in ("email", "slack", "pagerduty", "webhook") if getattr(self, name) is not None]
        if len(given) != 1:
            said = f"has {' and '.join(given)}" if given else "has none of them"
            raise SettingError(
                "name", f"{self.name} {said}; give each receiver one of email, slack, pagerduty, webhook"
            )
        if self.secret is not None and not self.has_credential:
            raise SettingError("secret", f"is not used by {self.name}; remove it, or set email.user or bearer_token")
        return self

    @property
    def kind(self) -> Email | Slack | PagerDuty | Webhook:
        """How it is told."""
        (kind,) = (each for each in (self.email, self.slack, self.pagerduty, self.webhook) if each is not None)
        return kind

    @property
    def has_credential(self) -> bool:
        """Whether it needs a credential."""
        if self.email is not None:
            return self.email.user is not None
        return self.webhook is None or self.webhook.bearer_token

    @property
    def host(self) -> str | None:
        """The host that is called; None where only the credential says it."""
        if self.email is not None:
            return urlsplit(f"//{self.email.server}").hostname
        return None if self.slack is not None else urlsplit(self._url).hostname

    @property
    def port(self) -> int:
        """The port that is called."""
        if self.email is not None:
            return int(self.email.server.rpartition(":")[2])
        if self.slack is not None:
            return self.slack.port
        parts = urlsplit(self._url)
        return parts.port or {"http": 80, "https": _HTTPS}[parts.scheme.lower()]

    @property
    def _url(self) -> str:
        return getattr(self.kind, "url", "")


class MuteTime(Settings):
    """A time at which nobody is told: all that is said must hold."""

    weekdays: list[Weekday] = Field(default_factory=list, description="Days of the week; none is all of them.")
    hours: list[Hours] = Field(default_factory=list, description="Parts of these days; none is all of them.")
    zone: Annotated[str, AfterValidator(_check_zone)] = Field(
        default="UTC", description="The time zone of days and hours, such as Europe/Zurich."
    )

    @model_validator(mode="after")
    def _is_not_always(self) -> Self:
        if not (self.weekdays or self.hours):
            raise SettingError("weekdays", "is not set, and neither is hours, so nobody would ever be told; set one")
        return self


class Route(Settings):
    """Which alerts a receiver is told of: those to which all that is said applies."""

    receiver: Name = Field(description="Who is told.")
    severities: list[Literal["page", "ticket"]] = Field(
        default_factory=list, description="How urgent they are, as monitoring.severities has it; none is any."
    )
    namespaces: list[str] = Field(default_factory=list, description="Values of their label `namespace`; none is any.")
    tenants: list[str] = Field(
        default_factory=list, description="The tenants that they are about (label `tenant`); none is any, or none."
    )
    labels: dict[MetricLabel, str] = Field(default_factory=dict, description="Other labels that they must have.")
    mute: list[Name] = Field(default_factory=list, description="Mute times at which it is not told.")
    proceed: bool = Field(
        default=False, description="Whether routes below this one are asked too (Alertmanager's `continue`)."
    )


class Inhibition(Settings):
    """Alerts of which nobody is told while another one fires."""

    source: dict[MetricLabel, str] = Field(min_length=1, description="Labels of the one that fires.")
    target: dict[MetricLabel, str] = Field(min_length=1, description="Labels of those that are held back.")
    equal: list[MetricLabel] = Field(
        default=["namespace"], description="Labels in which both must be the same; a missing one is the same as empty."
    )


class Alerting(Settings):
    """Who is told of alerts (docs/monitoring.md, 'Who is told')."""

    receivers: list[Receiver] = Field(min_length=1, description="All who may be told.")
    receiver: Name = Field(description="Who is told of what no route takes.")
    routes: list[Route] = Field(default_factory=list, description="Who is told of what: the first that fits.")
    group_by: list[MetricLabel] = Field(
        default=["alertname", "namespace"], description="Alerts that have these labels in common make one message."
    )
    group_wait: int = Field(
        default=30, ge=0, le=3_600, description="Seconds that the first alert of a group waits for others."
    )
    group_interval: int = Field(
        default=300, ge=1, le=86_400, description="Seconds between two messages of a group to which alerts were added."
    )
    repeat_interval: Duration = Field(
        default=4 * 3_600, le=5 * 86_400,
        description="After which a group that still fires is told again. At most 5d: so long it is known who was told.",
    )  # fmt: skip
    mute_times: dict[Name, MuteTime] = Field(default_factory=dict, description="Times that routes name, by name.")
    inhibitions: list[Inhibition] = Field(
        default_factory=list,
        description="What holds others back, beside this: while an error budget pages, its ticket tells nobody.",
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = [each.name for each in self.receivers]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise SettingError(f"receivers.{index}.name", f"{name} is another receiver's too; rename one of them")
        _check_known("receiver", [self.receiver], names, "receiver")
        for index, route in enumerate(self.routes):
            with below(f"routes.{index}"):
                _check_known("receiver", [route.receiver], names, "receiver")
                _check_known("mute", route.mute, list(self.mute_times), "mute time")
        return self

    @model_validator(mode="after")
    def _repeats_with_groups(self) -> Self:
        if self.repeat_interval < self.group_interval:
            raise SettingError(
                "repeat_interval",
                f"{duration_text(self.repeat_interval)} is shorter than group_interval ({self.group_interval} s), at "
                "which alone messages are sent again; raise it",
            )
        return self


def _check_known(key: str, given: Iterable[str], names: list[str], what: str) -> None:
    for each in given:
        if each not in names:
            raise SettingError(
                key, f"{each} is no {what} of this stack{did_you_mean(each, names)}; correct it, or add it"
            )
