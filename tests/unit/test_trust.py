"""One answer for all clients whom to trust, and one text for what they say of a certificate, on a real TLS server."""

import os
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from telemetry.clients import trust
from telemetry.config.gateway import Issued
from telemetry.gateway.certificates import Authority
from telemetry.operations.preflight import cluster, grafana, in_cluster, s3
from telemetry.releases import releases_of
from telemetry.spec.values.transport import STORE_AUTHORITY, makes_store_authority
from telemetry.stack import ConfigError
from tests.doubles import OF_S3, kubeconfig
from tests.support import (
    EVERY_SIGNAL,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    credentials,
    load_stack,
    put,
)

BUCKETS = "<ListAllMyBucketsResult><Owner><ID>x</ID></Owner></ListAllMyBucketsResult>"
FIXTURE = "tests/unit/fixtures/authority.pem"
PRIVATE = all_of(
    put("trust", {"file": FIXTURE}), put("object_store.endpoint", "https://seaweedfs-ha-s3.ca7f8f-tools.svc:8333")
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"[]" if "/api/" in self.path else BUCKETS.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if body == b"[]" else "application/xml")
        self.send_header("Content-Length", str(len(body)))
        for name, value in OF_S3.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    return Authority.of("k" * 40, "dev", Issued(issued_on=yesterday))


@pytest.fixture
def server(authority: Authority, tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate the authority has signed."""
    pair = authority.server(["localhost"])
    (tmp_path / "pair.pem").write_text(pair.key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://localhost:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def said(server: str, tmp_path: Path, *changes: object) -> dict[str, list[str]]:
    """Return what each client says of the server."""
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig(server, "ca7f8f-dev", "kt0-fake"))
    stack = load_stack(
        "dev",
        put("object_store.provisioning_endpoint", server),
        put("grafana.url", server),
        put("kubernetes.kubeconfig", str(file)),
        *changes,  # type: ignore[arg-type]
    )
    known = credentials()
    return {
        "s3": s3.check(stack, known.identities(stack.signals)),
        "grafana": grafana.check(stack, known.grafana),
        "cluster": in_cluster.findings(stack, [cluster.check]),
    }


def test_a_certificate_that_nobody_trusts_is_named_and_not_the_network(server: str, tmp_path: Path) -> None:
    for client, lines in said(server, tmp_path).items():
        (line,) = lines
        assert "certificate" in line, client
        assert "unable to get local issuer certificate" in line or "self-signed" in line, client
        assert "check the network" not in line, client
        assert ("telemetry:trust.file" in line) is (client != "cluster"), client


@pytest.mark.parametrize("way", ["setting", "system"])
def test_one_file_is_trusted_by_every_client(
    server: str, authority: Authority, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the system's store is another one: the variable is OpenSSL's and Go's."""
    file = tmp_path / "authority.pem"
    file.write_text(authority.certificate)
    if way == "setting":
        changes = [put("trust", {"file": os.path.relpath(file)})]
    else:
        changes = []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    answers = said(server, tmp_path, *changes)
    assert (answers["s3"], answers["grafana"]) == ([], [])


def test_no_client_has_a_store_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "system.pem"
    file.write_text("x")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/elsewhere")
    monkeypatch.setattr(trust, "_SYSTEM_FILES", (str(file),))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert trust.boto(load_stack().trust) == str(file)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("/etc/ssl/ca.pem", "must begin at the project"),
        ("no-such.pem", "cannot be read (FileNotFoundError); correct the path"),
        ("a\0b.pem", "cannot be read (ValueError); correct the path"),
        ("README.md", "is no file of certificates"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_at_once(file: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=r"telemetry:trust.file: ") as refused:
        load_stack("dev", put("trust", {"file": file}))
    assert reason in str(refused.value)


@pytest.mark.parametrize("change", [EVERY_SIGNAL["prod"], WITH_THANOS_IN_PROD], ids=["default backends", "Thanos"])
def test_every_pod_that_speaks_to_s3_trusts_the_same(change: Change) -> None:
    """As it does a Secret that the settings name."""
    ours, theirs = (
        load_stack("prod", PRIVATE, change),
        load_stack("prod", PRIVATE, change, put("object_store.ca_secret", "their-authority")),
    )
    keys = [backend.s3_secret.name for backend in ours.backends]
    assert (makes_store_authority(ours), makes_store_authority(theirs)) == (True, False)
    for mine, other in zip(releases_of(ours), releases_of(theirs), strict=True):
        text = repr(mine.values)
        assert (STORE_AUTHORITY in text) is any(key in text for key in keys), mine.name
        assert text.replace(STORE_AUTHORITY, "their-authority") == repr(other.values)


def test_plain_http_needs_no_authority_in_pods() -> None:
    assert not makes_store_authority(load_stack("prod", put("trust", {"file": FIXTURE})))
