"""Another S3 key for both backends, as docs/object-store.md has it, on the real engine and SeaweedFS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.toolchain import Toolchain
from telemetry.backends.mimir import values as mimir
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.tempo import values_distributed as tempo_distributed
from telemetry.backends.tempo.release import TEMPO
from telemetry.config.credentials import S3Key
from telemetry.spec.values.s3_key import ANNOTATION, digest
from telemetry.stack import Stack
from tests.sandbox.deployment import Deployment
from tests.sandbox.engine import dead_port
from tests.sandbox.rotation import BACKENDS, Given, Pods, Role, Server, changed, changing, give, given, keyed, lets_in
from tests.sandbox.rotation import report as report_on
from tests.sandbox.s3_gateway import client, gateway
from tests.support import Tree, load_stack

pytestmark = pytest.mark.sandbox

OF = {MIMIR: "metrics", **dict.fromkeys(TEMPO.values(), "traces")}
"""Backends by release."""


def replicated(config: Tree) -> None:
    """Give dev what prod has: roles of several pods, of both sorts of workload."""
    config["telemetry:namespace"]["quota"] = {"cpu": "8", "memory": "32Gi", "storage": "64Gi"}
    config["telemetry:metrics"]["roles"] = {"ingester": {"replicas": 3}, "querier": {"replicas": 2}}


def users_of(stack: Stack) -> set[Role]:
    """Return the roles whose pods have a key; Tempo's one binary is no role."""
    tempo = {"distributed": tempo_distributed.READS_BUCKETS, "monolithic": ("",)}[stack.traces.topology]
    return {
        *((MIMIR, role) for role in mimir.READS_BUCKETS if role in stack.backend("metrics").sizes[0].roles),
        *((TEMPO[stack.traces.topology], role) for role in tempo),
    }


@dataclass
class Seen:
    """What was seen at each step."""

    users: set[Role]
    """Roles whose pods have a key."""
    left_out: str = ""
    """What `up` said when the server did not know the new keys."""
    report: dict[str, Any] = field(default_factory=dict)
    ready: dict[Role, int] = field(default_factory=dict)
    """Pods of each role, all ready."""
    fewest: dict[Role, int] = field(default_factory=dict)
    answers: dict[tuple[str, bool], int] = field(default_factory=dict)
    pods: dict[str, dict[str, tuple[Role, str | None]]] = field(default_factory=dict)
    """By step the pods by uid: their role, and the digest that they have."""
    old: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    """Digests by backend."""
    changes_at_the_end: dict[str, str] = field(default_factory=dict)
    let_in: dict[str, bool] = field(default_factory=dict)
    """Keys by place, and whether the server takes them once all is done."""


@pytest.fixture(scope="module", params=["dev", pytest.param("prod", marks=pytest.mark.nightly)])
def seen(
    request: pytest.FixtureRequest, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """All steps, one after the other; those of prod, which has three times as many pods, at night."""
    deployment: Deployment = request.getfixturevalue(request.param)
    stack = load_stack(request.param)
    buckets = {str(each.signal): each.buckets["blocks"] for each in stack.backends if each.signal in BACKENDS}
    found, port = Seen(users_of(stack)), dead_port()
    server = Server(f"http://127.0.0.1:{port}")

    @contextmanager
    def knowing(credentials: Given) -> Iterator[None]:
        """Run the server on what `identities` renders of these credentials."""
        folder: Path = tmp_path_factory.mktemp("gateway")
        with gateway(deployment.connections, toolchain, folder, keyed(request.param, credentials), port=port):
            yield

    def through_the_server(config: Tree) -> None:
        config["telemetry:object_store"]["provisioning_endpoint"] = server.url
        if request.param == "dev":
            replicated(config)

    with deployment.edited(through_the_server):
        before = given(deployment)
        during, after = changing(before), None
        after = changed(during)
        found.old, found.new = ({name: digest(pair(each[name])) for name in BACKENDS} for each in (before, after))
        with knowing(before):
            deployment.up()
            found.pods["before"] = pods_of(deployment)
            give(deployment, during)
            found.left_out = " ".join(deployment.pulumi("up", "--yes", "--skip-preview").stdout.split())
            found.pods["refused"] = pods_of(deployment)
        with knowing(during):
            found.report = report_on(deployment)
            pods, keys = Pods(deployment), {name: (pair(after[name]), buckets[name]) for name in BACKENDS}
            keys |= {f"{name}.previous": (pair(before[name]), buckets[name]) for name in BACKENDS}
            with pods.followed(), server.asked(keys):
                found.ready = dict(pods.fewest)
                deployment.up()
            found.fewest, found.answers = pods.fewest, dict(server.said)
            found.pods["changed"] = pods_of(deployment)
            give(deployment, after)
            found.changes_at_the_end = deployment.changes()
        with knowing(after):
            found.let_in = {place: lets_in(client(server.url, own), bucket) for place, (own, bucket) in keys.items()}
            yield found


def pair(credentials: dict[str, Any]) -> S3Key:
    return S3Key.model_validate({key: credentials[key] for key in ("access_key", "secret_key")})


def pods_of(stack: Deployment) -> dict[str, tuple[Role, str | None]]:
    found = {}
    for each in stack.core.list_namespaced_pod(stack.namespace).items:
        labels, annotations = each.metadata.labels, each.metadata.annotations or {}
        role = labels["app.kubernetes.io/instance"], labels.get("app.kubernetes.io/component", "")
        found[each.metadata.uid] = (role, annotations.get(ANNOTATION))
    return found


def test_the_step_that_was_left_out_is_named_before_anything_changes(seen: Seen) -> None:
    assert "nothing was changed" in seen.left_out
    for name in BACKENDS:
        assert f"telemetry:credentials.{name}: " in seen.left_out
    assert "knows only the key before (InvalidAccessKeyId)" in seen.left_out
    assert "python -m telemetry identities" in seen.left_out
    assert seen.pods["refused"] == seen.pods["before"]


def test_the_report_names_exactly_the_workloads_that_restart(seen: Seen) -> None:
    restarting = {each["name"]: each for each in seen.report["items"] if each["restart"]}
    assert restarting.keys() == {"-".join(filter(None, role)) for role in seen.users}
    for name, each in restarting.items():
        (only,) = each["fields"]
        backend = "metrics" if name.startswith(f"{MIMIR}-") else "traces"
        assert ANNOTATION in only["path"]
        assert (only["old"], only["new"]) == (seen.old[backend], seen.new[backend])
    assert {each["name"] for each in seen.report["items"]} == {*restarting, "mimir-s3", "tempo-s3"}


def test_exactly_these_pods_restart_and_have_the_new_key(seen: Seen) -> None:
    before, changed = seen.pods["before"], seen.pods["changed"]
    assert {role for uid, (role, _) in changed.items() if uid not in before} == seen.users
    assert {role for uid, (role, _) in changed.items() if uid in before} == {
        role for role, _ in changed.values()
    } - seen.users
    assert {role: known for role, known in before.values() if known} == {r: seen.old[OF[r[0]]] for r in seen.users}
    assert {role: known for role, known in changed.values() if known} == {r: seen.new[OF[r[0]]] for r in seen.users}
    assert not set(seen.old.values()) & {known for _, known in changed.values()}


def test_one_pod_of_a_role_at_a_time(seen: Seen) -> None:
    several = {role: number for role, number in seen.ready.items() if number > 1 and role in seen.users}
    assert several, seen.ready
    assert {role: number - seen.fewest[role] for role, number in several.items()} == dict.fromkeys(several, 1)
    assert {role: seen.fewest[role] for role in seen.ready.keys() - seen.users} == {
        role: number for role, number in seen.ready.items() if role not in seen.users
    }


def test_both_keys_are_let_in_until_all_pods_have_the_new_one(seen: Seen) -> None:
    asked = {f"{name}{which}" for name in BACKENDS for which in ("", ".previous")}
    assert {place for place, _ in seen.answers} == asked
    assert not [place for place, let_in in seen.answers if not let_in]
    assert min(seen.answers.values()) > 5


def test_the_end_of_it_changes_nothing_and_the_old_key_is_refused(seen: Seen) -> None:
    assert seen.changes_at_the_end == {}
    assert seen.let_in == {"traces": True, "metrics": True, "traces.previous": False, "metrics.previous": False}
