"""Before the first change the cluster is asked whether the collector may be given its rights."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from telemetry.operations.preflight import rights
from tests.doubles import by_path, refused
from tests.preflight import findings_at
from tests.support import WITH_LOGS, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET

Asked = list[tuple[str, str, str]]
READ = {"namespaces": ["shop"]}


def found(tmp_path: Path, logs: Mapping[str, object], allowed: Callable[[str, str], bool], asked: Asked) -> list[str]:
    """Return what is found where an API server says what one may do."""

    def allows(verb: str, resource: str, namespace: str) -> bool:
        asked.append((verb, resource, namespace))
        return allowed(verb, resource)

    with by_path({}, allows) as server:
        return at(tmp_path, server, logs)


def at(tmp_path: Path, server: str, logs: Mapping[str, object]) -> list[str]:
    chosen = {**DAEMON_SET, "api_server": API_SERVER, "pod_logs": {"cluster": "c", **logs}}
    return findings_at(server, tmp_path, rights.check, "dev", WITH_LOGS, put("collector", chosen))


def test_who_may_make_roles_and_has_what_is_in_them_may_deploy(tmp_path: Path) -> None:
    asked: Asked = []
    assert found(tmp_path, READ, lambda verb, _: verb != "escalate", asked) == []
    assert ("get", "pods/log", "shop") in asked
    assert {namespace for _, _, namespace in asked} == {"shop"}


def test_who_may_escalate_need_not_have_them(tmp_path: Path) -> None:
    assert found(tmp_path, READ, lambda _, resource: "role" in resource, []) == []


@pytest.mark.parametrize(
    ("logs", "missing"),
    [
        (READ, "create rolebindings in shop, get pods/log in shop"),
        ({"every_namespace": True}, "create clusterrolebindings in all namespaces, get pods/log in all namespaces"),
    ],
    ids=["a namespace", "all"],
)
def test_what_is_missing_is_named(tmp_path: Path, logs: Mapping[str, object], missing: str) -> None:
    def allowed(verb: str, resource: str) -> bool:
        return verb != "escalate" and "binding" not in resource and resource != "pods/log"

    (line,) = found(tmp_path, logs, allowed, [])
    assert line.startswith(f"telemetry:collector.pod_logs: you may not {missing}, so")
    assert "have somebody grant you that" in line


def test_nothing_is_said_where_nobody_answers(tmp_path: Path) -> None:
    assert at(tmp_path, refused(), READ) == []
