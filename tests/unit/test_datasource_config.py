"""The datasources of a stack: every uid that is referenced is declared, none is used twice, and no secret is shown."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.access import Access, Pair
from telemetry.config.gateway import Federation, Gateway
from telemetry.gateway.access import Credential
from telemetry.grafana.datasources import Datasource, datasources_of
from telemetry.grafana.views import environment_org, unseen, views
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant, object_name
from tests.support import ENVIRONMENTS, WITH_LOGS, Change, drop, load_stack, put

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
TOKEN, CLIENT_KEY, ALL_TOKEN, AUTHORITY = "dt0-fake", "dk0-fake", "da0-fake", "authority-pem"
PAIR = Pair("certificate-pem", CLIENT_KEY)
FEDERATION = Credential(ALL_TOKEN, None)
LOGS = load_stack("dev", WITH_LOGS).logs
ALONE = (drop("gateway"), put("tenants", []))
"""Makes any stack one without tenants."""


def stack_of(environment: str, tenants: list[Tenant], gateway: Gateway | None = None) -> Stack:
    """Return a stack with these tenants; what they add up to is not looked at here."""
    return load_stack(environment, *_alone(environment)).model_copy(update={"tenants": tenants, "gateway": gateway})


def _alone(environment: str) -> tuple[Change, ...]:
    return () if environment == "dev" else ALONE


def tenant(id_: str = "team-a", display_name: str = "Team A", **more: Any) -> Tenant:
    return Tenant(id=id_, display_name=display_name, **more)


def of(
    stack: Stack,
    credentials: Mapping[str, Credential] | None = None,
    federation: Credential | None = FEDERATION,
    authority: str | None = None,
) -> list[Datasource]:
    """Return a stack's datasources; unless told otherwise, the gateway knows every tenant by a token."""
    if credentials is None:
        known = stack.tenants if stack.gateway else []
        credentials = {each.id: Credential(TOKEN, None) for each in known}
    shown = views(stack, credentials=credentials, federation=federation)
    urls: dict[str, str] = {backend.signal: f"http://{backend.of.name}" for backend in stack.backends}
    made = datasources_of(stack, shown, urls=urls, authority=authority)
    return [each for of_view in made for each in of_view.values()]


def making(stack: Stack, *processors: str) -> Stack:
    """Return a stack whose metrics-generator makes only these metrics."""
    return stack.model_copy(update={"traces": stack.traces.model_copy(update={"processors": list(processors)})})


def by_uid(found: list[Datasource]) -> dict[str, Datasource]:
    return {each.uid: each for each in found}


def referenced(node: Any) -> Iterator[str]:
    """Yield every datasource uid that JSON settings refer to, wherever it stands."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "datasourceUid")
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from referenced(child)


# Without tenants


@each_environment
def test_a_stack_without_tenants_has_the_plans_two(environment: str) -> None:
    mimir, tempo = of(stack_of(environment, []))
    assert (mimir.uid, mimir.name, mimir.kind) == (f"mimir-{environment}", f"Mimir ({environment})", "prometheus")
    assert (tempo.uid, tempo.name, tempo.kind) == (f"tempo-{environment}", f"Tempo ({environment})", "tempo")
    assert (mimir.url, tempo.url) == ("http://mimir", "http://tempo")
    for each in (mimir, tempo):
        assert (each.headers, each.secure_json_data, each.org) == ({}, None, None)


def test_traces_lead_to_metrics_metrics_to_traces_and_services_to_a_map() -> None:
    mimir, tempo = (json.loads(each.json_data) for each in of(stack_of("dev", [])))
    assert tempo.keys() == {"tracesToMetrics", "nodeGraph", "serviceMap"}
    assert tempo["tracesToMetrics"]["queries"]
    assert all("traces_spanmetrics_" in query["query"] for query in tempo["tracesToMetrics"]["queries"])
    assert tempo["serviceMap"] == {"datasourceUid": "mimir-dev"}
    assert mimir == {
        "prometheusType": "Mimir",
        "httpMethod": "POST",
        "exemplarTraceIdDestinations": [{"name": "traceID", "datasourceUid": "tempo-dev"}],
    }


LOKI = {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100}


def test_to_somebody_elses_loki_there_are_links_both_ways_by_a_datasource_of_ours_without_our_credentials() -> None:
    url = {"url": "http://loki.logging.svc:3100", "tenant": "theirs"}
    stack = load_stack("prod", put("existing", {"logs": {**LOKI, **url}}))
    found = by_uid(of(stack))
    loki, tempo = found["loki-prod_all"], json.loads(found["tempo-prod_all"].json_data)
    assert (loki.name, loki.kind, loki.url) == ("Loki (prod)", "loki", "http://loki.logging.svc:3100")
    assert (loki.headers, loki.secure_json_data) == ({"X-Scope-OrgID": "theirs"}, None)
    assert set(referenced(json.loads(loki.json_data))) == {"tempo-prod_all"}
    assert tempo["tracesToLogsV2"]["datasourceUid"] == "loki-prod_all"
    assert "loki-prod-platform" not in found  # what others keep is not kept apart by our tenants
    assert "tracesToLogsV2" not in json.loads(found["tempo-prod-platform"].json_data)


def test_to_somebody_elses_datasource_leads_a_span_in_its_own_organisation() -> None:
    theirs = {"datasource": "their-loki", "grafana_org": 3}
    stack = load_stack("prod", put("existing", {"logs": {**LOKI, **theirs}}))
    in_org = stack.model_copy(update={"tenants": [tenant(grafana_org=3), tenant("b", "B", grafana_org=4)]})
    tempos = {each.uid: json.loads(each.json_data) for each in of(in_org) if each.kind == "tempo"}
    assert tempos["tempo-prod-team-a"]["tracesToLogsV2"]["datasourceUid"] == "their-loki"
    assert "tracesToLogsV2" not in tempos["tempo-prod-b"]
    assert not [each.uid for each in of(in_org) if each.kind == "loki"]


def test_no_span_leads_to_metrics_that_nobody_makes() -> None:
    assert not any("tracesToMetrics" in each.json_data for each in of(making(stack_of("dev", []), "service-graphs")))


def test_there_is_no_service_map_without_its_metrics() -> None:
    assert not any("serviceMap" in each.json_data for each in of(making(stack_of("dev", []), "span-metrics")))


# With tenants


def test_a_tenant_has_its_own_and_there_is_a_pair_for_all() -> None:
    found = of(stack_of("prod", [tenant(), tenant("b", "Team B")], Gateway()))
    assert {each.uid: each.name for each in found} == {
        "mimir-prod-team-a": "Mimir (prod, Team A)",
        "tempo-prod-team-a": "Tempo (prod, Team A)",
        "mimir-prod-b": "Mimir (prod, Team B)",
        "tempo-prod-b": "Tempo (prod, Team B)",
        "mimir-prod_all": "Mimir (prod)",
        "tempo-prod_all": "Tempo (prod)",
    }


def test_a_tenant_named_all_is_not_all_tenants() -> None:
    found = of(stack_of("prod", [tenant("all", "all tenants"), tenant("_all", ": all tenants")], Gateway()))
    assert len(by_uid(found)) == len({each.name for each in found}) == 6
    assert by_uid(found)["mimir-prod-all"].headers["X-Scope-OrgID"] == "all"
    assert "X-Scope-OrgID" not in by_uid(found)["mimir-prod_all"].headers


def test_through_the_gateway_each_comes_with_its_own_token_and_the_reader_of_all_with_another() -> None:
    found = by_uid(of(stack_of("prod", [tenant(), tenant("B", "Team B")], Gateway()), {
        "team-a": Credential("one-fake", None), "B": Credential("two-fake", None),
    }))  # fmt: skip
    assert found["mimir-prod-team-a"].headers == {"X-Scope-OrgID": "team-a", "Authorization": "Bearer one-fake"}
    assert found[f"tempo-prod-{object_name('B')}"].headers == {
        "X-Scope-OrgID": "B",
        "Authorization": "Bearer two-fake",
    }
    assert found["tempo-prod_all"].headers == {"Authorization": f"Bearer {ALL_TOKEN}"}


def test_without_a_gateway_the_backends_are_told_who_asks() -> None:
    found = by_uid(of(stack_of("dev", [tenant(), tenant("b", "Team B")]), federation=None))
    assert found["tempo-dev-team-a"].headers == {"X-Scope-OrgID": "team-a"}
    assert found["mimir-dev_all"].headers == {"X-Scope-OrgID": "team-a|b"}
    assert not any(each.secure_json_data for each in found.values())


def test_a_client_certificate_and_the_gateways_authority_are_secret_settings() -> None:
    certified = tenant(access=Access(accepts="both"))
    stack = stack_of("prod", [certified], Gateway())
    found = by_uid(of(stack, {"team-a": Credential(TOKEN, PAIR)}, authority=AUTHORITY))
    own, shared = found["mimir-prod-team-a"], found["mimir-prod_all"]
    assert json.loads(own.json_data).items() >= {"tlsAuth": True, "tlsAuthWithCACert": True}.items()
    assert json.loads(own.secure_json_data or "") == {
        "tlsClientCert": PAIR.certificate,
        "tlsClientKey": CLIENT_KEY,
        "tlsCACert": AUTHORITY,
    }
    assert "tlsAuth" not in json.loads(shared.json_data)
    assert json.loads(shared.secure_json_data or "") == {"tlsCACert": AUTHORITY}


def test_a_public_authority_needs_no_setting() -> None:
    for each in of(stack_of("prod", [tenant()], Gateway())):
        assert each.secure_json_data is None
        assert "tls" not in each.json_data


SEVERAL = [tenant(), tenant("b", "Team B", grafana_org=7)]
BY_ID = {"team-a": Credential("one-fake", None), "b": Credential("two-fake", None)}


def without_federation(tenants: list[Tenant], platform: str | None = None) -> Stack:
    """Return a stack in which nobody reads all tenants; `platform` is the one with the platform's own metrics."""
    stack = stack_of("prod", tenants, Gateway(federation=None))
    return stack.model_copy(update={"monitoring": stack.monitoring.model_copy(update={"tenant": platform})})


@pytest.mark.parametrize(
    ("tenants", "platform", "shown"), [(SEVERAL[1:], None, "b"), (SEVERAL, "b", "b"), (SEVERAL, "team-a", "team-a")]
)
def test_where_nobody_reads_all_the_environments_show_one_tenant_to_those_who_see_it_anyway(
    tenants: list[Tenant], platform: str | None, shown: str
) -> None:
    stack = without_federation(tenants, platform)
    found = by_uid(of(stack, BY_ID, federation=None))
    for name in ("mimir", "tempo"):
        environment, own = found[f"{name}-prod_all"], found[f"{name}-prod-{shown}"]
        assert environment.name == f"{name.title()} (prod)"
        assert (environment.headers, environment.org) == (own.headers, own.org)
        assert environment.org == environment_org(stack)


@pytest.mark.parametrize(
    ("platform", "credentials"), [(None, BY_ID), ("b", {**BY_ID, "b": Credential(None, None)})], ids=["none", "unknown"]
)
def test_where_nobody_reads_all_no_other_tenant_stands_for_them(
    platform: str | None, credentials: dict[str, Credential]
) -> None:
    found = of(without_federation(SEVERAL, platform), credentials, federation=None)
    assert {each.name for each in found} == {
        f"{title} (prod, {each.display_name})"
        for title in ("Mimir", "Tempo")
        for each in SEVERAL
        if credentials[each.id].token
    }


def test_first_tenants_give_the_environments_another_uid_and_it_is_still_the_same_datasource() -> None:
    before, after = (of(stack_of("dev", tenants))[-2:] for tenants in ([], [tenant()]))
    assert [each.name for each in before] == [each.name for each in after]
    assert [each.earlier_uid for each in after] == [each.uid for each in before]
    assert [each.earlier_uid for each in before] == [each.uid for each in after]


@pytest.mark.parametrize(
    ("accepts", "token", "certificate", "has_some"),
    [
        ("token", TOKEN, None, True),
        ("token", None, None, False),
        ("certificate", None, PAIR, True),
        ("certificate", None, None, False),
        ("either", None, PAIR, True),
        ("either", TOKEN, None, True),
        ("either", None, None, False),
        ("both", TOKEN, PAIR, True),
        ("both", None, PAIR, False),
        ("both", TOKEN, None, False),
    ],
)
def test_who_cannot_be_let_in_has_no_datasource(accepts: Any, token: str, certificate: Pair, has_some: bool) -> None:
    stack = stack_of("prod", [tenant(access=Access(accepts=accepts)), tenant("b", "Team B")], Gateway())
    credentials = {"team-a": Credential(token, certificate), "b": Credential(TOKEN, None)}
    found = by_uid(of(stack, credentials))
    assert ("mimir-prod-team-a" in found) is ("tempo-prod-team-a" in found) is has_some
    assert {"mimir-prod-b", "mimir-prod_all"} <= found.keys()
    assert unseen(stack, credentials) == ([] if has_some else ["team-a"])


# Whatever the tenants are

IDS = (
    st.from_regex(r"[A-Za-z0-9!_.*'()-]{1,150}", fullmatch=True)
    | st.from_regex(r"[a-z][a-z0-9]{26,29}", fullmatch=True)
).filter(lambda value: value not in {".", "..", "*", "__mimir_cluster", "anonymous", "single-tenant"})
NAMES = st.text(
    st.characters(exclude_characters='"\\', exclude_categories=("C", "Z"), include_characters=" ", codec="utf-8"),
    min_size=1,
    max_size=80,
).filter(lambda name: name == name.strip())
ORGS = st.none() | st.integers(1, 3)


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Draw a stack with tenants, in organisations or not, behind a gateway or not."""
    each = st.tuples(IDS, NAMES, ORGS)
    drawn = draw(
        st.lists(each, min_size=1, max_size=8, unique_by=(lambda one: object_name(one[0]), lambda one: one[1]))
    )
    tenants = [tenant(id_, name, grafana_org=org) for id_, name, org in drawn]
    federation = draw(st.none() | st.builds(Federation, grafana_org=ORGS))
    gateway = draw(st.sampled_from([None, Gateway(federation=federation)]))
    return stack_of(draw(st.sampled_from(ENVIRONMENTS)), tenants, gateway)


@given(stacks(), st.booleans(), st.none() | st.just(AUTHORITY))
def test_what_holds_for_any_tenants(stack: Stack, service_map: bool, authority: str | None) -> None:
    processors = ("service-graphs", "span-metrics") if service_map else ("span-metrics",)
    found = of(making(stack, *processors), authority=authority)
    org_of = {each.uid: each.org for each in found}
    assert len(org_of) == len(found), "uids name resources, so they are unique even across organisations"
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in org_of)
    assert Counter((each.org, each.name) for each in found).most_common(1)[0][1] == 1
    for each in found:
        links = set(referenced(json.loads(each.json_data)))
        assert {org_of[uid] for uid in links} == {each.org}
        assert links.isdisjoint({each.uid})
        assert each.json_data == json.dumps(json.loads(each.json_data), sort_keys=True)


@given(stacks())
def test_no_link_leads_from_one_tenant_to_another(stack: Stack) -> None:
    found = by_uid(of(stack))
    for each in found.values():
        for uid in referenced(json.loads(each.json_data)):
            assert found[uid].headers == each.headers


@given(stacks())
def test_no_secret_and_no_header_travels_in_plain_json_or_in_a_message(stack: Stack) -> None:
    credentials = {each.id: Credential(TOKEN, PAIR) for each in stack.tenants}
    for each in of(stack, credentials, authority=AUTHORITY):
        shown = each.json_data + repr(each)
        assert not [secret for secret in (TOKEN, ALL_TOKEN, CLIENT_KEY) if secret in shown]
        # Keys alone: hypothesis draws names from the code that is loaded, so that a tenant may be called so.
        assert not [key for key in json.loads(each.json_data) if key.startswith("httpHeader")]


def test_uids_are_pinned() -> None:
    """They stand in dashboards: another one for the same tenant is another datasource."""
    longest = "a" * 30
    stack = stack_of("prod", [tenant(), tenant("Team.B", "B"), tenant(longest, "C")], Gateway())
    assert [each.uid for each in of(stack) if each.kind == "tempo"] == [
        "tempo-prod-team-a",
        "tempo-prod-team-b-0a5b173f",
        "tempo-prod-aaaaaaaaaaaaaaaaaaaa_c0c05404",
        "tempo-prod_all",
    ]


# Logs


@each_environment
def test_logs_are_linked_to_traces_and_traces_to_logs_for_every_reader(environment: str) -> None:
    stack = stack_of(environment, [tenant(), tenant("team-b", "Team B")]).model_copy(update={"logs": LOGS})
    found = by_uid(of(stack))
    assert {uid for uid, each in found.items() if each.kind == "loki"} == {
        f"loki-{environment}{of}" for of in ("-team-a", "-team-b", "_all")
    }
    for uid, each in found.items():
        links, own = json.loads(each.json_data), uid.partition("-")[2]
        if each.kind == "loki":
            assert each.name == found[f"mimir-{own}"].name.replace("Mimir", "Loki")
            assert {link["datasourceUid"] for link in links["derivedFields"]} == {f"tempo-{own}"}
            assert each.headers == found[f"tempo-{own}"].headers
        elif each.kind == "tempo":
            assert links["tracesToLogsV2"]["datasourceUid"] == f"loki-{own}"
    assert set(referenced([json.loads(each.json_data) for each in found.values()])) <= set(found)


def test_a_trace_finds_its_lines_by_structured_metadata_and_a_line_its_trace_wherever_the_id_is() -> None:
    links = json.loads(by_uid(of(load_stack("dev", WITH_LOGS)))["tempo-dev"].json_data)
    assert links["tracesToLogsV2"]["query"] == '{${__tags}} | trace_id = "${__trace.traceId}"'
    fields = json.loads(by_uid(of(load_stack("dev", WITH_LOGS)))["loki-dev"].json_data)["derivedFields"]
    (metadata,) = (each for each in fields if each.get("matcherType") == "label")
    (text,) = (each for each in fields if "matcherType" not in each)
    assert metadata["matcherRegex"] == "trace_id"
    trace = "0af7651916cd43dd8448eb211c80319c"
    for line in (f"level=info traceID={trace} ok", f'{{"trace_id": "{trace}"}}'):
        match = re.search(text["matcherRegex"], line)
        assert match is not None
        assert match[1] == trace


@each_environment
def test_without_logs_nothing_speaks_of_them(environment: str) -> None:
    assert not [each for each in of(load_stack(environment)) if "oki" in each.json_data + each.name]
