"""Finds what exists and is missing from the state, and adds it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.config.connections import Kubernetes
from telemetry.config.targets import make
from telemetry.engine.plan import Planned, unknown_to
from telemetry.engine.preview import steps
from telemetry.engine.state import Deployment
from telemetry.engine.urn import kind_of, name_of
from telemetry.operations.adopt.errors import AdoptError, explained
from telemetry.operations.adopt.plan import plan_of
from telemetry.operations.adopt.state import Here, adopted
from telemetry.operations.adopt.systems import Foreign, SystemOf, look_up


@dataclass(frozen=True)
class AdoptionRow:
    """One thing that exists and that the state does not know."""

    kind: str
    id: str
    will: str
    refused: bool = False


@dataclass(frozen=True)
class AdoptionPlan:
    """What can be taken into the state, and what cannot."""

    planned: Mapping[str, Planned] = field(default_factory=dict)
    here: Mapping[str, Here] = field(default_factory=dict)
    foreign: Mapping[str, Foreign] = field(default_factory=dict)

    @property
    def rows(self) -> list[AdoptionRow]:
        """The plan in words: what is adopted, then what is refused."""
        taken = [AdoptionRow(kind_of(urn), each.id, "take it into the state") for urn, each in self.here.items()]
        refused = [
            AdoptionRow(
                kind_of(urn), self.planned[urn].id or name_of(urn), f"nothing: {each.why}. {each.remedy}", refused=True
            )
            for urn, each in self.foreign.items()
        ]
        return [*sorted(taken, key=_order), *sorted(refused, key=_order)]


@dataclass(frozen=True)
class Adoption:
    """Finds and adopts what exists of one stack."""

    pulumi: Pulumi
    kubernetes: Kubernetes
    """How the program reaches the cluster."""
    systems: Callable[[], SystemOf]
    """Connects to the systems that are asked."""

    def find(self) -> AdoptionPlan:
        """Look, and change nothing.

        Raises:
            AdoptError: a system does not say what it has, or a run was killed and has to be cleared up first.
            ToolError: pulumi failed.
        """
        planned = unknown_to(self._export()["deployment"], plan_of(self.pulumi, self.kubernetes))
        found = look_up(planned.values(), self.systems())
        return AdoptionPlan(
            planned,
            {urn: each for urn, each in found.items() if isinstance(each, Here)},
            {urn: each for urn, each in found.items() if isinstance(each, Foreign)},
        )

    def carry_out(self, plan: AdoptionPlan) -> Iterator[str]:
        """Take in what was found, bring the whole state in line with what is there, and tell of it.

        Raises:
            AdoptError, ToolError: as above; looking again shows what is left.
        """
        exported = self._export()
        if not exported["deployment"].get("secrets_providers"):
            # An empty copy does not say how secrets are encrypted, and ours are; any run of the engine writes it down.
            self.pulumi.run("refresh", "--yes", "--skip-preview")
            exported = self._export()
        after = adopted(exported["deployment"], plan.planned, plan.here)
        self.pulumi.run("stack import", stdin=json.dumps({**exported, "deployment": after}))
        # Of the whole state: one that lacks something is not to be trusted in the rest.
        self.pulumi.run("refresh", "--yes", "--skip-preview")
        there = {each["urn"] for each in self._export()["deployment"].get("resources") or ()}
        gone = [f"{kind_of(urn)} {each.id}" for urn, each in plan.here.items() if urn not in there]
        yield f"adopted {len(plan.here) - len(gone)}"
        yield from (f"{each} went away meanwhile" for each in gone)

    def ahead(self) -> dict[str, list[str]]:
        """Return what the next `up` would do, by operation; resources that it leaves alone are not among them."""
        found: dict[str, list[str]] = {}
        for step in steps(self.pulumi.json("preview", "--json")):
            if step.action != "same":
                found.setdefault(step.action, []).append(step.name)
        return found

    def _export(self) -> dict[str, Deployment]:
        try:
            exported: dict[str, Deployment] = self.pulumi.json("stack export")
        except ToolError as error:
            raise explained(error, self.pulumi.stack) from error
        deployment = exported.get("deployment") or {}
        if deployment.get("pending_operations"):
            raise AdoptError(f"a run was killed while it worked; first: {make('repair', self.pulumi.stack)}")
        return {**exported, "deployment": deployment}


def _order(row: AdoptionRow) -> tuple[str, str]:
    return row.kind, row.id
