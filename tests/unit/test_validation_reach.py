"""The ways into a cluster: none, a forwarded port, the API server; and what is skipped for want of one."""

import ssl
from pathlib import Path

import httpx
import pytest
import yaml
from kubernetes import client

from telemetry.clients.kubernetes import connect
from telemetry.clients.reach import Reach, ask
from telemetry.config.connections import Kubernetes
from telemetry.spec.checks import CheckFailed, CheckSkipped, Refused
from tests.doubles import Answer, answering, refused

NOWHERE = "http://mimir-distributor.no-such-namespace.svc:8080/api/v1/user_limits"
PLACE = "mimir-distributor.no-such-namespace.svc:8080"


def client_by(reach: Reach, **headers: str) -> httpx.Client:
    return httpx.Client(transport=reach.transport(ssl.create_default_context()), headers=headers, trust_env=False)


def test_what_has_no_route_is_skipped_with_what_to_do() -> None:
    with (
        client_by(Reach()) as asked,
        pytest.raises(CheckSkipped, match=f"no route to {PLACE} .* --connect-to {PLACE}="),
    ):
        ask(asked, "GET", NOWHERE)


def test_a_forwarded_port_is_used_in_its_place() -> None:
    answer = Answer()
    with answering(answer) as url, client_by(Reach({PLACE: url.removeprefix("http://")})) as asked:
        assert ask(asked, "GET", NOWHERE).json() == {}
    assert [each for each, _ in answer.asked] == ["GET /api/v1/user_limits"]


def test_a_certificate_is_held_against_the_name_and_not_against_the_forwarded_port() -> None:
    assert Reach({"gateway.ns.svc:443": "127.0.0.1:8443"}).target("https://gateway.ns.svc/prometheus") == (
        "127.0.0.1:8443",
        "gateway.ns.svc",
    )


def test_the_api_server_passes_a_request_on_with_our_login_to_it() -> None:
    answer = Answer()
    with answering(answer) as server:
        known = client.Configuration(host=server, api_key={"authorization": "Bearer fake"})
        with client_by(Reach(api=client.ApiClient(known))) as asked:
            ask(asked, "GET", f"{NOWHERE}?a=b")
    path = "/api/v1/namespaces/no-such-namespace/services/http:mimir-distributor:8080/proxy/api/v1/user_limits?a=b"
    assert answer.asked == [(f"GET {path}", "Bearer fake")]


def test_the_api_server_is_reached_by_the_proxy_that_the_kubeconfig_names(tmp_path: Path) -> None:
    proxy, file = Answer(), tmp_path / "kubeconfig"
    with answering(proxy) as address:
        cluster = {"server": "http://api.no-such-network.invalid", "proxy-url": address}
        kubeconfig = {
            "current-context": "far",
            "clusters": [{"name": "far", "cluster": cluster}],
            "users": [{"name": "far", "user": {"token": "fake"}}],
            "contexts": [{"name": "far", "context": {"cluster": "far", "user": "far"}}],
        }
        file.write_text(yaml.safe_dump(kubeconfig))
        api = connect(Kubernetes(kubeconfig=str(file), context="far"))
        with client_by(Reach(api=api)) as asked:
            assert ask(asked, "GET", NOWHERE).json() == {}
    ((line, login),) = proxy.asked
    assert line.startswith("GET http://api.no-such-network.invalid/api/v1/namespaces/no-such-namespace/services/")
    assert login == "Bearer fake"


def test_an_api_server_that_does_not_answer_is_a_failure() -> None:
    api = client.ApiClient(client.Configuration(host=refused(), retries=0))
    with client_by(Reach(api=api)) as asked, pytest.raises(CheckFailed, match="does not answer"):
        ask(asked, "GET", NOWHERE)


def test_no_credential_is_given_to_the_api_server() -> None:
    answer = Answer()
    with answering(answer) as server:
        reach = Reach(api=client.ApiClient(client.Configuration(host=server)))
        with (
            client_by(reach, Authorization="Bearer of-a-tenant") as asked,
            pytest.raises(CheckSkipped, match="passes no"),
        ):
            ask(asked, "GET", NOWHERE)
    assert answer.asked == []


@pytest.mark.parametrize(("status", "error"), [(401, Refused), (403, Refused), (500, CheckFailed), (404, CheckFailed)])
def test_a_refusal_is_told_with_what_was_said(status: int, error: type[Exception]) -> None:
    with answering(Answer(status, "the reason")) as url, client_by(Reach()) as asked:
        with pytest.raises(error, match=f"answered {status} .the reason.") as told:
            ask(asked, "GET", url)
        assert isinstance(told.value, Refused) is (status in (401, 403))


def test_a_web_page_is_no_answer() -> None:
    page = Answer(200, "<html>Please log in</html>", content_type="text/html; charset=utf-8")
    with answering(page) as url, httpx.Client() as asked, pytest.raises(CheckFailed, match="answered with a web page"):
        ask(asked, "GET", url)


def test_a_direct_address_at_which_nobody_listens_is_a_failure() -> None:
    with client_by(Reach()) as asked, pytest.raises(CheckFailed, match="does not answer"):
        ask(asked, "GET", refused())
