"""The pipeline's own commands: secrets become private files, and a deployed stack proves that it works."""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes import config
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.cli.credentials import CredentialsError, write
from telemetry.cli.smoke import check_releases
from telemetry.clients.cli_tools import Helm
from telemetry.operations.smoke import probe as smoke
from telemetry.operations.smoke.probe import Services, SmokeError, prove
from tests.doubles import Answer, answering, kubeconfig, refused, serving
from tests.support import load_stack

SECRETS = {"STACK_PASSPHRASE": "pp0-fake", "CLUSTER_KUBECONFIG": "kc0-fake: |\n  tk0-fake\n"}


def test_secrets_become_files_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = tmp_path / "later"
    later.write_text("BEFORE=1\n")
    for name, value in {**SECRETS, "RUNNER_TEMP": tmp_path, "HOME": tmp_path / "home", "GITHUB_ENV": later}.items():
        monkeypatch.setenv(name, str(value))
    done = CliRunner().invoke(app, ["credentials"])
    assert (done.exit_code, done.output) == (0, "")
    passphrase, cluster = tmp_path / "passphrase", tmp_path / "home" / ".kube" / "config"
    assert later.read_text() == f"BEFORE=1\nPULUMI_CONFIG_PASSPHRASE_FILE={passphrase}\n"
    for file, secret in zip((passphrase, cluster), SECRETS.values(), strict=True):
        assert file.read_text() == secret
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.parent.stat().st_mode) == 0o700


def test_somebodys_kubeconfig_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text("mine")
    with pytest.raises(FileExistsError, match=r"\.kube/config: is there already") as refusal:
        write({**SECRETS, "RUNNER_TEMP": str(tmp_path)}, tmp_path)
    assert "fake" not in str(refusal.value)
    assert (tmp_path / ".kube" / "config").read_text() == "mine"


@pytest.mark.parametrize("name", [*SECRETS, "RUNNER_TEMP"])
def test_a_secret_that_is_not_set_is_named_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(CredentialsError, match=f"{name}: is not set"):
        write({**SECRETS, "RUNNER_TEMP": str(tmp_path), name: ""}, tmp_path)
    assert list(tmp_path.iterdir()) == []


NAMESPACE = "/api/v1/namespaces/ca7f8f-dev/services"
ENDPOINTS = {
    "metrics": {
        "otlp_http": "http://mimir-gateway.ca7f8f-dev.svc/otlp/v1/metrics",
        "query": "http://mimir-gateway.ca7f8f-dev.svc/prometheus",
    },
    "traces": {
        "otlp_http": "http://tempo.ca7f8f-dev.svc:4318/v1/traces",
        "query": "http://tempo.ca7f8f-dev.svc:3200",
    },
}


@dataclass
class Backends:
    """Mimir and Tempo behind an API server; each look-up of what was sent fails a few times first."""

    settling: int = 0
    loses: str = ""
    authorizations: set[str | None] = field(default_factory=set)
    value: float | None = None
    trace: str = ""

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        path = urlsplit(target).path.removeprefix(NAMESPACE)
        if method == "GET" and self.settling:
            self.settling -= 1
            return 503, {"message": "no endpoints available"}
        match method, path:
            case "POST", "/http:mimir-gateway:80/proxy/otlp/v1/metrics":
                (resource,) = body["resourceMetrics"]
                (metric,) = resource["scopeMetrics"][0]["metrics"]
                if self.loses != "metrics":
                    self.value = metric["gauge"]["dataPoints"][0]["asDouble"]
                return 200, {}
            case "GET", "/http:mimir-gateway:80/proxy/prometheus/api/v1/query":
                assert parse_qs(urlsplit(target).query) == {"query": [smoke.METRIC]}
                found = [] if self.value is None else [{"metric": {}, "value": [0, str(self.value)]}]
                return 200, {"status": "success", "data": {"result": found}}
            case "POST", "/http:tempo:4318/proxy/v1/traces":
                if self.loses != "traces":
                    self.trace = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"]
                return 200, {"partialSuccess": {}}
            case "GET", _ if self.trace and path == f"/http:tempo:3200/proxy/api/traces/{self.trace}":
                return 200, {"batches": []}
        return 404, {"message": "not found"}


@contextmanager
def api_server(backends: Backends) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", None)

        def do_POST(self) -> None:
            self._answer("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, method: str, body: Any) -> None:
            backends.authorizations.add(self.headers["Authorization"])
            status, answer = backends.answer(method, self.path, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield address


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(smoke, "_PAUSE_SECONDS", 0.01)


def services(folder: Path, server: str) -> Services:
    file = folder / "kubeconfig"
    file.write_text(kubeconfig(server, "c", "kt0-fake"))
    api = config.new_client_from_config(str(file), "c")
    api.rest_client.pool_manager.connection_pool_kw["retries"] = False
    return Services(api)


@pytest.mark.parametrize("settling", [0, 3])
def test_a_metric_and_a_span_come_back_through_the_api_server(tmp_path: Path, settling: int) -> None:
    backends = Backends(settling=settling)
    with api_server(backends) as server:
        lines = list(prove(services(tmp_path, server), ENDPOINTS))
    assert [line.split(":")[0] for line in lines] == ["metrics", "traces"]
    assert str(int(backends.value or 0)) in lines[0]
    assert backends.trace in lines[1]
    assert backends.authorizations == {"Bearer kt0-fake"}


@pytest.mark.parametrize(
    ("backends", "said"),
    [
        (Backends(loses="metrics"), "mimir-gateway.ca7f8f-dev.svc/prometheus: does not know telemetry_smoke"),
        (Backends(loses="traces"), "answered 404"),
        (Backends(settling=10_000), "answered 503 .*no endpoints available"),
        (Backends(value=1.0, loses="metrics"), "does not know telemetry_smoke"),  # an earlier run's
    ],
)
def test_what_does_not_come_back_is_told(tmp_path: Path, backends: Backends, said: str) -> None:
    with api_server(backends) as server, pytest.raises(SmokeError, match=said) as raised:
        list(prove(services(tmp_path, server), ENDPOINTS))
    assert "kt0-fake" not in str(raised.value)


def test_what_is_no_prometheus_is_told(tmp_path: Path) -> None:
    with answering(Answer()) as server, pytest.raises(SmokeError, match="does not answer like Prometheus"):
        smoke._read_metric(services(tmp_path, server), ENDPOINTS["metrics"]["query"], 1)


def test_an_api_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match="the API server does not answer"):
        list(prove(services(tmp_path, refused()), ENDPOINTS))


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ({"tempo": "deployed", "mimir": "deployed", "other": "failed"}, None),
        (
            {"tempo": "deployed", "mimir": "pending-upgrade"},
            "release mimir is pending-upgrade; see: make repair STACK=dev ON=cluster",
        ),
        ({"mimir": "deployed"}, "release tempo is not there"),
    ],
)
def test_every_release_must_be_deployed(
    monkeypatch: pytest.MonkeyPatch, listed: dict[str, str], said: str | None
) -> None:
    rows = [{"name": name, "status": status} for name, status in listed.items()]
    monkeypatch.setattr(Helm, "list_all", lambda _: rows)
    helm = Helm(None, "c", "ca7f8f-dev")
    if said is None:
        check_releases(load_stack("dev"), helm)
    else:
        with pytest.raises(SmokeError, match=said):
            check_releases(load_stack("dev"), helm)
