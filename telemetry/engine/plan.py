"""Reads the plan that `pulumi preview --save-plan` writes; secrets in it are ciphertext.

Unlike an import, which asks the provider what a thing looks like, it has the program's own inputs: names of Secrets'
keys, what no system tells anybody (a datasource's headers), parents, protection and the order of things.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.engine.marks import SECRET_KIND, SPECIAL_KEY, UNKNOWN_MARK
from telemetry.engine.state import Deployment, Resource, identifier
from telemetry.engine.urn import RELEASE_TYPE, provider_urn

DASHBOARD_TYPE = "grafana:oss/dashboard:Dashboard"


@dataclass(frozen=True)
class Planned:
    """A resource that the program wants and the state does not know."""

    urn: str
    goal: Mapping[str, Any]
    outputs: Mapping[str, Any]
    """What it would be once it was made, as far as that is known."""

    @property
    def type(self) -> str:
        """Pulumi's name of its type."""
        return str(self.goal["type"])

    @property
    def inputs(self) -> dict[str, Any]:
        """What the provider would be asked for."""
        return dict(self.goal["inputDiff"].get("adds") or {})

    @property
    def resource(self) -> Resource:
        """Type and inputs, for whoever takes resources."""
        return {"urn": self.urn, "type": self.type, "inputs": self.inputs}

    @property
    def id(self) -> str | None:
        """The id that its provider would give it; None where that cannot be told."""
        if holds(self.inputs, UNKNOWN_MARK):
            return None
        if self.type == RELEASE_TYPE:
            return f"{self.inputs['namespace']}/{self.inputs['name']}"
        if self.type == DASHBOARD_TYPE:
            return str(json.loads(self.inputs["configJson"])["uid"])
        return identifier(self.resource)

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider: a matter between the engine and the program."""
        return self.type.startswith("pulumi:providers:")

    @property
    def exists_outside(self) -> bool:
        """Whether it is something in a system, and not only in the state as providers and components are."""
        return bool(self.goal["custom"]) and not self.is_provider

    @property
    def neighbours(self) -> Iterator[str]:
        """The URNs of what the state must hold for it to stand there: its parent and its provider."""
        if self.goal.get("parent"):
            yield self.goal["parent"]
        if self.goal.get("provider"):
            yield provider_urn(self.goal["provider"])


def unknown_to(deployment: Deployment, plan: Mapping[str, Any]) -> dict[str, Planned]:
    """Return the resources that a plan creates and a state does not have, by URN."""
    in_state = {each["urn"] for each in deployment.get("resources") or ()}
    return {
        urn: Planned(urn, each["goal"], each.get("state") or {})
        for urn, each in plan["resourcePlans"].items()
        if each.get("goal") and each.get("steps") == ["create"] and urn not in in_state
    }


def holds(value: object, text: str) -> bool:
    """Whether a text is in a tree of values, as a key or a value of its own."""
    if isinstance(value, Mapping):
        return text in value or any(holds(each, text) for each in value.values())
    if isinstance(value, list):
        return any(holds(each, text) for each in value)
    return value == text


def holds_secret(value: object) -> bool:
    """Whether anything in a tree of values is secret."""
    return holds(value, SPECIAL_KEY)


def secret(value: object) -> dict[str, str]:
    """Return a value as a state that is imported may hold a secret: the engine encrypts it."""
    return {SPECIAL_KEY: SECRET_KIND, "plaintext": json.dumps(value)}
