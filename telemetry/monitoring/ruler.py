"""Mimir's ruler, through its HTTP API: what it has of ours, what is to change, and making it so.

The API is Mimir's own (`/prometheus/config/v1/rules`); all rules of a stack are in one namespace of it, which nobody
else should write to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import yaml

from telemetry.config.quantities import in_seconds

NAMESPACE = "telemetry"
_RULES = "/config/v1/rules"
_ABSENT = 404

Group = dict[str, Any]
Kind = Literal["add", "change", "remove", "keep"]


class RulerError(Exception):
    """The ruler does not do as it is asked; the message says what it said, and is meant for the user."""


@dataclass(frozen=True)
class Step:
    """What is to be done about one group."""

    kind: Kind
    name: str
    group: Group | None


class Ruler:
    """The rules of one tenant.

    Args:
        client: reaches the Prometheus API of Mimir (`…/prometheus`) with the headers that say who asks.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def groups(self) -> dict[str, Group]:
        """Return the groups that the ruler has, by name. Raises RulerError."""
        answer = self._ask("GET", f"{_RULES}/{NAMESPACE}")
        if answer.status_code == _ABSENT:
            return {}
        try:
            return {group["name"]: group for group in (yaml.safe_load(answer.text) or {}).get(NAMESPACE, [])}
        except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
            raise RulerError(
                f"{self._client.base_url} does not answer like Mimir's ruler; is it …/prometheus?"
            ) from error

    def take(self, step: Step) -> None:
        """Do one step. Raises RulerError."""
        if step.kind in ("add", "change"):
            body = yaml.safe_dump(step.group)
            self._ask("POST", f"{_RULES}/{NAMESPACE}", content=body, headers={"Content-Type": "application/yaml"})
        elif step.kind == "remove":
            self._ask("DELETE", f"{_RULES}/{NAMESPACE}/{step.name}")

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise RulerError(f"{self._client.base_url} cannot be reached ({error}); check --load") from error
        if answer.is_success or answer.status_code == _ABSENT:
            return answer
        raise RulerError(
            f"{method} {answer.url} was answered with {answer.status_code}: {answer.text.strip()[:300] or 'nothing'}; "
            "check the tenant, its token, and that the ruler runs"
        )


def steps(wanted: list[Group], present: Mapping[str, Group]) -> list[Step]:
    """Return what makes the ruler have exactly the wanted groups, those that are right already included."""
    names = [group["name"] for group in wanted]
    removed = [Step("remove", name, None) for name in present if name not in names]
    return [*(Step(_kind(group, present.get(group["name"])), group["name"], group) for group in wanted), *removed]


def _kind(wanted: Group, present: Group | None) -> Kind:
    if present is None:
        return "add"
    return "keep" if _normal(wanted) == _normal(present) else "change"


def _normal(group: Group) -> Group:
    """Return a group with its durations in seconds: Mimir writes 1d for 24h, and leaves out what is nothing."""
    rules = [
        {key: value for key, value in {**rule, "for": in_seconds(rule.get("for"))}.items() if value}
        for rule in group["rules"]
    ]
    return {"name": group["name"], "interval": in_seconds(group.get("interval")), "rules": rules}
