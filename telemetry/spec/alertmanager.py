"""Alertmanager's configuration, as every Alertmanager of Prometheus' format takes it, and the files that it names.

No secret is in it: each credential is a file, which is read anew for each message (`*_file` in Alertmanager's words).
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from telemetry.config.alerting import Alerting, Email, Inhibition, MuteTime, PagerDuty, Receiver, Route, Slack, Webhook
from telemetry.config.monitoring import Severities
from telemetry.config.quantities import duration_text
from telemetry.spec.values.common import Values

SECRET = "telemetry-alerting"  # noqa: S105 - a Secret's name
"""The Secret that the program makes of telemetry:credentials.alerting: a key for each receiver."""
FOLDER = "/etc/telemetry-alerting"
"""Where an Alertmanager finds the credentials: a file for each receiver, called after it."""

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
"""What stands for something else in a regular expression."""
_TITLE = (
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] '
    "{{ .CommonLabels.alertname }}{{ with .CommonLabels.environment }} ({{ . }}){{ end }}"
)
_TEXT = """{{ range .Alerts }}{{ .Status | toUpper }} {{ .Labels.severity }}: {{ .Annotations.summary }}
{{ .Annotations.description }}
{{ with .Labels.namespace }}Namespace: {{ . }}
{{ end }}{{ with .Annotations.runbook_url }}Runbook: {{ . }}
{{ end }}
{{ end }}"""
_RUNBOOK = "{{ .CommonAnnotations.runbook_url }}"
_OTHERWISE = (
    '{{ else if match "^(critical|error|warning|info)$" .CommonLabels.severity }}{{ .CommonLabels.severity }}'
    "{{ else }}warning{{ end }}"
)
"""The rest of a severity that is not the one of pages: as it stands where PagerDuty knows the word, else `warning`."""


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such, so that a preview shows which line changes."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        """Return how a text is written."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def configuration(alerting: Alerting, severities: Severities) -> str:
    """Return the configuration in YAML."""
    whole = {
        "route": {
            "receiver": alerting.receiver,
            "group_by": alerting.group_by,
            "group_wait": f"{alerting.group_wait}s",
            "group_interval": f"{alerting.group_interval}s",
            "repeat_interval": duration_text(alerting.repeat_interval),
            "routes": [_route(each, severities) for each in alerting.routes],
        },
        "receivers": [_receiver(each, severities) for each in alerting.receivers],
        "inhibit_rules": [_of_budgets(severities), *(_inhibition(each) for each in alerting.inhibitions)],
        "time_intervals": [
            {"name": name, "time_intervals": [_mute_time(each)]} for name, each in alerting.mute_times.items()
        ],
    }
    return _written(json.dumps(whole))


@cache
def _written(configuration: str) -> str:
    """Return it, given as JSON, in YAML: values are rendered many times in a run, and PyYAML takes its time."""
    return yaml.dump(json.loads(configuration), Dumper=_Dumper, sort_keys=False, width=10_000)


def made_here(alerting: Alerting) -> tuple[str, ...]:
    """Return the receivers whose credentials stand in telemetry:credentials, and so go into SECRET."""
    return tuple(each.name for each in alerting.receivers if each.has_credential and each.secret is None)


def volume(alerting: Alerting) -> Values | None:
    """Return the volume with all credentials, for a pod that mounts it at FOLDER; None without any."""
    ours = [{"secret": {"name": SECRET}}] if made_here(alerting) else []
    theirs = [
        {"secret": {"name": each.secret.name, "items": [{"key": each.secret.key, "path": each.name}]}}
        for each in alerting.receivers
        if each.secret is not None
    ]
    return {"name": SECRET, "projected": {"sources": [*ours, *theirs]}} if ours or theirs else None


def mount() -> Values:
    """Return where that volume goes."""
    return {"name": SECRET, "mountPath": FOLDER, "readOnly": True}


def who_is_told(alerting: Alerting) -> str:
    """Return who is told of what, in a line and without a credential."""
    routes = (f"{each.receiver} ({_what(each)})" for each in alerting.routes)
    return ", ".join([*routes, f"{alerting.receiver} (all else)"])


def _what(route: Route) -> str:
    asked: dict[str, Sequence[str]] = {
        "severity": route.severities,
        "namespace": route.namespaces,
        "tenant": route.tenants,
    }
    given = [f"{name} {' or '.join(values)}" for name, values in asked.items() if values]
    return ", ".join([*given, *(f"{name} {value}" for name, value in route.labels.items())]) or "everything"


def _route(route: Route, severities: Severities) -> dict[str, Any]:
    asked = {
        "severity": [getattr(severities, each) for each in route.severities],
        "namespace": route.namespaces,
        "tenant": route.tenants,
        **{name: [value] for name, value in route.labels.items()},
    }
    made: dict[str, Any] = {
        "receiver": route.receiver,
        "matchers": [_matcher(name, values) for name, values in asked.items() if values],
    }
    if route.mute:
        made["mute_time_intervals"] = route.mute
    return {**made, "continue": True} if route.proceed else made


def _matcher(label: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"{label}={json.dumps(values[0])}"
    plain = (_SPECIAL.sub(r"\\\g<0>", each) for each in values)
    return f"{label}=~{json.dumps('|'.join(plain))}"


def _of_budgets(severities: Severities) -> dict[str, Any]:
    """Return what holds the ticket of an error budget back while the same budget pages."""
    return {
        "source_matchers": [_matcher("severity", [severities.page]), 'slo=~".+"'],
        "target_matchers": [_matcher("severity", [severities.ticket])],
        "equal": ["namespace", "slo"],
    }


def _inhibition(inhibition: Inhibition) -> dict[str, Any]:
    source, target = (
        [_matcher(name, [value]) for name, value in labels.items()] for labels in (inhibition.source, inhibition.target)
    )
    return {"source_matchers": source, "target_matchers": target, "equal": inhibition.equal}


def _mute_time(mute: MuteTime) -> dict[str, Any]:
    parts = [each.split("-") for each in mute.hours]
    return {
        **({"weekdays": mute.weekdays} if mute.weekdays else {}),
        **({"times": [{"start_time": begin, "end_time": end} for begin, end in parts]} if parts else {}),
        "location": mute.zone,
    }


def _receiver(receiver: Receiver, severities: Severities) -> dict[str, Any]:
    kind, file = receiver.kind, f"{FOLDER}/{receiver.name}"
    match kind:
        case Email():
            name, made = "email", _email(kind, file)
        case Slack():
            name, made = "slack", _slack(kind, file)
        case PagerDuty():
            name, made = "pagerduty", _pagerduty(kind, file, severities)
        case Webhook():
            name, made = "webhook", _webhook(kind, file)
    return {"name": receiver.name, f"{name}_configs": [{**made, "send_resolved": receiver.resolved}]}


def _email(email: Email, file: str) -> dict[str, Any]:
    login = {"auth_username": email.user, "auth_password_file": file} if email.user is not None else {}
    return {
        "to": ", ".join(email.to),
        "from": email.sender,
        "smarthost": email.server,
        **login,
        "require_tls": True,
        **_tls(email.authority),
        "headers": {"Subject": _TITLE},
        "html": "",
        "text": _TEXT,
    }


def _slack(slack: Slack, file: str) -> dict[str, Any]:
    channel = {"channel": slack.channel} if slack.channel is not None else {}
    return {"api_url_file": file, **channel, **_http(slack.authority), "title": _TITLE, "text": _TEXT}


def _pagerduty(pager: PagerDuty, file: str, severities: Severities) -> dict[str, Any]:
    """Return how PagerDuty is told. It refuses an event with a severity that it has no word for.

    Source: https://developer.pagerduty.com/docs/send-alert-event
    """
    runbook, page = [{"href": _RUNBOOK, "text": "Runbook"}], json.dumps(severities.page)
    return {
        "routing_key_file": file,
        "url": pager.url,
        **_http(pager.authority),
        "severity": f"{{{{ if eq .CommonLabels.severity {page} }}}}critical{_OTHERWISE}",
        "description": _TITLE,
        "details": {"text": _TEXT},
        "links": runbook,
    }


def _webhook(webhook: Webhook, file: str) -> dict[str, Any]:
    token = {"authorization": {"type": "Bearer", "credentials_file": file}} if webhook.bearer_token else {}
    return {"url": webhook.url, **_http(webhook.authority, token)}


def _http(authority: str | None, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    settings = {**(more or {}), **_tls(authority)}
    return {"http_config": settings} if settings else {}


def _tls(authority: str | None) -> dict[str, Any]:
    return {"tls_config": {"ca": authority}} if authority is not None else {}
