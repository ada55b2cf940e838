"""Drift of releases, of their values and of the program, out of what engine and helm have answered."""

import json
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.drift import check, manifests, program, releases
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.findings import DriftError, DriftFinding
from telemetry.redaction import Redactor

OPEN = Concealer(Redactor())
MIMIR = manifests.RecordedRelease("mimir", "n", {"replicas": 1, "config": {"a": [1, 2]}, "name": None})
CIPHER = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
PREFIX = "urn:pulumi:dev::telemetry::"


def resource(kind: str, name: str, inputs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"urn": f"{PREFIX}{kind}::{name}", "type": kind, "custom": True, "inputs": inputs, **fields}


EXPORT = {
    "deployment": {
        "resources": [
            {"urn": f"{PREFIX}pulumi:pulumi:Stack::dev", "type": "pulumi:pulumi:Stack", "custom": False},
            resource("pulumi:providers:kubernetes", "kubernetes", {}),
            resource(RELEASE_TYPE, "mimir", {"name": "mimir", "namespace": "n", "values": {"a": 1, "b": CIPHER}}),
            resource(RELEASE_TYPE, "old", {"name": "old", "namespace": "n"}, delete=True),
            resource(
                "kubernetes:core/v1:Secret",
                "s",
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": "s", "namespace": "n"},
                    "stringData": CIPHER,
                },
            ),
        ]
    }
}


def listed(status: str, name: str = "mimir", namespace: str = "n") -> dict[str, str]:
    return {"name": name, "namespace": namespace, "status": status, "revision": "2", "chart": "c-1"}


def test_the_state_gives_what_was_deployed_without_what_is_encrypted() -> None:
    assert manifests.releases(EXPORT) == (manifests.RecordedRelease("mimir", "n", {"a": 1}),)
    (secret,) = manifests.natives(EXPORT)
    assert secret == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}}
    assert manifests.releases({"deployment": {}}) == ()


@pytest.mark.parametrize("status", ["failed", "pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_is_not_deployed_is_found(status: str) -> None:
    (finding,) = releases.statuses([MIMIR], [listed(status), listed("failed", "somebody-elses")])
    assert (finding.wanted, finding.found, finding.release) == ("deployed", status, "mimir")
    assert "revision 2" in finding.note


@pytest.mark.parametrize("there", [[], [listed("deployed", namespace="elsewhere")]])
def test_a_release_that_is_gone_is_found(there: list[dict[str, str]]) -> None:
    (finding,) = releases.statuses([MIMIR], there)
    assert (finding.found, finding.note) == (None, "is gone")


def test_a_deployed_release_is_no_finding() -> None:
    assert list(releases.statuses([MIMIR], [listed("deployed")])) == []


@pytest.mark.parametrize(
    ("deployed", "found"),
    [
        ({"replicas": 1.0, "config": {"a": [1, 2]}}, []),
        ({"replicas": 3, "config": {"a": [1, 2]}}, [("replicas", 1, 3)]),
        ({"replicas": 1, "config": {}}, [("config.a", [1, 2], None)]),
        ({"replicas": 1, "config": {"a": [1, 3]}}, [("config.a[1]", 2, 3)]),
        (
            {"replicas": 1, "config": {"a": [1, 2]}, "extra": {"password": "hunter2"}},
            [("extra", None, {"password": "[secret]"})],
        ),
        ({}, [("config", {"a": [1, 2]}, None), ("replicas", 1, None)]),
    ],
)
def test_values_that_the_state_does_not_know_are_found(deployed: dict[str, Any], found: list[Any]) -> None:
    told = [(each.path, each.wanted, each.found) for each in releases.values(MIMIR, deployed, OPEN)]
    assert told == found


def test_a_value_in_a_list_is_hidden_by_the_name_of_its_item() -> None:
    before, after = ({"env": [{"name": "DB_PASSWORD", "value": text}]} for text in ("hunter2", "hunter3"))
    (finding,) = releases.values(manifests.RecordedRelease("mimir", "n", before), after, OPEN)
    assert (finding.path, finding.wanted, finding.found) == ("env[DB_PASSWORD].value", "[secret]", "[secret]")


def test_a_manifest_is_read_with_helms_own_marks() -> None:
    manifest = """
# Source: nothing
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: y}}}
---
apiVersion: v1
kind: Service
metadata: {name: b, annotations: null}
"""
    first, second = manifests.parsed(manifest, MIMIR)
    assert first["metadata"]["labels"] == {"x": "y", "app.kubernetes.io/managed-by": "Helm"}
    marks = {"meta.helm.sh/release-name": "mimir", "meta.helm.sh/release-namespace": "n"}
    assert second["metadata"]["annotations"] == marks


def test_what_our_autoscalers_scale_is_known() -> None:
    scaler = {"kind": "HorizontalPodAutoscaler", "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}}}
    assert manifests.scaled([scaler, {"kind": "Deployment"}]) == {("Deployment", "d")}


def step(op: str, kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"op": op, "urn": f"{PREFIX}telemetry:x:Y${kind}::{name}", **fields}


def test_a_preview_gives_what_would_change_and_from_what() -> None:
    preview = {
        "steps": [
            step("same", "pulumi:pulumi:Stack", "dev"),
            step("refresh", "aws:s3/bucket:Bucket", "kept"),
            step("create", "aws:s3/bucket:Bucket", "lost", newState={"inputs": {"bucket": "lost"}}),
            step("delete", "aws:s3/bucket:Bucket", "more", oldState={"inputs": {}}),
            step("update", "kubernetes:helm.sh/v3:Release", "mimir", newState={}, oldState={}),
            step(
                "update",
                "kubernetes:core/v1:ResourceQuota",
                "q",
                detailedDiff={'spec.hard["requests.cpu"]': {}, "list[1].a": {}},
                newState={"inputs": {"spec": {"hard": {"requests.cpu": "1"}}, "list": [0, {"a": 1}]}},
                oldState={"inputs": {"spec": {"hard": {"requests.cpu": "9"}}, "list": [0]}},
            ),
        ]
    }
    told = [(each.subject, each.path, each.wanted, each.found, each.note) for each in program.findings(preview, OPEN)]
    assert told == [
        ("Bucket lost", "", None, None, "is gone"),
        ("Bucket more", "", None, None, "is there, but not in the program"),
        ("Release mimir", "", None, None, "would be updated"),
        ("ResourceQuota q", "list[1].a", 1, None, ""),
        ("ResourceQuota q", 'spec.hard["requests.cpu"]', "1", "9", ""),
    ]


def test_what_the_engine_masks_stays_masked() -> None:
    sides = {"newState": {"inputs": {"stringData": "[secret]"}}, "oldState": {"inputs": {"stringData": "[secret]"}}}
    preview = {"steps": [step("update", "kubernetes:core/v1:Secret", "s", detailedDiff={"stringData.k": {}}, **sides)]}
    (finding,) = program.findings(preview, OPEN)
    assert (finding.wanted, finding.found) == ("[secret]", "[secret]")


CONFLICT = {
    "severity": "error",
    "urn": f"{PREFIX}kubernetes:core/v1:ResourceQuota::q",
    "message": "error: Preview failed: Server-Side Apply field conflict detected. Apply failed with 1 conflict: "
    'conflict with "kubectl-edit" using v1: .spec.hard.requests.cpu\n',
}
FAILED = {"severity": "error", "message": "error: preview failed\n"}


def test_a_field_that_was_taken_over_is_a_finding_and_other_errors_are_errors() -> None:
    assert program.conflicts({"steps": []}) == {}
    ((urn, said),) = program.conflicts({"diagnostics": [CONFLICT, FAILED]}).items()
    finding = program.conflicting(urn, said)
    assert finding.subject == "ResourceQuota q"
    assert finding.note == "a preview fails: kubectl-edit took over .spec.hard.requests.cpu"
    with pytest.raises(DriftError, match="login refused"):
        program.conflicts({"diagnostics": [{"severity": "error", "message": "error: login refused"}, FAILED]})


class Engine:
    """An engine whose preview stops at two conflicts, one after the other."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def run(self, command: str, *options: str, check: bool) -> Any:
        assert (command, check) == ("preview", False)
        self.asked.append(options)
        urns = [f"{CONFLICT['urn']}{number}" for number in range(2)]
        left = [urn for urn in urns if urn not in options]
        answer = {"diagnostics": [{**CONFLICT, "urn": left[0]}, FAILED]} if left else {"steps": VALUES["steps"]}
        return CompletedProcess((), int(bool(left)), json.dumps(answer), "")


VALUES: dict[str, Any] = {
    "steps": [
        step(
            "update",
            RELEASE_TYPE,
            "mimir",
            detailedDiff={"values.a": {}, "values.b": {}},
            newState={"inputs": {"values": {"a": 1, "b": 1}}},
            oldState={"inputs": {"values": {"a": 2, "b": 2}}},
        )
    ]
}


def test_one_field_that_was_taken_over_does_not_hide_the_rest_and_nothing_is_told_twice() -> None:
    engine = Engine()
    told = [DriftFinding("values", "Release n/mimir", "a", 1, 2, release="mimir")]
    found = list(check._program(engine, told, OPEN))  # type: ignore[arg-type]
    assert [(each.subject, each.path) for each in found] == [
        ("ResourceQuota q0", ""),
        ("ResourceQuota q1", ""),
        ("Release mimir", "values.b"),
    ]
    assert [options.count("--exclude") for options in engine.asked] == [0, 1, 2]


@pytest.mark.parametrize("said", ['{"diagnostics": [{"severity": "info#err", "message": "no login"}]}', "no login"])
def test_a_preview_that_failed_in_whatever_words_is_no_preview_without_drift(said: str) -> None:
    engine = SimpleNamespace(run=lambda *_, **__: CompletedProcess((), 255, said, ""))
    with pytest.raises(DriftError, match="no login"):
        list(check._program(engine, [], OPEN))  # type: ignore[arg-type]


def test_a_state_that_was_never_written_has_nothing_in_it() -> None:
    assert manifests.releases({"version": 3, "deployment": None}) == ()


def test_of_long_texts_only_the_lines_that_differ_are_shown() -> None:
    wanted = "\n".join(["a: 1", *(f"line: {number}" for number in range(100)), "secret_key: old", "end"])
    found = wanted.replace("a: 1", "a: 2").replace("secret_key: old", "secret_key: new")
    assert OPEN.shown("ConfigMap", ("f:data", "f:x.yaml"), wanted, found) == ("a: 1", "a: 2")
    before, after = OPEN.shown("ConfigMap", ("f:data", "f:x.yaml"), wanted, "")
    assert before is not None
    assert "more lines" in before
    assert "old" not in before
    assert after is None
    assert OPEN.shown("ConfigMap", (), "k\nsecret_key: a", "k\nsecret_key: b") == ("[secret]", "[secret]")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("f:env", 'k:{"name":"DB_PASSWORD"}', "f:value"), "hunter2"),
        (("f:args",), ["--s3.secret-key=hunter2"]),
        (("f:env",), [{"name": "API_TOKEN", "value": "hunter2"}]),
        (("f:url",), "http://user:hunter2@host"),
        (("f:data", "f:x.yaml"), "a: 1\npassword: hunter2\n"),
        (("f:any",), "what our Secret holds: held-by-us"),
    ],
)
def test_secrets_are_hidden_wherever_they_turn_up(path: tuple[str, ...], value: Any) -> None:
    secret = {"kind": "Secret", "data": {"k": "aGVsZC1ieS11cw=="}}
    shown = json.dumps(Concealer(Redactor.of([secret])).shown("Deployment", path, None, value))
    assert "hunter2" not in shown
    assert "held-by-us" not in shown
    assert "[secret]" in shown


def test_a_value_has_an_end() -> None:
    before, after = OPEN.shown("ConfigMap", (), "x" * 5000, ["y" * 5000])
    assert len(before) < 500
    assert len(after) < 500
