"""The roles of both backends: what they are called, which must run, and what each starts from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.backends import BACKENDS
from telemetry.backends.mimir.roles import MIMIR_META, MIMIR_ROLES
from telemetry.backends.tempo.roles import TEMPO_META, TEMPO_ROLES
from telemetry.config.autoscaling import Autoscaling
from telemetry.config.policy import Policy
from telemetry.config.role_policy import check_policy
from telemetry.config.role_spec import RoleTable, expand
from telemetry.config.roles import Role
from telemetry.stack import ConfigError
from tests.support import WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, drop, load_stack, put

REQUIRED = {
    "tempo": {"querier", "query-frontend", "ingester", "distributor", "compactor"},
    "mimir": {
        "query-scheduler",
        "query-frontend",
        "querier",
        "store-gateway",
        "ingester",
        "distributor",
        "compactor",
        "ruler",
        "alertmanager",
    },
}
OPTIONAL = {"tempo": {"metrics-generator"}, "mimir": {"overrides-exporter"}}
"""The table of R8; Mimir's flusher is no workload."""
PLAN = {
    "tempo": {"distributor", "ingester", "querier", "query-frontend", "compactor", "metrics-generator"},
    "mimir": {"distributor", "ingester", "querier", "query-frontend", "compactor", "store-gateway", "alertmanager"},
}
"""The plan's table of prod (R5); Tempo's store-gateway there is its metrics-generator."""
TABLES = {"tempo": TEMPO_ROLES, "mimir": MIMIR_ROLES}
EVERY = {f"{each.signal} {topology}": table for each in BACKENDS for topology, table in each.roles.items()}

each_backend = pytest.mark.parametrize("backend", TABLES)
each_table = pytest.mark.parametrize("table", EVERY.values(), ids=EVERY)


@each_backend
def test_the_roles_are_those_asked_for(backend: str) -> None:
    table = TABLES[backend]
    needs = {need: {name for name, spec in table.items() if spec.need == need} for need in ("required", "optional")}
    assert needs == {"required": REQUIRED[backend], "optional": OPTIONAL[backend]}
    assert {name for name, spec in table.items() if spec.in_plan} == PLAN[backend]


@each_table
def test_the_sizes_that_a_role_starts_from_are_within_the_policy(table: RoleTable) -> None:
    roles = {name: Role.model_validate(spec.defaults()) for name, spec in table.items()}
    assert check_policy(roles, table, Policy()) == roles


@each_table
def test_what_keeps_data_never_scales(table: RoleTable) -> None:
    assert [
        name for name in ("ingester", "store-gateway", "alertmanager", "all") if name in table and table[name].scales
    ] == []


def test_what_is_refused_an_autoscaler_is_told_the_true_reason() -> None:
    scaled = put("logs.roles.read", {"autoscaling": {}})
    role = load_stack("prod", WITH_LOGS_IN_PROD, scaled).logs.roles["read"]  # type: ignore[union-attr]
    assert role.max_replicas == 10
    holding = put("logs.roles.write", {"replicas": 2, "autoscaling": {}})
    with pytest.raises(ConfigError, match="write is not autoscaled: scaling down what holds data"):
        load_stack("prod", WITH_LOGS_IN_PROD, holding)
    with pytest.raises(ConfigError, match="distributor is not autoscaled: the chart pyroscope has no autoscaler"):
        load_stack("prod", WITH_PROFILES_IN_PROD, put("profiles.roles.distributor", {"autoscaling": {}}))


@each_table
def test_what_scales_has_no_disk(table: RoleTable) -> None:
    assert not [name for name, spec in table.items() if spec.scales and spec.volume]


def test_all_is_every_role_of_its_backend() -> None:
    assert expand(["all"], TEMPO_ROLES, TEMPO_META) == TEMPO_ROLES.keys()
    assert expand(["all"], MIMIR_ROLES, MIMIR_META) == MIMIR_ROLES.keys()


def test_read_write_and_backend_are_all_of_mimir_without_overlap() -> None:
    parts = [MIMIR_META[name] for name in ("read", "write", "backend")]
    assert set().union(*parts) == REQUIRED["mimir"] | OPTIONAL["mimir"]
    assert sum(map(len, parts)) == len(set().union(*parts))


@given(st.lists(st.sampled_from([*MIMIR_META, *(REQUIRED["mimir"] | OPTIONAL["mimir"])])))
def test_a_list_of_roles_stands_for_each_of_its_members_and_no_more(chosen: list[str]) -> None:
    runs = expand(chosen, MIMIR_ROLES, MIMIR_META)
    assert runs == {"gateway"}.union(*(expand([name], MIMIR_ROLES, MIMIR_META) for name in chosen))
    assert runs <= MIMIR_ROLES.keys()


@given(backend=st.sampled_from(sorted(TABLES)), data=st.data())
def test_what_runs_is_blocked_without_a_required_role_and_otherwise_sized(backend: str, data: st.DataObject) -> None:
    names = sorted(REQUIRED[backend] | OPTIONAL[backend])
    off = data.draw(st.sets(st.sampled_from(names), max_size=3))
    signal = {"tempo": "traces", "mimir": "metrics"}[backend]
    changes = [put(f"{signal}.enabled_roles", [name for name in names if name not in off]), drop(f"{signal}.roles")]
    changes += [put("traces.roles.ingester.replicas", 3)] if backend == "tempo" else []
    changes += [put("metrics.roles.ingester.replicas", 3)] if backend == "mimir" else []
    lost = off & REQUIRED[backend]
    if not lost:
        settings = getattr(load_stack("prod", *changes), signal)
        assert settings.roles.keys() == settings.runs == TABLES[backend].keys() - off
        assert settings.missing_optional == sorted(off)
        return
    with pytest.raises(ConfigError) as refused:
        load_stack("prod", *changes)
    (line,) = refused.value.findings
    assert line.startswith(f"telemetry:{signal}.enabled_roles: blocked: ")
    assert set(line.partition("roles ")[2].partition(" are missing")[0].split(", ")) == lost


@pytest.mark.parametrize("chosen", [["all"], ["distributor", "ingester", "querier", "query-frontend", "compactor"]])
def test_a_single_binary_is_one_workload_whatever_runs_in_it(chosen: list[str]) -> None:
    traces = load_stack("dev", put("traces.enabled_roles", chosen)).traces
    assert traces.roles.keys() == {"all"}
    assert traces.runs == expand(chosen, TEMPO_ROLES, TEMPO_META)


def test_a_scaled_role_starts_with_its_fewest_pods() -> None:
    roles = load_stack("dev", put("metrics.roles.querier.autoscaling", {})).metrics.roles
    assert roles["querier"].autoscaling == Autoscaling(min_replicas=2, max_replicas=10, cpu_percent=70)
    assert (roles["querier"].replicas, roles["querier"].max_replicas) == (2, 10)
    assert (roles["ruler"].replicas, roles["ruler"].max_replicas) == (1, 1)


def test_a_scaled_role_may_say_its_fewest_pods_twice() -> None:
    scaled = put("metrics.roles.querier", {"replicas": 3, "autoscaling": {"min_replicas": 3}})
    assert load_stack("dev", scaled).metrics.roles["querier"].replicas == 3


def test_where_tempo_comes_from_is_sized_like_where_it_goes() -> None:
    old = {"chart": {"name": "tempo", "version": "2.2.4", "reference": "./charts/tempo"}}
    traces = load_stack("prod", put("traces.moving_from", old)).traces
    assert [shape.topology for shape in traces.shapes] == ["distributed", "monolithic"]
    assert traces.shapes[1].roles == load_stack("dev").traces.roles
    assert [shape.topology for shape in load_stack("prod").traces.shapes] == ["distributed"]
