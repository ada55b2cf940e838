"""`commands validate`: what is validated of a stack, how it is called, and how it ends."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes import client
from typer.testing import CliRunner, Result

from telemetry.backends.mimir import blocks as bucket
from telemetry.cli import validate as validate_command
from telemetry.cli.app import app
from telemetry.clients.cli_tools import Pulumi
from telemetry.clients.reach import Reach
from telemetry.clients.target import COLLECTOR_ADDRESS
from telemetry.gateway.addresses import client_endpoints
from telemetry.operations.validation import addresses, grafana, plan
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.stack import decrypted as credentials_of_stack
from tests.doubles import Answer, answering, refused, s3_answer, s3_error
from tests.support import credentials, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET
from tests.unit.test_commands import stack_config

SOMEBODY = {"id": "payments", "display_name": "Payments"}


def outputs(environment: str = "prod") -> dict[str, Any]:
    stack = load_stack(environment)
    traces, metrics = (client_endpoints(stack.backend(signal))._asdict() for signal in ("traces", "metrics"))
    pair = {signal: {"name": signal, "uid": f"{signal}-uid"} for signal in ("traces", "metrics")}
    return {
        "endpoints": {"traces": traces, "metrics": metrics},
        "certificate_authority": "",
        "datasources": pair,
        "tenants": [{"id": tenant.id, "datasources": pair} for tenant in stack.tenants],
    }


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers for a stack that is deployed."""
    monkeypatch.setattr(Pulumi, "json", lambda *_: outputs())
    monkeypatch.setattr(credentials_of_stack, "load", lambda *_: credentials())


def run(*arguments: str | Path) -> Result:
    given = ["validate", "prod", "--no-api-server", "--bound", "2", *map(str, arguments)]
    return CliRunner(env={"COLUMNS": "220"}).invoke(app, given)


def target(reach: Reach | None = None, moved: dict[str, str] | None = None, **more: Any) -> StackTarget:
    stack = load_stack("prod")
    return validate_command.target_of(stack, outputs(), credentials(), reach or Reach(), moved or {}, **more)


def test_without_a_route_to_the_gateway_the_backends_are_asked_and_that_is_shown_as_skipped() -> None:
    chosen = target()
    assert chosen.behind_gateway
    assert chosen.addresses["metrics.query"] == addresses.backends(chosen.stack)["metrics.query"]
    assert chosen.identity(chosen.tenants[0]) == {"X-Scope-OrgID": "platform"}
    first = plan.lanes(chosen, {})[0].checks[0]
    assert (first.signal, first.name) == ("gateway", "lets this tenant in")
    with pytest.raises(CheckSkipped, match="no route to the gateway"):
        first.run(1)


def test_with_a_route_to_the_gateway_tenants_come_with_their_own_token() -> None:
    host = f"gateway.{load_stack('prod').namespace.name}.svc:443"
    chosen = target(Reach({host: "127.0.0.1:8443"}))
    assert not chosen.behind_gateway
    (header,) = chosen.identity(chosen.tenants[0]).values()
    assert header.startswith("Bearer ")
    assert header.removeprefix("Bearer ") not in repr(chosen.tenants)


def test_nobody_comes_in_the_name_of_a_tenant_whose_credential_is_not_ours() -> None:
    stack = load_stack("prod", put("tenants", [SOMEBODY | {"access": {"token_secret": "their-own"}}]))
    moved = {"metrics.query": "https://gateway.example.org/prometheus"}
    chosen = validate_command.target_of(
        stack, outputs() | {"tenants": [{"id": "payments", "datasources": None}]}, credentials(), Reach(), moved
    )
    ours = [each for each in plan.lanes(chosen, {})[0].checks if each.name.endswith("out")]
    assert len(ours) == 6
    for check in ours:
        with pytest.raises(CheckSkipped, match="nobody can come in its name"):
            check.run(1)


def test_a_tenant_that_may_not_write_or_read_a_signal_is_not_tried_with_it() -> None:
    access = {"scopes": {"metrics": ["write"], "traces": ["read", "write"]}}
    stack = load_stack("prod", put("tenants", [SOMEBODY | {"access": access}]))
    moved = {"metrics.query": "https://gateway.example.org/prometheus"}
    chosen = validate_command.target_of(
        stack, outputs() | {"tenants": [{"id": "payments", "datasources": None}]}, credentials(), Reach(), moved
    )
    ours = [each for each in plan.lanes(chosen, {})[0].checks if each.name.endswith("out")]
    for check in (each for each in ours if each.signal == "metrics"):
        with pytest.raises(CheckSkipped, match=r"may not read metrics \(access.scopes\)"):
            check.run(1)
    (first, *_) = (each for each in ours if each.signal == "traces")
    with pytest.raises(CheckSkipped, match="no route to gateway"):  # it is tried
        first.run(1)


@pytest.mark.parametrize("deploys", [True, False])
def test_a_collector_is_asked_where_the_program_deploys_it_or_somebody_says_where_it_is(deploys: bool) -> None:
    stack = load_stack("prod", put("collector", DAEMON_SET if deploys else {}))
    of = validate_command.target_of
    said = of(stack, outputs(), credentials(), Reach(), {COLLECTOR_ADDRESS: "http://127.0.0.1:4318"})
    silent = of(stack, outputs(), credentials(), Reach(), {})
    assert said.addresses[COLLECTOR_ADDRESS] == "http://127.0.0.1:4318"
    assert silent.addresses.get(COLLECTOR_ADDRESS) == ("http://collector.ca7f8f-prod.svc:4318" if deploys else None)
    assert (said.collects_as, silent.collects_as) == (("platform",), ("platform",) if deploys else ())
    names = {(each.signal, each.name) for each in plan.lanes(said, {})[0].checks}
    ours = {("metrics", "collector in, PromQL out"), ("traces", "collector in, by id out")}
    assert names >= ours
    for check in plan.without(plan.lanes(said, {}), ["collector"])[0].checks:
        if (check.signal, check.name) in ours:
            with pytest.raises(CheckSkipped, match="left out by --skip"):
                check.run(1)


def test_what_network_policies_keep_the_api_server_from_is_skipped() -> None:
    chosen = target(Reach(api=client.ApiClient(client.Configuration(host=refused()))))
    checks = [each for lane in plan.lanes(chosen, {}) for each in lane.checks]
    ring = next(each for each in checks if (each.signal, each.name) == ("traces", "ingester ring"))
    with pytest.raises(CheckSkipped, match="network policies keep the API server from"):
        ring.run(1)
    with pytest.raises(CheckSkipped, match=r"metrics|mimir-ingester"):
        chosen.inner("metrics.flush")


@pytest.mark.usefixtures("deployed")
def test_a_stack_without_a_route_ends_with_failures_or_skips_each_with_a_line(tmp_path: Path) -> None:
    config = stack_config(tmp_path / "prod.yaml", "prod", put("grafana", {"url": refused()}))
    junit, file = tmp_path / "junit.xml", tmp_path / "results.json"
    done = run("--config-file", config, "--no-flush", "--junit", junit, "--output", file)
    assert done.exit_code == 1, done.output
    content = json.loads(file.read_text())
    assert content["failed"] == 4, "only Grafana's datasources have a direct address, and there is nobody"
    assert content["passed"] == 0
    assert len(done.output.splitlines()) == len(content["checks"]) + 1
    assert junit.read_text().count("<testcase ") == len(content["checks"])
    assert "Traceback" not in done.output


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--address", "traces"),
        ("--address", "a.b=http://c"),
        ("--connect-to", "=b"),
        ("--connect-to", "a=b"),
        ("--connect-to", "a:1=b:x"),
        ("--tenant", "nobody"),
    ],
)
def test_a_wrong_call_ends_with_2(arguments: tuple[str, str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_stack_that_is_not_deployed_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pulumi, "json", lambda *_: {})
    done = run()
    assert done.exit_code == 1
    assert "nothing is deployed yet; first: make up STACK=prod ON=cluster" in done.output


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, '{"status": "OK", "message": "Data source is working"}', None),
        (200, '{"status": "ERROR", "message": "no such host"}', CheckFailed),
        (400, '{"message": "Plugin health check failed"}', CheckFailed),
        (404, '{"message": "Data source not found"}', CheckFailed),
        (200, "<html>", CheckFailed),
    ],
)
def test_what_grafana_says_of_a_datasource_decides(status: int, body: str, error: type[Exception] | None) -> None:
    """Bodies have the shape of Grafana's health route as its documentation tells of it; no real Grafana was asked."""
    answer = Answer(status, body)
    with answering(answer) as url, httpx.Client(base_url=url) as asked:
        if error is None:
            assert grafana._ask(asked, "uid", 7) == "Data source is working"
        else:
            with pytest.raises(error, match="uid"):
                grafana._ask(asked, "uid", 7)
    assert answer.asked[0][0] == "GET /api/datasources/uid/uid/health"


def test_a_grafana_without_that_health_check_is_skipped() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404 if request.url.path.endswith("/health") else 200, json={})

    asked = httpx.Client(base_url="http://grafana", transport=httpx.MockTransport(answer))
    with asked, pytest.raises(CheckSkipped, match="has no health check"):
        grafana._ask(asked, "uid", None)


def blocks_at(answer: Answer) -> set[str]:
    with answering(answer) as endpoint:
        stack = load_stack("prod", put("object_store.provisioning_endpoint", endpoint))
        return bucket.blocks(stack.backend("metrics").context, credentials().provisioner, "payments")


def test_a_tenants_blocks_are_found_in_the_bucket() -> None:
    keys = ("payments/01/meta.json", "payments/01/index")
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
    answer = s3_answer(200, f"<ListBucketResult>{contents}</ListBucketResult>")
    assert blocks_at(answer) == {"payments/01/meta.json"}
    assert "prefix=payments%2F" in answer.asked[0][0]


@pytest.mark.parametrize("answer", [s3_answer(404, s3_error("NoSuchBucket")), Answer(200, "<html/>")])
def test_a_bucket_that_cannot_be_listed_is_not_empty(answer: Answer) -> None:
    with pytest.raises(CheckFailed, match="cannot be listed"):
        blocks_at(answer)
