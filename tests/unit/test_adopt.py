"""What adoption makes of a plan, of a state and of what the systems say."""

import copy
import itertools
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from telemetry.clients.cli_tools import ToolError
from telemetry.clients.kubernetes import ClusterError
from telemetry.engine.marks import UNKNOWN_MARK as UNKNOWN
from telemetry.engine.plan import Planned, secret, unknown_to
from telemetry.operations.adopt import AdoptError
from telemetry.operations.adopt.adoption import AdoptionPlan
from telemetry.operations.adopt.buckets import Buckets
from telemetry.operations.adopt.dashboards import Dashboards
from telemetry.operations.adopt.datasources import Datasources
from telemetry.operations.adopt.errors import explained
from telemetry.operations.adopt.objects import Objects, Releases, name_of, version_of
from telemetry.operations.adopt.state import Here, adopted
from telemetry.operations.adopt.systems import Foreign, by_type, look_up
from tests.doubles import Answer, answering
from tests.support import credentials, load_stack, put

CIPHERTEXT = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
STACK = "urn:pulumi:dev::telemetry::pulumi:pulumi:Stack::telemetry-dev"
PROVIDER = "urn:pulumi:dev::telemetry::pulumi:providers:aws::s3"
PARENT = "urn:pulumi:dev::telemetry::telemetry:storage:Buckets::buckets"
BUCKET = "urn:pulumi:dev::telemetry::telemetry:storage:Buckets$aws:s3/bucket:Bucket::blocks"
POLICY = "urn:pulumi:dev::telemetry::telemetry:storage:Buckets$aws:s3/bucketPolicy:BucketPolicy::blocks"


def goal(kind: str, *, custom: bool = True, inputs: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    own = {"adds": dict(inputs)} if inputs else {}
    return {"goal": {"type": kind, "custom": custom, "inputDiff": own, "protect": False, **more}, "steps": ["create"]}


PLAN: dict[str, Any] = {
    "resourcePlans": {
        POLICY: goal(
            "aws:s3/bucketPolicy:BucketPolicy",
            inputs={"bucket": "blocks", "policy": "{}"},
            parent=PARENT,
            provider=f"{PROVIDER}::{UNKNOWN}",
            dependencies=[BUCKET],
            propertyDependencies={"bucket": [BUCKET], "policy": None},
        ),
        BUCKET: goal(
            "aws:s3/bucket:Bucket",
            inputs={"bucket": "blocks"},
            parent=PARENT,
            provider=f"{PROVIDER}::{UNKNOWN}",
            protect=True,
        ),
        PARENT: goal("telemetry:storage:Buckets", custom=False, parent=STACK),
        PROVIDER: {
            **goal("pulumi:providers:aws", inputs={"secretKey": CIPHERTEXT, "__internal": {}}, parent=STACK),
            "state": {"secretKey": CIPHERTEXT},
        },
        STACK: goal("pulumi:pulumi:Stack", custom=False),
    }
}


def planned(urn: str = BUCKET, **inputs: Any) -> Planned:
    found = copy.deepcopy(PLAN["resourcePlans"][urn]["goal"])
    found["inputDiff"]["adds"] |= inputs
    return Planned(urn, found, {})


def of_type(kind: str, /, **inputs: Any) -> Planned:
    return Planned(f"urn:pulumi:dev::telemetry::{kind}::x", goal(kind, inputs=inputs)["goal"], {})


def needs(resource: Mapping[str, Any]) -> list[str]:
    provider = str(resource.get("provider", "")).rpartition("::")[0]
    return [each for each in (resource.get("parent"), provider, *resource.get("dependencies", ())) if each]


def test_what_exists_comes_in_with_all_it_belongs_to_and_in_an_order_that_loads() -> None:
    wanted = unknown_to({}, PLAN)
    numbers = (f"id-{number}" for number in itertools.count())
    after = adopted({}, wanted, {POLICY: Here("blocks"), BUCKET: Here("blocks")}, new_id=lambda: next(numbers))
    urns = [each["urn"] for each in after["resources"]]
    assert sorted(urns) == sorted(PLAN["resourcePlans"])
    for place, each in enumerate(after["resources"]):
        assert set(needs(each)) <= set(urns[:place])
    by_urn = {each["urn"]: each for each in after["resources"]}
    assert by_urn[PROVIDER]["id"] == "id-0"
    assert by_urn[PROVIDER]["inputs"]["secretKey"] == by_urn[PROVIDER]["outputs"]["secretKey"] == CIPHERTEXT
    assert "__internal" not in by_urn[PROVIDER]["outputs"]
    assert by_urn[BUCKET]["provider"] == f"{PROVIDER}::id-0"
    assert by_urn[BUCKET]["protect"] is by_urn[BUCKET]["retainOnDelete"] is True
    assert not {"protect", "retainOnDelete"} & by_urn[POLICY].keys()
    assert by_urn[POLICY]["propertyDependencies"] == {"bucket": [BUCKET], "policy": []}


def test_a_state_without_anything_of_a_component_is_not_given_it() -> None:
    assert adopted({"manifest": {}}, unknown_to({}, PLAN), {}) == {"manifest": {}, "resources": []}


def test_what_does_not_exist_is_nobodys_dependency() -> None:
    after = adopted({}, unknown_to({}, PLAN), {POLICY: Here("blocks")})
    (policy,) = [each for each in after["resources"] if each["urn"] == POLICY]
    assert policy["dependencies"] == []
    assert policy["propertyDependencies"]["bucket"] == []


def test_what_the_state_knows_stays_as_it_is_and_its_provider_is_used() -> None:
    whole = adopted({}, unknown_to({}, PLAN), {BUCKET: Here("blocks"), POLICY: Here("blocks")})
    before = {"resources": [each for each in whole["resources"] if each["urn"] != POLICY]}
    kept = copy.deepcopy(before)
    after = adopted(before, unknown_to(before, PLAN), {POLICY: Here("blocks"), BUCKET: Here("other")})
    assert before == kept
    assert after["resources"][:-1] == before["resources"]
    (own,) = [each["id"] for each in before["resources"] if each["urn"] == PROVIDER]
    assert after["resources"][-1]["provider"] == f"{PROVIDER}::{own}"


@given(there=st.sets(st.sampled_from(sorted([BUCKET, POLICY]))), lost=st.sets(st.sampled_from([BUCKET, POLICY])))
def test_whatever_was_lost_nothing_refers_to_what_is_not_there(there: set[str], lost: set[str]) -> None:
    whole = adopted({}, unknown_to({}, PLAN), {BUCKET: Here("blocks"), POLICY: Here("blocks")})
    gone = lost | ({POLICY} if BUCKET in lost else set())  # else the engine would not load it
    before = {"resources": [each for each in whole["resources"] if each["urn"] not in gone]}
    after = adopted(before, unknown_to(before, PLAN), {urn: Here("blocks") for urn in there})
    urns = [each["urn"] for each in after["resources"]]
    assert len(urns) == len(set(urns))
    assert set(urns) & {BUCKET, POLICY} == (({BUCKET, POLICY} - gone) | there)
    for place, each in enumerate(after["resources"]):
        assert set(needs(each)) <= set(urns[:place])


def test_what_is_live_comes_in_where_it_differs() -> None:
    after = adopted({}, unknown_to({}, PLAN), {BUCKET: Here("blocks", inputs={"tags": "x"}, notes={"__note": 1})})
    bucket = after["resources"][-1]
    assert bucket["inputs"] == {"bucket": "blocks", "tags": "x"}
    assert bucket["outputs"] == {"bucket": "blocks", "tags": "x", "__note": 1}


@pytest.mark.parametrize("steps", [["same"], ["update"], ["create-replacement", "replace", "delete-replaced"], []])
def test_only_what_would_be_made_is_looked_for(steps: list[str]) -> None:
    assert unknown_to({}, {"resourcePlans": {BUCKET: {**PLAN["resourcePlans"][BUCKET], "steps": steps}}}) == {}


def test_what_cannot_be_named_yet_or_is_of_no_known_kind_is_left_to_a_person() -> None:
    unnamed, pet = planned(bucket=UNKNOWN), of_type("random:index:Pet", length=1)
    found = look_up([unnamed, pet, planned(PROVIDER)], by_type({"aws:": SimpleNamespace(look_up=None)}))
    assert set(found) == {unnamed.urn, pet.urn}
    assert all(isinstance(each, Foreign) for each in found.values())


def test_the_longest_beginning_says_who_is_asked() -> None:
    objects, releases = (SimpleNamespace(look_up=lambda _, name=name: Here(name)) for name in ("object", "release"))
    asked = by_type({"kubernetes:": objects, "kubernetes:helm.sh/v3:Release": releases})
    assert asked(of_type("kubernetes:helm.sh/v3:Release")) is releases
    assert asked(of_type("kubernetes:core/v1:Secret")) is objects
    assert asked(planned()) is None


def test_rows_tell_what_is_taken_and_what_is_refused() -> None:
    wanted = {BUCKET: planned(), POLICY: planned(POLICY)}
    rows = AdoptionPlan(wanted, {POLICY: Here("blocks")}, {BUCKET: Foreign("it is Ann's", "ask Ann")}).rows
    assert [(row.kind, row.id, row.will, row.refused) for row in rows] == [
        ("BucketPolicy", "blocks", "take it into the state", False),
        ("Bucket", "blocks", "nothing: it is Ann's. ask Ann", True),
    ]


def s3(answer: Any) -> Buckets:
    def call(**_: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer}}, "Head")
        return answer

    names = ("head_bucket", "get_bucket_policy", "get_bucket_versioning", "get_bucket_lifecycle_configuration")
    return Buckets(SimpleNamespace(**dict.fromkeys(names, call)))


@pytest.mark.parametrize(
    ("thing", "answer", "found"),
    [
        (planned(), {"x": 1}, Here("blocks")),
        (planned(), "404", None),
        (planned(POLICY), {"Policy": "{}"}, Here("blocks")),
        (planned(POLICY), "NoSuchBucketPolicy", None),
        (of_type("aws:s3/bucketVersioning:BucketVersioning", bucket="b"), {"Status": "Enabled"}, Here("b")),
        (of_type("aws:s3/bucketVersioning:BucketVersioning", bucket="b"), {}, None),
        (
            of_type("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", bucket="b"),
            "NoSuchLifecycleConfiguration",
            None,
        ),
    ],
)
def test_a_bucket_and_what_is_set_on_it_is_there_or_not(thing: Planned, answer: Any, found: Here | None) -> None:
    assert s3(answer).look_up(thing) == found


def test_a_bucket_that_we_may_not_see_is_somebody_elses() -> None:
    assert isinstance(s3("403").look_up(planned()), Foreign)


@pytest.mark.parametrize(
    "answer",
    ["SlowDown", EndpointConnectionError(endpoint_url="x"), RecursionError("a redirect, as botocore takes one")],
)
def test_an_object_store_that_cannot_say_stops_everything(answer: Any) -> None:
    with pytest.raises(AdoptError, match="S3 does not"):
        s3(answer).look_up(planned())


@pytest.mark.parametrize("status", [200, 403, 404])
def test_what_is_no_s3_server_says_nothing_of_a_bucket(status: int) -> None:
    page = Answer(status, "<html>Please log in</html>", content_type="text/html")
    with answering(page) as endpoint:
        stack, secrets = load_stack("dev", put("object_store.provisioning_endpoint", endpoint)), credentials()
        with pytest.raises(AdoptError, match=f"something else answers there: {status} text/html"):
            Buckets.of(stack.object_store, secrets.provisioner, stack.trust).look_up(planned())


@pytest.mark.parametrize("status", [200, 404])
def test_what_is_no_grafana_says_nothing_of_a_datasource(status: int) -> None:
    page = httpx.Response(status, html="<html>Please log in</html>")
    with pytest.raises(AdoptError, match=f"what answers {status} at"):
        grafana(lambda _: page).look_up(WANTED)


WANTED = of_type("grafana:oss/dataSource:DataSource", uid="mimir-dev", name="Mimir", type="prometheus", url="http://a")
LIVE = {"uid": "mimir-dev", "name": "Mimir", "type": "prometheus", "url": "http://a", "orgId": 4}


MISSING = httpx.Response(404, json={"message": "not found"})


def grafana(answer: Callable[[httpx.Request], httpx.Response]) -> Datasources:
    return Datasources(httpx.Client(base_url="http://grafana", transport=httpx.MockTransport(answer)))


def test_a_datasource_is_ours_if_it_is_what_we_want() -> None:
    assert grafana(lambda _: httpx.Response(200, json=LIVE)).look_up(WANTED) == Here("4:mimir-dev")
    assert grafana(lambda _: MISSING).look_up(WANTED) is None


@pytest.mark.parametrize("key", ["name", "type", "url"])
def test_a_datasource_that_is_another_is_refused(key: str) -> None:
    found = grafana(lambda _: httpx.Response(200, json={**LIVE, key: "another"})).look_up(WANTED)
    assert isinstance(found, Foreign)
    assert f"its {key} is 'another'" in found.why


def test_a_datasource_is_asked_for_in_its_organisation() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=LIVE) if request.headers["X-Grafana-Org-Id"] == "4" else MISSING

    inside = of_type("grafana:oss/dataSource:DataSource", **WANTED.inputs, orgId="4")
    assert grafana(answer).look_up(inside) == Here("4:mimir-dev")


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(500), httpx.Response(401), httpx.Response(200, text="<html>"), httpx.Response(200, text="[1]")],
)
def test_a_grafana_that_cannot_say_stops_everything(answer: httpx.Response) -> None:
    with pytest.raises(AdoptError, match="Grafana does not show mimir-dev"):
        grafana(lambda _: answer).look_up(WANTED)


FOLDER = of_type("grafana:oss/folder:Folder", uid="telemetry-dev", title="Platform (dev)")
BOARD = of_type(
    "grafana:oss/dashboard:Dashboard",
    configJson='{"uid": "telemetry-dev-mimir", "title": "Mimir"}',
    folder="telemetry-dev",
    orgId="4",
)
LIVE_FOLDER = {"uid": "telemetry-dev", "title": "Platform (dev)", "orgId": 4}
LIVE_BOARD = {"meta": {"folderUid": "telemetry-dev"}, "dashboard": {"uid": "telemetry-dev-mimir", "title": "Mimir"}}


def shelves(path: str, answer: dict[str, Any] | None) -> Dashboards:
    """Return a Grafana that has one thing."""

    def tell(request: httpx.Request) -> httpx.Response:
        there = answer is not None and request.url.path == path
        return httpx.Response(200, json=answer) if there else MISSING

    return Dashboards(httpx.Client(base_url="http://grafana", transport=httpx.MockTransport(tell)))


@pytest.mark.parametrize(
    ("wanted", "path", "live", "id_"),
    [
        (FOLDER, "/api/folders/telemetry-dev", LIVE_FOLDER, "4:telemetry-dev"),
        (BOARD, "/api/dashboards/uid/telemetry-dev-mimir", LIVE_BOARD, "4:telemetry-dev-mimir"),
    ],
)
def test_a_folder_and_a_dashboard_are_ours_if_they_are_what_we_want(
    wanted: Planned, path: str, live: dict[str, Any], id_: str
) -> None:
    assert shelves(path, live).look_up(wanted) == Here(id_)
    assert shelves(path, None).look_up(wanted) is None


@pytest.mark.parametrize(
    ("wanted", "path", "live", "why"),
    [
        (FOLDER, "/api/folders/telemetry-dev", {**LIVE_FOLDER, "title": "Theirs"}, "its title is 'Theirs'"),
        (
            BOARD,
            "/api/dashboards/uid/telemetry-dev-mimir",
            {**LIVE_BOARD, "dashboard": {"title": "Theirs"}},
            "its title is 'Theirs'",
        ),
        (
            BOARD,
            "/api/dashboards/uid/telemetry-dev-mimir",
            {**LIVE_BOARD, "meta": {"folderUid": "x"}},
            "it is in the folder 'x', not in 'telemetry-dev'",
        ),
        (BOARD, "/api/dashboards/uid/telemetry-dev-mimir", {}, "it is in the folder '', not in 'telemetry-dev'"),
    ],
)
def test_a_folder_or_dashboard_that_is_another_is_refused(
    wanted: Planned, path: str, live: dict[str, Any], why: str
) -> None:
    found = shelves(path, live).look_up(wanted)
    assert isinstance(found, Foreign)
    assert why in found.why


def test_of_grafana_nothing_else_is_taken_over() -> None:
    assert isinstance(shelves("/", {}).look_up(of_type("grafana:oss/team:Team", name="x")), Foreign)


SECRET = of_type("kubernetes:core/v1:Secret", apiVersion="v1", kind="Secret", metadata={"name": "s", "namespace": "n"})


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({}, None),
        (
            {"managedFields": [{"manager": "kubectl"}, {"manager": "pulumi-kubernetes-1"}]},
            Here("n/s", notes={"__fieldManager": "pulumi-kubernetes-1", "__initialApiVersion": "v1"}),
        ),
    ],
)
def test_an_object_is_ours_if_the_provider_has_written_it(metadata: dict[str, Any], found: Here | None) -> None:
    cluster: Any = SimpleNamespace(metadata=lambda _: metadata)
    assert Objects(cluster).look_up(SECRET) == found


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"managedFields": [{"manager": "kubectl"}]}, "somebody else has made it (kubectl)"),
        ({"name": "s"}, "somebody else has made it"),
        (
            {"managedFields": [{"manager": "pulumi-kubernetes"}], "deletionTimestamp": "now"},
            "it is being deleted",
        ),
    ],
)
def test_an_object_of_somebody_else_is_refused(metadata: dict[str, Any], why: str) -> None:
    cluster: Any = SimpleNamespace(metadata=lambda _: metadata)
    found = Objects(cluster).look_up(SECRET)
    assert isinstance(found, Foreign)
    assert found.why == why


def test_a_cluster_that_cannot_say_stops_everything() -> None:
    def metadata(_: Any) -> Any:
        raise ClusterError("no answer")

    cluster: Any = SimpleNamespace(metadata=metadata)
    with pytest.raises(AdoptError, match="no answer"):
        Objects(cluster).look_up(SECRET)


RELEASE = of_type(
    "kubernetes:helm.sh/v3:Release", name="mimir", namespace="n", chart="oci://x/mimir-distributed", values={"a": 1}
)
LISTED = {"name": "mimir", "namespace": "n", "status": "deployed", "revision": "3", "chart": "mimir-distributed-6.1.0"}


def releases(listed: Mapping[str, Any] = LISTED, **values: Any) -> Releases:
    helm: Any = SimpleNamespace(get_values=lambda _: values)
    return Releases(helm, ["blocks"], {str(listed["name"]): dict(listed)})  # type: ignore[dict-item]


def test_a_release_of_ours_comes_in_with_its_live_values() -> None:
    found = releases(bucket="blocks").look_up(RELEASE)
    inputs = {"values": {"bucket": "blocks"}, "version": "6.1.0"}
    assert found == Here("n/mimir", inputs=inputs, notes={"__inputs": secret({**RELEASE.inputs, **inputs})})
    assert releases({**LISTED, "name": "other"}).look_up(RELEASE) is None


@pytest.mark.parametrize(
    ("listed", "values", "why"),
    [
        ({**LISTED, "status": "pending-upgrade"}, {"bucket": "blocks"}, "it is pending-upgrade"),
        ({**LISTED, "chart": "mimir-2.0.0"}, {"bucket": "blocks"}, "it is of another chart, mimir-2.0.0"),
        (LISTED, {"bucket": "theirs"}, "it uses none of this stack's buckets"),
    ],
)
def test_a_release_of_somebody_else_is_refused(listed: dict[str, Any], values: dict[str, Any], why: str) -> None:
    found = releases(listed, **values).look_up(RELEASE)
    assert isinstance(found, Foreign)
    assert found.why == why


def test_a_collector_is_ours_if_it_reads_our_configuration() -> None:
    ours = {"alloy": {"configMap": {"create": False, "name": "collector", "key": "config.alloy"}}}
    wanted = of_type(
        "kubernetes:helm.sh/v3:Release", name="collector", namespace="n", chart="alloy", version="1.11.1", values=ours
    )
    listed = {**LISTED, "name": "collector", "chart": "alloy-1.11.1"}
    found = releases(listed, **ours).look_up(wanted)
    assert isinstance(found, Here)
    assert (found.id, found.inputs) == ("n/collector", {"values": ours, "version": "1.11.1"})
    others: tuple[dict[str, Any], ...] = ({"alloy": {"configMap": {"create": True}}}, {"alloy": {}}, {})
    for theirs in others:
        assert isinstance(releases(listed, **theirs).look_up(wanted), Foreign)


def test_a_release_whose_values_hold_secrets_never_comes_into_the_state() -> None:
    hidden = of_type("kubernetes:helm.sh/v3:Release", **{**RELEASE.inputs, "values": {"a": [CIPHERTEXT]}})
    found = releases(bucket="blocks").look_up(hidden)
    assert isinstance(found, Foreign)
    assert "secrets" in found.why


@pytest.mark.parametrize(
    ("chart", "name"),
    [
        ("tempo", "tempo"),
        ("./charts/tempo/", "tempo"),
        ("../charts/tempo-distributed-2.26.2.tgz", "tempo-distributed"),
        ("./charts/tempo-2.2.4-rc.1.tgz", "tempo"),
        ("oci://r.example:5000/charts/mimir-distributed", "mimir-distributed"),
        (f"oci://r.example/charts/tempo@sha256:{64 * '0'}", "tempo"),
    ],
)
def test_a_chart_has_the_same_name_wherever_it_comes_from(chart: str, name: str) -> None:
    assert name_of(chart) == name


@pytest.mark.parametrize(
    ("chart", "listed", "version"),
    [
        ("tempo", "tempo-2.2.4", "2.2.4"),
        ("tempo", "tempo-distributed-2.26.2", None),
        ("tempo", "tempo", None),
        ("mimir-distributed", "mimir-distributed-6.1.0-rc.1", "6.1.0-rc.1"),
    ],
)
def test_a_charts_version_is_what_follows_its_name(chart: str, listed: str, version: str | None) -> None:
    assert version_of(chart, listed) == version


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error: no stack named 'dev' found", "pulumi stack init dev"),
        ("error: failed to load checkpoint: unexpected end of JSON input", "restore-state dev"),
        ("error: no such host", "no such host"),
    ],
)
def test_what_pulumi_says_of_a_lost_state_is_told_with_what_to_do(said: str, told: str) -> None:
    assert told in str(explained(ToolError(said), "dev"))
