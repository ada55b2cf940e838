"""A total is split by the ratios of R35, and never given away twice."""

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.tempo.roles import TEMPO_ROLES
from telemetry.config.base import SettingError
from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.resources import Compute
from telemetry.config.role_policy import filled
from telemetry.config.role_spec import RoleTable
from tests.support import all_of, load_stack, put

MI, GI = 1 << 20, 1 << 30
RATIOS = {
    "distributor": (20, 15),
    "ingester": (35, 50),
    "querier": (20, 20),
    "query-frontend": (15, 10),
    "compactor": (10, 5),
}
"""CPU and memory, in percent."""
UNITS = {"cpu": 1, "memory": MI}
PARSE = {"cpu": parse_cpu, "memory": parse_bytes}

Given = dict[str, dict[str, Any]]


def given_roles(table: RoleTable) -> st.SearchStrategy[Given]:
    """Return roles of which some state their replicas, their CPU or their memory."""
    role = st.fixed_dictionaries(
        {},
        optional={
            "replicas": st.integers(1, 7),
            "cpu": st.integers(1, 3_000).map(cpu_text),
            "memory": st.integers(1, 8 * 1024).map(lambda mebibytes: bytes_text(mebibytes * MI)),
        },
    )
    return st.dictionaries(st.sampled_from(sorted(table)), role)


def totals() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(50, 40_000), st.integers(64, 160 * 1024).map(lambda mebibytes: mebibytes * MI))


def compute(total: tuple[int, int]) -> Compute:
    return Compute(cpu=cpu_text(total[0]), memory=bytes_text(total[1]))  # type: ignore[arg-type]


def split(roles: Given, table: RoleTable, total: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Return the roles' figures as numbers."""
    shared = filled(roles, table, table, compute(total))
    assert isinstance(shared, dict)
    return {
        name: {"replicas": role["replicas"], **{key: PARSE[key](role[key]) for key in UNITS}}
        for name, role in shared.items()
    }


def stated(roles: Given, table: RoleTable, key: str) -> dict[str, int]:
    """Return what comes off first: what roles say themselves, and the size of those that have no share."""
    return {
        name: PARSE[key](roles.get(name, {}).get(key, getattr(spec, key))) * roles.get(name, {}).get("replicas", 1)
        for name, spec in table.items()
        if spec.share is None or key in roles.get(name, {})
    }


@pytest.mark.parametrize("table", [TEMPO_ROLES, MIMIR_ROLES], ids=["tempo", "mimir"])
def test_the_ratios_are_those_asked_for(table: RoleTable) -> None:
    assert {name: spec.share for name, spec in table.items() if spec.share} == RATIOS
    assert [sum(column) for column in zip(*RATIOS.values(), strict=True)] == [100, 100]


@pytest.mark.parametrize("replicas", [1, 2, 5])
def test_without_overrides_each_role_has_its_percent_of_the_total(replicas: int) -> None:
    five = {name: TEMPO_ROLES[name] for name in RATIOS}
    roles = split({name: {"replicas": replicas} for name in five}, five, (20_000, 200 * GI))
    assert {
        name: (role["cpu"] * replicas / 200, role["memory"] * replicas / 2 / GI) for name, role in roles.items()
    } == (RATIOS)


@given(data=st.data(), table=st.sampled_from([TEMPO_ROLES, MIMIR_ROLES]), total=totals())
def test_a_split_never_exceeds_the_total_and_follows_the_ratios(
    data: st.DataObject, table: RoleTable, total: tuple[int, int]
) -> None:
    roles = data.draw(given_roles(table))
    try:
        shared = split(roles, table, total)
    except SettingError:
        assume(False)
    for amount, column, (key, unit) in zip(total, (0, 1), UNITS.items(), strict=True):
        fixed = stated(roles, table, key)
        assert {name: shared[name][key] * shared[name]["replicas"] for name in fixed} == fixed
        assert sum(role[key] * role["replicas"] for role in shared.values()) <= amount
        parts = {name: RATIOS[name][column] for name in RATIOS if name not in fixed}
        rest, weight = amount - sum(fixed.values()), sum(parts.values())
        for name, ratio in parts.items():
            count = shared[name]["replicas"]
            lost_to_rounding = rest * ratio - shared[name][key] * count * weight
            assert 0 <= lost_to_rounding < count * unit * weight


@given(data=st.data(), table=st.sampled_from([TEMPO_ROLES, MIMIR_ROLES]), total=totals())
@example(data=None, table=TEMPO_ROLES, total=(50, GI))
def test_a_total_is_refused_exactly_where_it_does_not_go_round(
    data: st.DataObject | None, table: RoleTable, total: tuple[int, int]
) -> None:
    roles = data.draw(given_roles(table)) if data else {}
    enough = True
    for amount, column, (key, unit) in zip(total, (0, 1), UNITS.items(), strict=True):
        fixed = stated(roles, table, key)
        parts = {name: RATIOS[name][column] for name in RATIOS if name not in fixed}
        rest, weight = amount - sum(fixed.values()), sum(parts.values())
        counts = {name: roles.get(name, {}).get("replicas", 1) for name in parts}
        enough = enough and rest >= 0 and all(rest * parts[name] >= unit * weight * counts[name] for name in parts)
    if enough:
        split(roles, table, total)
    else:
        with pytest.raises(
            SettingError, match=r"ask for more than total\.(cpu|memory) .*; lower them or raise the total"
        ):
            split(roles, table, total)


def test_an_override_comes_off_first_and_the_rest_keeps_its_ratios() -> None:
    five = {name: TEMPO_ROLES[name] for name in RATIOS}
    roles = split({"ingester": {"cpu": "350m", "replicas": 2}}, five, (1_350, 10 * GI))
    # 1350m less 2 x 350m leaves 650m for 20 + 20 + 15 + 10 parts.
    assert {name: role["cpu"] for name, role in roles.items()} == {
        "distributor": 200,
        "ingester": 350,
        "querier": 200,
        "query-frontend": 150,
        "compactor": 100,
    }
    assert roles["ingester"]["memory"] == 5 * GI // 2


def test_the_roles_of_a_stack_are_what_its_total_leaves_them() -> None:
    total = put("traces.total", {"cpu": "2", "memory": "10Gi"})
    stack = load_stack("prod", total, put("traces.roles", {"ingester": {"replicas": 3}}))
    roles = stack.traces.roles
    generator = roles["metrics-generator"]
    assert (generator.cpu, generator.memory) == (40, 192 * MI)  # the ratios do not name it
    assert roles["ingester"].cpu == (2_000 - 40) * 35 // 100 // 3
    assert roles["ingester"].memory == (10 * GI - 192 * MI) // 2 // 3 // MI * MI


def test_one_binary_has_the_whole_total() -> None:
    role = load_stack("dev", put("traces.total", {"cpu": "300m", "memory": "1.5Gi"})).traces.roles["all"]
    assert (role.cpu, role.memory) == (300, 1536 * MI)


def test_an_autoscaled_role_shares_its_part_among_the_fewest_pods() -> None:
    scaled = put("traces.roles", {"querier": {"autoscaling": {"min_replicas": 4, "max_replicas": 9}}})
    five = put("traces.enabled_roles", list(RATIOS))
    stack = load_stack(
        "prod",
        all_of(scaled, five, put("traces.roles.ingester.replicas", 3)),
        put("traces.total", {"cpu": "4", "memory": "16Gi"}),
    )
    assert stack.traces.roles["querier"].cpu == 4_000 * 20 // 100 // 4
