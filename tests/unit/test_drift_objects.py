"""One object against the live one: what is drift and what others may write (the API server's part is given)."""

import json
from copy import deepcopy
from typing import Any

import pytest

from telemetry.clients.dry_run import MANAGER, ChangedError, Cluster, RefusedError
from telemetry.kubernetes import managed_fields as ownership
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.fields import Policy
from telemetry.operations.drift.findings import DriftFinding
from telemetry.operations.drift.objects import compare
from telemetry.redaction import Redactor

TIME = "2026-11-20T10:00:00Z"
APP = 'k:{"name":"app"}'
CONTAINERS = ("f:spec", "f:template", "f:spec", "f:containers")
WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "gateway", "namespace": "n"},
    "spec": {
        "replicas": 1,
        "template": {
            "metadata": {"annotations": {"checksum": "1"}},
            "spec": {"containers": [{"name": "app", "image": "a:1", "args": ["-x"]}]},
        },
    },
}
STATED = [
    ("f:data", "f:k"),  # of a Secret
    ("f:spec", "f:replicas"),
    ("f:spec", "f:template", "f:metadata", "f:annotations", "f:checksum"),
    *((*CONTAINERS, APP, step) for step in (".", "f:name", "f:image", "f:args")),
]
DEFAULTED = [*STATED, ("f:spec", "f:paused"), ("f:spec", "f:template", "f:spec", "f:grace")]


def managed(manager: str, *paths: tuple[str, ...], subresource: str | None = None) -> dict[str, Any]:
    """Return an entry of managedFields."""
    fields: dict[str, Any] = {}
    for path in paths:
        node = fields
        for step in path:
            node = node.setdefault(step, {})
    entry = {"manager": manager, "operation": "Update", "time": TIME, "fieldsV1": fields}
    return {**entry, "subresource": subresource} if subresource else entry


def at(*steps: str) -> tuple[str, ...]:
    return ("f:spec", "f:template", "f:spec", *steps)


class Server(Cluster):
    """An API server that gives back what it is told, with one default that it always fills in."""

    def __init__(self, live: dict[str, Any] | None, *entries: dict[str, Any], refuses: str = "") -> None:
        super().__init__(None)
        self._live = live and {**live, "metadata": {**live["metadata"], "managedFields": list(entries), "uid": "u"}}
        self._refuses = refuses

    def live(self, wanted: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        return deepcopy(self._live)

    def applied(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if self._refuses:
            raise RefusedError(self._refuses)
        assert self._live is not None
        bare = {key: value for key, value in self._live["metadata"].items() if key != "managedFields"}
        result: dict[str, Any] = _merged({**self._live, "metadata": bare}, wanted)
        result["metadata"]["managedFields"] = [managed(MANAGER, *STATED)]
        return result

    def replaced(self, wanted: dict[str, Any]) -> dict[str, Any]:
        result = deepcopy(wanted)
        result["spec"]["template"]["spec"].setdefault("grace", 30)
        return result


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {key: _merged(below.get(key), above.get(key, below.get(key))) for key in {**below, **above}}
    if isinstance(above, list) and above and isinstance(above[0], dict) and isinstance(below, list):
        stated = {each["name"]: each for each in above}
        return [_merged(each, stated.pop(each["name"], each)) for each in below] + list(stated.values())
    return above


def live(**spec: Any) -> dict[str, Any]:
    """Return the live object: as deployed, with defaults, and something changed."""
    made = deepcopy(WANTED)
    made["status"] = {"replicas": 7}
    made["spec"]["paused"] = False
    made["spec"]["template"]["spec"]["grace"] = 30
    made["spec"].update(spec)
    return made


def found(server: Server, policy: Policy | None = None) -> list[DriftFinding]:
    return compare(server, WANTED, policy or Policy(), Concealer(Redactor()), release="r")


def container(made: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = made["spec"]["template"]["spec"]["containers"][0]
    return first


def paths(findings: list[DriftFinding]) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.wanted, each.found) for each in findings]


def test_what_is_as_deployed_is_no_drift() -> None:
    status = managed("kube-controller-manager", ("f:status", "f:replicas"), subresource="status")
    assert found(Server(live(), managed("helm", *DEFAULTED), status)) == []


def test_what_is_written_with_a_status_belongs_to_it() -> None:
    made = live()
    made["metadata"]["annotations"] = {"seen": "1"}
    paths = (("f:status", "f:replicas"), ("f:metadata", "f:annotations", "f:seen"))
    assert found(Server(made, managed("helm", *DEFAULTED), managed("operator", *paths, subresource="status"))) == []
    assert found(Server(made, managed("helm", *DEFAULTED), managed("operator", *paths))) != []


@pytest.mark.parametrize("manager", ["kubectl-edit", "kubectl", "Mozilla", "helm"])
def test_a_changed_field_is_named_with_who_and_when(manager: str) -> None:
    made = live()
    container(made)["image"] = "a:2"
    image = (*CONTAINERS, APP, "f:image")
    (finding,) = found(Server(made, managed("helm", *DEFAULTED[:2]), managed(manager, image)))
    assert finding.subject == "Deployment n/gateway"
    assert finding.path == "spec.template.spec.containers[name=app].image"
    assert (finding.wanted, finding.found, finding.release) == ("a:1", "a:2", "r")
    assert [str(each) for each in finding.by] == [f"{manager}, {TIME}"]


def test_a_scaled_object_is_drift() -> None:
    scaled = managed("kubectl", ("f:spec", "f:replicas"), subresource="scale")
    (finding,) = found(Server(live(replicas=3), managed("helm", *DEFAULTED[2:]), scaled))
    assert (finding.path, finding.wanted, finding.found) == ("spec.replicas", 1, 3)
    assert str(finding.by[0]) == f"kubectl (scale), {TIME}"


def test_replicas_belong_to_an_autoscaler_of_ours() -> None:
    scaled = managed("kube-controller-manager", ("f:spec", "f:replicas"), subresource="scale")
    server = Server(live(replicas=3), managed("helm", *DEFAULTED[2:]), scaled)
    assert found(server, Policy(autoscaled=True)) == []
    assert [each.path for each in found(server)] == ["spec.replicas"], "somebody else's autoscaler"


def test_what_was_removed_is_missed_and_nobody_known() -> None:
    made = live()
    del container(made)["args"]
    args = (*CONTAINERS, APP, "f:args")
    (finding,) = found(Server(made, managed("helm", *(path for path in DEFAULTED if path != args))))
    assert finding.path == "spec.template.spec.containers[name=app].args"
    assert (finding.wanted, finding.found, finding.by) == (["-x"], None, ())


def test_what_was_added_is_one_finding_as_a_whole() -> None:
    made = live()
    container(made)["env"] = [{"name": "DEBUG", "value": "1"}]
    debug = (*CONTAINERS, APP, "f:env")
    added = managed(
        "kubectl-edit", (*debug, "."), *((*debug, 'k:{"name":"DEBUG"}', s) for s in (".", "f:name", "f:value"))
    )
    assert paths(found(Server(made, managed("helm", *DEFAULTED), added))) == [
        ("spec.template.spec.containers[name=app].env", None, [{"name": "DEBUG", "value": "1"}])
    ]


def test_an_added_container_is_named_by_its_key() -> None:
    made = live()
    made["spec"]["template"]["spec"]["containers"].append({"name": "spy", "image": "s"})
    spy = (*CONTAINERS, 'k:{"name":"spy"}')
    added = managed("kubectl-patch", *((*spy, step) for step in (".", "f:name", "f:image")))
    (finding,) = found(Server(made, managed("helm", *DEFAULTED), added))
    assert finding.path == "spec.template.spec.containers[name=spy]"
    assert finding.found == {"name": "spy", "image": "s"}


def test_a_changed_default_is_held_against_the_default() -> None:
    made = live()
    made["spec"]["template"]["spec"]["grace"] = 5
    changed = managed("kubectl-edit", at("f:grace"))
    assert paths(found(Server(made, managed("helm", *STATED), changed))) == [("spec.template.spec.grace", 30, 5)]
    assert found(Server(live(), managed("helm", *STATED), changed)) == [], "changed, and changed back"


def test_a_restart_is_no_drift() -> None:
    annotations = ("f:spec", "f:template", "f:metadata", "f:annotations")
    made = live()
    made["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = TIME
    restarted = managed("kubectl-rollout", (*annotations, "f:kubectl.kubernetes.io/restartedAt"))
    assert found(Server(made, managed("helm", *DEFAULTED), restarted)) == []


@pytest.mark.parametrize("manager", ["openshift-controller-manager", "my-operator"])
def test_what_controllers_and_agreed_operators_write_is_theirs(manager: str) -> None:
    made = live()
    made["spec"]["template"]["spec"]["pullSecrets"] = [{"name": "x"}]
    container(made)["image"] = "mirror/a:1"
    entry = managed(manager, at("f:pullSecrets"), (*CONTAINERS, APP, "f:image"))
    server = Server(made, managed("helm", *STATED[:3]), entry)
    assert found(server, Policy(ignored=frozenset({"my-operator"}))) == []
    assert bool(found(server)) is (manager == "my-operator")


def test_what_is_gone_or_going_is_said() -> None:
    assert [each.note for each in found(Server(None))] == ["is gone"]
    made = live()
    made["metadata"]["deletionTimestamp"] = TIME
    assert [each.note for each in found(Server(made))] == ["is being deleted"]


def test_what_cannot_be_put_back_is_said_in_the_servers_words() -> None:
    server = Server(live(), managed("kubectl-edit", at("f:selector")), refuses="spec.selector: field is immutable")
    (finding,) = found(server)
    assert finding.note == "cannot be put back: spec.selector: field is immutable"
    assert [each.manager for each in finding.by] == ["kubectl-edit"]


def test_an_object_that_changes_meanwhile_is_looked_at_again() -> None:
    class Restless(Server):
        tries = 0

        def applied(self, wanted: dict[str, Any]) -> dict[str, Any]:
            self.tries += 1
            if self.tries < 3:
                raise ChangedError("changed")
            return super().applied(wanted)

    assert found(Restless(live(), managed("helm", *DEFAULTED))) == []
    always = Restless(live())
    always.tries = -10
    with pytest.raises(ChangedError):
        found(always)


def test_nothing_of_a_secret_is_shown() -> None:
    wanted = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"k": "b2xk"},
        "spec": {"template": {"spec": {}}},
    }
    server = Server({**wanted, "data": {"k": "bmV3"}}, managed("kubectl-edit", ("f:data", "f:k")))
    (finding,) = compare(server, wanted, Policy(), Concealer(Redactor()), release=None)
    assert (finding.path, finding.wanted, finding.found) == ("data.k", "[secret]", "[secret]")
    server = Server(wanted, refuses="data.k: Invalid value: bmV3")
    assert "bmV3" not in compare(server, wanted, Policy(), Concealer(Redactor()), release=None)[0].note


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("f:spec", "f:hard", "f:requests.cpu"), 'spec.hard["requests.cpu"]'),
        (
            (*CONTAINERS, APP, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'),
            "spec.template.spec.containers[name=app].ports[containerPort=80,protocol=TCP]",
        ),
        (("f:metadata", "f:finalizers", 'v:"a/b"'), 'metadata.finalizers["a/b"]'),
        (("f:spec", "f:claims", "i:0", "f:size"), "spec.claims[0].size"),
    ],
)
def test_paths_are_written_as_people_write_them(path: tuple[str, ...], text: str) -> None:
    assert ownership.text(path) == text


def test_without_takes_out_one_thing_only() -> None:
    whole = {"a": [{"name": "x", "b": 1}, {"name": "y"}], "set": ["p", "q"]}
    before = json.dumps(whole)
    assert ownership.without(whole, ("f:a", 'k:{"name":"x"}', "f:b"))["a"] == [{"name": "x"}, {"name": "y"}]
    assert ownership.without(whole, ("f:a", 'k:{"name":"y"}'))["a"] == [{"name": "x", "b": 1}]
    assert ownership.without(whole, ("f:set", 'v:"p"'))["set"] == ["q"]
    assert ownership.without(whole, ("f:a", "i:0"))["a"] == [{"name": "y"}]
    for nowhere in (("f:no", "f:b"), ("f:a", 'k:{"name":"z"}'), ("f:a", "f:b")):
        assert ownership.without(whole, nowhere) == whole
    assert json.dumps(whole) == before
