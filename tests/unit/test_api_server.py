"""Single objects of the cluster are asked for where the API server itself says that it has their kinds."""

import json
from pathlib import Path
from typing import Any

import pytest

from telemetry.clients.kubernetes import ApiServer, ClusterError
from tests.doubles import Answer, answering, by_path, kubeconfig, refused
from tests.support import load_stack, put

LISTS: dict[str, object] = {
    "/api/v1": {"resources": [{"kind": "Secret", "name": "secrets"}, {"kind": "Namespace", "name": "namespaces"}]},
    "/apis/example.net/v1": {
        "resources": [
            {"kind": "Corpus", "name": "corpora"},
            {"kind": "Corpus", "name": "corpora/status"},
        ]
    },
}


def server(folder: Path, address: str) -> ApiServer:
    file = folder / "kubeconfig"
    file.write_text(kubeconfig(address, "here", "tk-fake"))
    return ApiServer(
        load_stack("dev", put("kubernetes.kubeconfig", str(file)), put("kubernetes.context", "here")).kubernetes
    )


def of(version: str, kind: str, **metadata: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", **metadata}}


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        (of("v1", "Secret", namespace="n"), "/api/v1/namespaces/n/secrets/x"),
        (of("v1", "Namespace"), "/api/v1/namespaces/x"),
        (of("example.net/v1", "Corpus", namespace="n"), "/apis/example.net/v1/namespaces/n/corpora/x"),
    ],
)
def test_an_object_is_asked_for_under_the_name_that_its_kind_has_there(
    tmp_path: Path, manifest: dict[str, Any], path: str
) -> None:
    with by_path({**LISTS, path: {"metadata": {"uid": "1"}}}) as address:
        assert server(tmp_path, address).metadata(manifest) == {"uid": "1"}
    with by_path(LISTS) as address:
        assert server(tmp_path, address).metadata(manifest) == {}


@pytest.mark.parametrize("version", ["v1", "none.example.net/v1"])
def test_of_a_kind_that_the_server_does_not_have_there_is_nothing(tmp_path: Path, version: str) -> None:
    with by_path(LISTS) as address:
        assert server(tmp_path, address).metadata(of(version, "Gadget")) == {}


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_is_no_answer_of_an_api_server(tmp_path: Path, status: int) -> None:
    with (
        answering(Answer(status, "<html>not found</html>", content_type="text/html")) as address,
        pytest.raises(ClusterError, match="does not answer like one"),
    ):
        server(tmp_path, address).metadata(of("v1", "Secret", namespace="n"))


def test_a_refusal_is_in_the_servers_own_words(tmp_path: Path) -> None:
    with (
        answering(Answer(403, json.dumps({"message": "User ann cannot get gadgets"}))) as address,
        pytest.raises(ClusterError, match="refused \\(403\\): User ann cannot get gadgets"),
    ):
        server(tmp_path, address).metadata(of("v1", "Secret", namespace="n"))


def test_a_server_that_refuses_or_does_not_answer_is_one_message(tmp_path: Path) -> None:
    secret = of("v1", "Secret", namespace="n")
    with (
        by_path({**LISTS, "/api/v1/namespaces/n/secrets/x": 403}) as address,
        pytest.raises(ClusterError, match="context 'here' refused \\(403\\)"),
    ):
        server(tmp_path, address).metadata(secret)
    with (
        answering(Answer(200, "<html>", "text/html")) as address,
        pytest.raises(ClusterError, match="does not answer like one"),
    ):
        server(tmp_path, address).metadata(secret)
    with pytest.raises(ClusterError, match="the API server of context 'here' does not answer"):
        server(tmp_path, refused()).metadata(secret)
