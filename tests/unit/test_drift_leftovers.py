"""What a failed revision has added and Helm has left: told apart from the API server's defaults, which it owns too."""

from typing import Any

from telemetry.clients.cli_tools import Revision
from telemetry.clients.dry_run import MANAGER
from telemetry.kubernetes.managed_fields import Entry, entries
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.fields import Policy, additions
from telemetry.operations.drift.leftovers import Failed, identity
from telemetry.operations.drift.manifests import RecordedRelease
from telemetry.operations.drift.objects import compare
from telemetry.redaction import Redactor
from tests.unit.test_drift_objects import DEFAULTED, STATED, WANTED, Server, at, live, managed

SELECTOR = at("f:nodeSelector")


class Reading(Server):
    """An API server that reads an object with a node selector as stating one."""

    def applied(self, wanted: dict[str, Any]) -> dict[str, Any]:
        result = super().applied(wanted)
        if "nodeSelector" in wanted["spec"]["template"]["spec"]:
            result["metadata"]["managedFields"] = [managed(MANAGER, *STATED, SELECTOR)]
        return result


def with_selector(made: dict[str, Any]) -> dict[str, Any]:
    template = made["spec"]["template"]
    pod = {**template["spec"], "nodeSelector": {"a": "b"}}
    return {**made, "spec": {**made["spec"], "template": {**template, "spec": pod}}}


def test_a_field_that_a_failed_revision_stated_and_helm_has_written_is_left_over() -> None:
    server = Reading(with_selector(live()), managed("helm", *DEFAULTED, SELECTOR))
    told = compare(server, WANTED, Policy(), Concealer(Redactor()), release="r", failed=(with_selector(WANTED),))
    assert [(each.path, each.wanted, each.found) for each in told] == [
        ("spec.template.spec.nodeSelector", None, {"a": "b"})
    ]
    assert told[0].by[0].manager == "helm"


def test_what_no_failed_revision_stated_is_a_default_and_none_of_our_business() -> None:
    server = Reading(with_selector(live()), managed("helm", *DEFAULTED, SELECTOR))
    assert compare(server, WANTED, Policy(), Concealer(Redactor()), release="r") == []


def test_what_the_newest_revision_states_too_is_wanted() -> None:
    stated, before = (_entry(managed(MANAGER, *STATED, SELECTOR)) for _ in range(2))
    assert additions((_entry(managed("helm", SELECTOR)),), stated, Policy(), (before,)) == []


def _entry(written: dict[str, Any]) -> Entry:
    (entry,) = entries({"metadata": {"managedFields": [written]}})
    return entry


class Helm:
    """A release whose second revision failed, and had a budget more."""

    def history(self, _: str) -> list[Revision]:
        return [Revision(revision=n, status=it) for n, it in ((1, "superseded"), (2, "failed"), (3, "deployed"))]

    def get_manifest(self, _: str, *, revision: int) -> str:
        assert revision == 2  # no other is asked for
        return (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway}\n---\n"
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: gateway}\n"
        )


class Placing(Server):
    """Everything has a namespace."""

    def placed(self, wanted: dict[str, Any], namespace: str) -> dict[str, Any]:
        return {**wanted, "metadata": {"namespace": namespace, **wanted["metadata"]}}


RELEASE = RecordedRelease("mimir", "n", {})


def test_a_whole_object_that_only_a_failed_revision_had_is_left_over_where_it_is_of_the_release() -> None:
    ours = {"metadata": {"annotations": {"meta.helm.sh/release-name": "mimir"}}}
    failed = Failed.of(Placing(ours), Helm(), RELEASE)  # type: ignore[arg-type]
    (finding,) = failed.abandoned(Placing(ours), RELEASE, {identity(WANTED)})
    assert (finding.subject, finding.note) == (
        "PodDisruptionBudget n/gateway",
        "is left over from a revision that failed",
    )
    assert len(failed.versions(WANTED)) == 1
    others = {"metadata": {"annotations": {"meta.helm.sh/release-name": "another"}}}
    assert list(failed.abandoned(Placing(others), RELEASE, {identity(WANTED)})) == []
    assert list(failed.abandoned(Placing(None), RELEASE, {identity(WANTED)})) == []
