"""What a cluster shows of itself to somebody who sets up a stack, and that what it hides is no error."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from telemetry.config.connections import Kubernetes
from telemetry.operations.init.cluster import Cluster
from tests.doubles import by_path, kubeconfig, refused

QUOTAS = "/api/v1/namespaces/n/resourcequotas"
PROJECTS = "/apis/project.openshift.io/v1/projects"


def at(server: str, folder: Path) -> Cluster:
    file = folder / "kubeconfig"
    file.write_text(kubeconfig(server, "c", "kt0-fake"))
    return Cluster(Kubernetes(context="c", kubeconfig=str(file)))


def named(*names: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name}} for name in names]}


def groups(*names: str) -> dict[str, Any]:
    return {"groups": [{"name": name} for name in names]}


def quota(hard: Mapping[str, str], used: Mapping[str, str], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used}}


def test_openshift_is_known_by_its_projects_and_shows_those_of_its_user(tmp_path: Path) -> None:
    with by_path({"/apis": groups("apps", "project.openshift.io"), PROJECTS: named("b", "a")}) as server:
        cluster = at(server, tmp_path)
        assert cluster.platform == "openshift"
        assert cluster.namespaces == ("a", "b")


def test_another_cluster_is_kubernetes_and_shows_namespaces(tmp_path: Path) -> None:
    with by_path({"/apis": groups("apps"), "/api/v1/namespaces": named("z", "n")}) as server:
        cluster = at(server, tmp_path)
        assert cluster.platform == "kubernetes"
        assert cluster.namespaces == ("n", "z")


def test_quotas_are_told_as_settings_have_them_the_least_of_several(tmp_path: Path) -> None:
    whole = quota(
        {"requests.cpu": "4", "requests.memory": "17179869185", "requests.storage": "64Gi", "pods": "9"},
        {"requests.cpu": "150m", "requests.memory": "1", "requests.storage": "0"},
    )
    tighter = quota({"cpu": "290m"}, {"cpu": "0.29"})
    of_some = quota({"cpu": "1"}, {"cpu": "0"}, scopes=["BestEffort"])
    with by_path({QUOTAS: {"items": [whole, tighter, of_some]}}) as server:
        cluster = at(server, tmp_path)
        assert cluster.allowed("n") == {"cpu": "290m", "memory": "16Gi", "storage": "64Gi"}
        assert cluster.used("n") == {"cpu": "290m", "memory": "1Mi", "storage": "1Mi"}


@pytest.mark.parametrize("items", [[], [quota({"requests.cpu": "4"}, {})]])
def test_a_quota_that_does_not_count_all_three_is_none(items: list[Any], tmp_path: Path) -> None:
    with by_path({QUOTAS: {"items": items}}) as server:
        assert (at(server, tmp_path).allowed("n"), at(server, tmp_path).used("n")) == ({}, {})


def test_services_are_found_by_their_port(tmp_path: Path) -> None:
    services = [
        {"metadata": {"name": name, "namespace": "s"}, "spec": {"ports": [{"port": port}]}}
        for name, port in (("weed", 8333), ("web", 80))
    ]
    headless = {"metadata": {"name": "h", "namespace": "s"}, "spec": {}}
    with by_path({"/api/v1/services": {"items": [*services, headless]}}) as server:
        assert at(server, tmp_path).services(8333) == (("weed", "s"),)


def test_secrets_are_known_by_their_names_and_helms_are_none_of_anybodys(tmp_path: Path) -> None:
    with by_path({"/api/v1/namespaces/n/secrets": named("b", "sh.helm.release.v1.mimir.v1", "a")}) as server:
        assert at(server, tmp_path).secrets("n") == ("a", "b")


def test_an_operator_is_known_by_its_kinds(tmp_path: Path) -> None:
    with by_path({"/apis/monitoring.coreos.com/v1": {"resources": [{"kind": "PodMonitor"}]}}) as server:
        assert at(server, tmp_path).operator_kinds == {"PodMonitor"}
    with by_path({}) as server:
        assert at(server, tmp_path).operator_kinds == frozenset()


def test_what_it_hides_is_nothing(tmp_path: Path) -> None:
    hidden = dict.fromkeys(("/apis", "/api/v1/namespaces", PROJECTS, QUOTAS, "/api/v1/services"), 403)
    with by_path(hidden) as server:
        seen = at(server, tmp_path)
        assert (seen.platform, seen.namespaces, seen.allowed("n"), seen.services(1)) == (None, (), {}, ())
    nobody = at(refused(), tmp_path)
    assert (nobody.platform, nobody.namespaces) == (None, ())
    assert Cluster(Kubernetes(context="none", kubeconfig=str(tmp_path / "none"))).namespaces == ()
