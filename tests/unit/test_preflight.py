"""Before the first change all three systems are asked; what stands in the way is one line with its key and its mend."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import preflight as preflight_component
from telemetry.clients import grafana as grafana_client
from telemetry.clients import kubernetes as cluster_client
from telemetry.clients import s3 as s3_client
from telemetry.operations import preflight
from telemetry.operations.preflight import cluster, dns, grafana, in_cluster, releases, s3
from tests.doubles import OF_S3, Answer, answering, kubeconfig, refused, s3_answer, s3_error, serving, silent
from tests.preflight import findings_at
from tests.support import SECRETS, Change, all_of, credentials, load_stack, load_tree, put, tree

TOKEN = "kt0-fake"
NAMESPACE = '{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "ca7f8f-dev"}}'
NO_BUCKETS = "<ListAllMyBucketsResult><Owner><ID>x</ID></Owner></ListAllMyBucketsResult>"
OWNED = put("namespace.create", True)
Ask = Callable[..., list[str]]


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth of a second where the product waits ten."""
    monkeypatch.setattr(cluster_client, "_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(grafana_client, "_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(s3_client, "_CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(s3_client, "_READ_SECONDS", 0.1)


@pytest.fixture
def ask_cluster(tmp_path: Path) -> Ask:
    def ask(server: str, *changes: Change) -> list[str]:
        return findings_at(server, tmp_path, cluster.check, "dev", *changes)

    return ask


def ask_s3(endpoint: str) -> list[str]:
    stack = load_stack("dev", put("object_store.provisioning_endpoint", endpoint))
    return s3.check(stack, credentials().identities(stack.signals))


def ask_grafana(url: str, auth: str = "ga0-fake", *changes: Change) -> list[str]:
    settings = tree()
    all_of(put("grafana.url", url), put("credentials.grafana.auth", auth), *changes)(settings)
    stack, secrets = load_tree(settings)
    return grafana.check(stack, secrets.grafana)


def is_one_line(findings: list[str], key: str, why: str, mend: str) -> None:
    (line,) = findings
    path, _, explanation = line.partition(": ")
    assert path == f"telemetry:{key}"
    assert why in explanation
    assert mend in explanation
    assert "\n" not in line
    assert [secret for secret in (*SECRETS, TOKEN) if secret in line] == []


# The cluster


def test_a_cluster_that_knows_us_is_asked_for_the_namespace_once(ask_cluster: Ask) -> None:
    answer = Answer(body=NAMESPACE)
    with answering(answer) as server:
        assert ask_cluster(server) == []
    assert answer.asked == [("GET /api/v1/namespaces/ca7f8f-dev", f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    ("status", "key", "why", "mend"),
    [
        (401, "kubernetes.context", "refused the credentials of 'ca7f8f-dev'", "log in again"),
        (404, "namespace.name", "does not exist on the cluster", "or set create: true with a quota"),
        (500, "kubernetes", "answered 500", "try again"),
        (302, "kubernetes", "answered 302", "try again"),
    ],
)
def test_what_a_cluster_may_answer(ask_cluster: Ask, status: int, key: str, why: str, mend: str) -> None:
    with answering(Answer(status)) as server:
        is_one_line(ask_cluster(server), key, why, mend)


def test_a_namespace_that_is_to_be_created_need_not_exist(ask_cluster: Ask) -> None:
    with answering(Answer(404)) as server:
        assert ask_cluster(server, OWNED) == []


def test_who_may_not_read_a_namespace_may_still_work_in_it(ask_cluster: Ask) -> None:
    with answering(Answer(403)) as server:
        assert ask_cluster(server) == []


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "[]"])
def test_something_else_at_the_clusters_address(ask_cluster: Ask, body: str) -> None:
    with answering(Answer(body=body)) as server:
        is_one_line(ask_cluster(server), "kubernetes", "is no Kubernetes API server", "correct the context's")


def test_nobody_at_the_clusters_address(ask_cluster: Ask) -> None:
    server = refused()
    is_one_line(ask_cluster(server), "kubernetes", f"{server} of context 'ca7f8f-dev' does not", "the network")
    assert "NewConnectionError" in ask_cluster(server)[0]


@pytest.mark.usefixtures("hurry")
def test_a_cluster_that_says_nothing(ask_cluster: Ask) -> None:
    with silent() as server:
        is_one_line(ask_cluster(server), "kubernetes", "ReadTimeoutError", "check the network")


def test_a_cluster_that_speaks_no_tls(ask_cluster: Ask) -> None:
    with answering(Answer()) as server:
        is_one_line(ask_cluster(server.replace("http:", "https:")), "kubernetes", "SSLError", "server address")


def test_a_context_that_is_not_there(ask_cluster: Ask) -> None:
    found = ask_cluster(refused(), put("kubernetes.context", "other"))
    is_one_line(found, "kubernetes.context", "'other' cannot be used", "correct context and kubeconfig")


@pytest.mark.parametrize("text", ["", "a: [", f"{TOKEN}", "[]", "contexts: 5", f"users: [{{token: {TOKEN}"])
def test_a_kubeconfig_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "kubeconfig").write_text(text)
    stack = load_stack("dev", put("kubernetes.kubeconfig", str(tmp_path / "kubeconfig")))
    found = in_cluster.findings(stack, [cluster.check])
    is_one_line(found, "kubernetes.context", "'ca7f8f-dev' cannot be used (", "correct context and kubeconfig")


def test_a_fault_of_a_check_is_no_silence(tmp_path: Path) -> None:
    def faulty(*_: object) -> list[str]:
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        findings_at(refused(), tmp_path, faulty, "dev")


def test_a_program_that_logs_in_runs_once_for_all_checks(tmp_path: Path) -> None:
    file, ran = tmp_path / "kubeconfig", tmp_path / "ran"
    login = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": TOKEN}}
    script = f"echo again >>{ran}; echo '{json.dumps(login)}'"
    content = json.loads(kubeconfig(refused(), "ca7f8f-dev", TOKEN))
    program = {"apiVersion": login["apiVersion"], "command": "sh", "args": ["-c", script], "interactiveMode": "Never"}
    content["users"][0]["user"] = {"exec": program}
    file.write_text(json.dumps(content))
    stack = load_stack("dev", put("kubernetes.kubeconfig", str(file)))
    is_one_line(in_cluster.findings(stack), "kubernetes", "does not answer", "check the network")
    assert ran.read_text().split() == ["again"]


def test_a_kubeconfig_that_is_not_there() -> None:
    stack = load_stack("dev", put("kubernetes.kubeconfig", "./no/such/file"))
    found = in_cluster.findings(stack, [cluster.check])
    is_one_line(found, "kubernetes.context", "cannot be used", "correct context and kubeconfig")


# The cluster's DNS


@contextmanager
def answering_by_path(answers: dict[str, Any], *, otherwise: int = 404) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = next((body for path, body in answers.items() if self.path.endswith(path)), None)
            body = json.dumps(answer or {}).encode()
            self.send_response(200 if answer is not None else otherwise)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as server:
        yield server


def ask_dns(tmp_path: Path, server: str, *changes: Change) -> list[str]:
    return findings_at(server, tmp_path, dns.check, "dev", *changes)


OPENSHIFTS = "/namespaces/openshift-dns/services/dns-default"
KUBE_DNS = "/namespaces/kube-system/services/kube-dns"
KUBERNETES = put("kubernetes.platform", "kubernetes")
ADDRESS = {"spec": {"clusterIPs": ["10.0.0.10"]}}
COREFILE = {"data": {"Corefile": ".:53 {\n    errors\n    kubernetes k8s.example in-addr.arpa ip6.arpa {\n    }\n}\n"}}


def test_a_cluster_whose_dns_is_as_the_settings_say(tmp_path: Path) -> None:
    operators = {"/operator.openshift.io/v1/dnses/default": {"status": {"clusterDomain": "cluster.local"}}}
    with answering_by_path({OPENSHIFTS: ADDRESS, KUBE_DNS: ADDRESS, **operators}) as server:
        assert ask_dns(tmp_path, server) == []
        assert ask_dns(tmp_path, server, KUBERNETES) == []


def test_a_cluster_whose_dns_is_called_differently(tmp_path: Path) -> None:
    with answering_by_path({KUBE_DNS: ADDRESS}) as server:
        found = ask_dns(tmp_path, server)
        is_one_line(found, "kubernetes.dns_service", "dns-default.openshift-dns is not on the cluster", "kubectl get")
        assert ask_dns(tmp_path, server, put("kubernetes.dns_service", "kube-dns.kube-system")) == []


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (all_of(), {OPENSHIFTS: ADDRESS, "/dnses/default": {"status": {"clusterDomain": "k8s.example"}}}),
        (KUBERNETES, {KUBE_DNS: ADDRESS, "/configmaps/coredns": COREFILE}),
        (KUBERNETES, {KUBE_DNS: ADDRESS, "/configmaps/kube-dns": COREFILE}),
    ],
    ids=["OpenShift", "kubeadm", "a chart"],
)
def test_a_cluster_of_another_domain(tmp_path: Path, change: Change, answers: dict[str, Any]) -> None:
    with answering_by_path(answers) as server:
        found = ask_dns(tmp_path, server, change)
        is_one_line(found, "kubernetes.cluster_domain", "the cluster's is k8s.example", "set it to k8s.example")
        assert ask_dns(tmp_path, server, change, put("kubernetes.cluster_domain", "k8s.example")) == []


def test_a_cluster_of_other_addresses(tmp_path: Path) -> None:
    with answering_by_path({OPENSHIFTS: {"spec": {"clusterIPs": ["fd00:10::a"]}}}) as server:
        is_one_line(ask_dns(tmp_path, server), "kubernetes.ip_families", "has fd00:10::a only", "set it to [IPv6]")
        for families in (["IPv6"], ["IPv4", "IPv6"]):
            assert ask_dns(tmp_path, server, put("kubernetes.ip_families", families)) == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_who_may_not_look_at_the_dns_is_not_kept_from_anything(tmp_path: Path, status: int) -> None:
    with answering_by_path({}, otherwise=status) as server:
        assert ask_dns(tmp_path, server) == []
    with answering_by_path({OPENSHIFTS: ADDRESS}, otherwise=status) as server:
        assert ask_dns(tmp_path, server) == []


# SeaweedFS


@pytest.mark.parametrize("body", [NO_BUCKETS, NO_BUCKETS.replace("</Owner>", "</Owner><Buckets></Buckets>")])
def test_each_of_the_three_identities_is_asked_for_its_buckets(body: str) -> None:
    answer = s3_answer(200, body)
    with answering(answer) as endpoint:
        assert ask_s3(endpoint) == []
    keys = [authorization.partition("Credential=")[2].partition("/")[0] for _, authorization in answer.asked]
    assert keys == ["pk0-fake", "tk0-fake", "mk0-fake"]
    assert all(path.startswith("GET /") for path, _ in answer.asked)


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
def test_a_wrong_key_is_named_by_its_identity(code: str) -> None:
    with answering(s3_answer(403, s3_error(code))) as endpoint:
        found = ask_s3(endpoint)
    for identity, line in zip(("provisioner", "traces", "metrics"), found, strict=True):
        mend = f"pulumi config set -s dev --secret --path telemetry:credentials.{identity}"
        is_one_line([line], f"credentials.{identity}", f"{endpoint} refused it ({code})", mend)


def ask_while_changing(*known: str) -> list[str]:
    """Ask an S3 server that knows these access keys, with `nk0-fake` as the new key of traces."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
            status, body = (200, NO_BUCKETS) if key in known else (403, s3_error("InvalidAccessKeyId"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in OF_S3.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    settings = tree()
    before = settings["credentials"]["traces"]
    settings["credentials"]["traces"] = {"access_key": "nk0-fake", "secret_key": "ns0-fake", "previous": before}
    with serving(Server) as endpoint:
        put("object_store.provisioning_endpoint", endpoint)(settings)
        stack, secrets = load_tree(settings)
        return s3.check(stack, secrets.identities(stack.signals))


OTHERS = ("pk0-fake", "mk0-fake")


def test_while_a_key_is_changed_the_server_must_know_both() -> None:
    assert ask_while_changing("nk0-fake", "tk0-fake", *OTHERS) == []
    left_out = ask_while_changing("tk0-fake", *OTHERS)
    is_one_line(left_out, "credentials.traces", "knows only the key before", "python -m telemetry identities")
    assert "step 3" in left_out[0]
    too_early = ask_while_changing("nk0-fake", *OTHERS)
    is_one_line(too_early, "credentials.traces.previous", "pods use it until `up` is done", "config rm -s dev --path")
    neither = ask_while_changing(*OTHERS)
    is_one_line(neither, "credentials.traces", "refused it (InvalidAccessKeyId)", "set it again")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, "<html>not here</html>", content_type="text/html"),
        Answer(403, "not you"),
        Answer(302, ""),
        Answer(200, "<html>Welcome</html>", content_type="text/html"),
        Answer(200, NO_BUCKETS),
        Answer(200, ""),
    ],
)
def test_what_is_no_s3(answer: Answer) -> None:
    why = f"something else answers there: {answer.status} {answer.content_type}"
    with answering(answer) as endpoint:
        is_one_line(ask_s3(endpoint), "object_store.provisioning_endpoint", why, "check the network and the address")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (s3_answer(500, s3_error("InternalError")), 500),
        (s3_answer(503, s3_error("SlowDown")), 503),
        (s3_answer(200, "<broken"), 500),  # as boto takes an answer that breaks off
    ],
)
def test_an_s3_that_is_ailing_is_not_blamed_on_the_network(answer: Answer, status: int) -> None:
    with answering(answer) as endpoint:
        is_one_line(
            ask_s3(endpoint), "object_store.provisioning_endpoint", f"it answered {status}", "try again, or look"
        )


def test_nobody_at_the_s3_address() -> None:
    found = ask_s3(refused())
    is_one_line(found, "object_store.provisioning_endpoint", "does not answer S3", "check the network and the address")


@pytest.mark.usefixtures("hurry")
def test_an_s3_that_says_nothing() -> None:
    with silent() as endpoint:
        is_one_line(ask_s3(endpoint), "object_store.provisioning_endpoint", "TimeoutError", "check the network")


# Grafana


@pytest.mark.parametrize(
    ("auth", "header"), [("ga0-fake", "Bearer ga0-fake"), ("admin:ga0-fake", "Basic YWRtaW46Z2EwLWZha2U=")]
)
def test_grafana_takes_a_token_or_a_password(auth: str, header: str) -> None:
    answer = Answer(body="[]")
    with answering(answer) as url:
        assert ask_grafana(url, auth) == []
    assert answer.asked == [("GET /api/datasources", header)]


@pytest.mark.parametrize(
    ("answer", "key", "why", "mend"),
    [
        (Answer(401), "credentials.grafana.auth", "refused it (401)", "pulumi config set -s dev --secret --path"),
        (Answer(403), "credentials.grafana.auth", "refused it (403)", "token that may manage datasources"),
        (Answer(404), "grafana.url", "gave no datasources (404)", "must be Grafana's root address"),
        (Answer(302), "grafana.url", "gave no datasources (302)", "must be Grafana's root address"),
        (Answer(200, "<html>", "text/html"), "grafana.url", "gave no datasources (200)", "Grafana's root address"),
        (Answer(500), "grafana.url", "answered 500", "look at its log"),
    ],
)
def test_what_grafana_may_answer(answer: Answer, key: str, why: str, mend: str) -> None:
    with answering(answer) as url:
        is_one_line(ask_grafana(url), key, why, mend)


def test_nobody_at_grafanas_address() -> None:
    is_one_line(ask_grafana(refused()), "grafana.url", "does not answer (ConnectError)", "check the network")


@pytest.mark.usefixtures("hurry")
def test_a_grafana_that_says_nothing() -> None:
    with silent() as url:
        is_one_line(ask_grafana(url), "grafana.url", "does not answer (ReadTimeout)", "check the network")


# Releases


def ask_releases(tmp_path: Path, server: str, *changes: Change) -> list[str]:
    return findings_at(server, tmp_path, releases.check, "dev", *changes)


def helm_secrets(*revisions: tuple[str, int, str]) -> Answer:
    """Return Helm's notes of revisions: release, number, status."""
    labels = [{"owner": "helm", "name": name, "version": str(n), "status": status} for name, n, status in revisions]
    items = [{"metadata": {"labels": each}} for each in labels]
    return Answer(body=json.dumps({"kind": "PartialObjectMetadataList", "items": items}))


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_is_half_way_is_named_with_the_command_that_frees_it(tmp_path: Path, status: str) -> None:
    answer = helm_secrets(("mimir", 10, status), ("mimir", 9, "deployed"), ("somebody-elses", 1, status))
    with answering(answer) as server:
        (line,) = ask_releases(tmp_path, server)
    assert f"release mimir of namespace ca7f8f-dev is {status}" in line
    assert line.endswith("make repair STACK=dev ON=cluster")
    assert answer.asked == [("GET /api/v1/namespaces/ca7f8f-dev/secrets?labelSelector=owner%3Dhelm", f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    "answer",
    [
        helm_secrets(),
        helm_secrets(("mimir", 9, "pending-upgrade"), ("mimir", 10, "deployed")),  # as after a roll-back
        Answer(403),
        Answer(500),
        Answer(body="no JSON"),
    ],
)
def test_releases_are_no_concern_where_none_is_half_way_or_nobody_can_say(tmp_path: Path, answer: Answer) -> None:
    with answering(answer) as server:
        assert ask_releases(tmp_path, server) == []


def test_releases_are_no_concern_where_no_cluster_answers(tmp_path: Path) -> None:
    assert ask_releases(tmp_path, refused()) == []


# All of them


def nowhere() -> tuple[Change, ...]:
    return (
        put("kubernetes.context", "no-such-context"),
        put("kubernetes.kubeconfig", "./no/such/file"),
        put("object_store.provisioning_endpoint", refused()),
        put("grafana.url", refused()),
    )


def test_up_is_refused_with_everything_that_stands_in_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    began = time.monotonic()
    with pytest.raises(pulumi.RunError) as stopped:
        preflight_component.run(load_stack("dev", *nowhere()), credentials())
    first, *lines, last = str(stopped.value).splitlines()
    assert first == "nothing was changed, because:"
    assert last == "once that is mended: make up STACK=dev ON=cluster"
    paths = [line.split(": ")[0] for line in lines]
    assert paths == [
        "telemetry:kubernetes.context",
        "telemetry:object_store.provisioning_endpoint",
        "telemetry:grafana.url",
    ]
    assert time.monotonic() - began < 30


def test_a_preview_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        raise AssertionError("a preview needs no network")

    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(preflight, "findings", fail)
    preflight_component.run(load_stack(), credentials())
