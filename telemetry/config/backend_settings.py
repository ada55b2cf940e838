"""What the settings of several backends have in common: validators of their fields, and checks of the whole."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from pydantic import BeforeValidator, ValidationInfo

from telemetry.config.base import SettingError, Settings
from telemetry.config.metadata import Annotations, Labels
from telemetry.config.placement import Placement
from telemetry.config.policy import Policy
from telemetry.config.presets import Presets, sized
from telemetry.config.quantities import duration_text
from telemetry.config.role_policy import check_policy, filled
from telemetry.config.role_spec import RoleTable, check_choice, expand
from telemetry.config.roles import Role

MetaRoles = Mapping[str, set[str]]
"""Names that stand for several roles, such as `all`."""
SINGLE = "all"
"""The role of a binary that is every role at once."""


class Section(Protocol):
    """What the section of every backend has."""

    @property
    def placement(self) -> Placement:
        """Where its pods may run."""

    @property
    def labels(self) -> Labels:
        """Labels of its objects and pods, beside those of the stack."""

    @property
    def annotations(self) -> Annotations:
        """Annotations of its objects and pods, beside those of the stack."""

    @property
    def retention(self) -> int:
        """Seconds for which data is kept."""

    @property
    def buckets(self) -> Settings:
        """Purposes of its buckets, by use."""


def check_enabled(roles: RoleTable, meta: MetaRoles) -> Callable[[list[str]], list[str]]:
    """Return a validator of `enabled_roles`."""
    return lambda names: check_choice(names, roles, meta)


def fill_roles(
    tables: Mapping[str, RoleTable], meta: MetaRoles | None = None, presets: Presets | None = None
) -> BeforeValidator:
    """Return a validator of `roles` that fills in what was left out of those that run.

    Args:
        tables: the roles that there are, by topology.
        meta: what a role may be called in `enabled_roles`; None: there is no such key, nor `total`, and all run.
        presets: what `preset` may choose in place of the tables' figures.
    """
    needed = {"enabled_roles", "total"} if meta is not None else set[str]()

    def fill(given: object, info: ValidationInfo) -> object:
        table = _table(tables, info)
        if table is None or not needed <= info.data.keys():
            return {}  # one of them is refused already
        table = sized(table, presets or {}, info.data.get("preset"))
        if meta is None or table.keys() == {SINGLE}:
            return filled(given, table, table, info.data.get("total"))
        return filled(given, table, expand(info.data["enabled_roles"], table, meta), info.data["total"])

    names = tuple(dict.fromkeys(name for table in tables.values() for name in table))
    return BeforeValidator(fill, json_schema_input_type=dict[Literal[names], Role])  # type: ignore[valid-type]


def check_roles(tables: Mapping[str, RoleTable]) -> Callable[[dict[str, Role], ValidationInfo], dict[str, Role]]:
    """Return a validator of `roles` that holds them against the resource policy."""

    def check(roles: dict[str, Role], info: ValidationInfo) -> dict[str, Role]:
        table = _table(tables, info)
        return roles if table is None else check_policy(roles, table, _policy(info))

    return check


def check_retention(retention: int, *, least: int, why: str) -> None:
    """Refuse a retention that is too short for how the backend compacts (SettingError)."""
    if retention < least:
        raise SettingError("retention", f"below the compactor's minimum of {duration_text(least)} ({why}); raise it")


def check_single_binary(topology: str, roles: Mapping[str, Role], why: str) -> None:
    """Refuse several replicas of a binary that is every role at once (SettingError)."""
    if topology == "monolithic" and roles[SINGLE].replicas != 1:
        raise SettingError(f"roles.{SINGLE}.replicas", f"{why}; set it to 1")


def check_preset(topology: str, preset: str | None) -> None:
    """Refuse sizes of roles that run apart where one binary is all of them (SettingError)."""
    if preset is not None and topology == "monolithic":
        raise SettingError(
            "preset",
            "sizes roles that run apart, and the single binary is all of them; set topology: distributed, or "
            f"size roles.{SINGLE} and remove it",
        )


def check_buckets(buckets: Settings, why: str = "") -> None:
    """Refuse two purposes of one name (SettingError); `why` follows a comma."""
    names: dict[str, str] = buckets.model_dump()
    for purpose, name in names.items():
        twins = [other for other, its_name in names.items() if its_name == name and other != purpose]
        if twins:
            raise SettingError(twins[0], f"would share the bucket of {purpose}{why}; give each its own")


def _policy(info: ValidationInfo) -> Policy:
    """Return the stack's resource policy, which `section_of` hands down; the default where it is refused already."""
    policy = (info.context or {}).get("policy")
    return policy if isinstance(policy, Policy) else Policy()


def _table(tables: Mapping[str, RoleTable], info: ValidationInfo) -> RoleTable | None:
    """Return the table of the topology that is set; None where that is refused already."""
    if len(tables) == 1:
        return next(iter(tables.values()))
    topology = info.data.get("topology")
    return None if topology is None else tables[topology]
