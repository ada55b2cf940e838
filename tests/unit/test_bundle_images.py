"""Images of rendered releases, and what registries say of them."""

import hashlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.operations.bundle.images import Reference, images_in, parse
from telemetry.operations.bundle.registries import Registries, UnresolvedError

DIGEST = f"sha256:{64 * 'a'}"
FOUND = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("nginx", Reference("docker.io", "library/nginx", "latest", None)),
        ("grafana/tempo:2.10.8", Reference("docker.io", "grafana/tempo", "2.10.8", None)),
        ("docker.io/nginx:1", Reference("docker.io", "library/nginx", "1", None)),
        ("quay.io/a/b/c", Reference("quay.io", "a/b/c", "latest", None)),
        ("127.0.0.1:5000/a", Reference("127.0.0.1:5000", "a", "latest", None)),
        ("localhost/a:1", Reference("localhost", "a", "1", None)),
        (f"r.example/a:1@{DIGEST}", Reference("r.example", "a", "1", DIGEST)),
        (f"r.example/a@{DIGEST}", Reference("r.example", "a", None, DIGEST)),
    ],
)
def test_an_image_is_named_as_container_engines_take_it(image: str, reference: Reference) -> None:
    assert parse(image) == reference


PART = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)


@given(
    registry=st.sampled_from(["r.example", "r.example:5000", "localhost"]),
    path=st.lists(PART, min_size=1, max_size=3),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}", fullmatch=True),
)
def test_a_full_name_is_taken_apart_into_what_it_was_made_of(registry: str, path: list[str], tag: str) -> None:
    assert parse(f"{registry}/{'/'.join(path)}:{tag}") == Reference(registry, "/".join(path), tag, None)


def test_images_are_found_in_every_kind_of_container_and_object() -> None:
    pod = {"containers": [{"image": "a"}, {"name": "none"}], "initContainers": [{"image": "b"}]}
    documents = [
        None,
        {"kind": "Deployment", "spec": {"template": {"spec": pod}}},
        {"kind": "List", "items": [{"kind": "CronJob", "spec": {"deep": {"er": [{"containers": [{"image": "c"}]}]}}}]},
        {"kind": "ConfigMap", "data": {"image": "no container"}},
        {
            "kind": "Pod",
            "metadata": {"annotations": {"helm.sh/hook": "test"}},
            "spec": {"containers": [{"image": "d"}]},
        },
        {
            "kind": "Job",
            "metadata": {"annotations": {"helm.sh/hook": "pre-install"}},
            "spec": {"containers": [{"image": "e"}]},
        },
    ]
    assert images_in(documents) == {"a", "b", "c", "e"}


def registries(answer: httpx.MockTransport, **mirrors: str) -> Registries:
    named = {name.replace("_", "."): url for name, url in mirrors.items()}
    return Registries(named, httpx.Client(transport=answer))


def test_a_tag_is_the_digest_that_the_registry_has_for_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://registry-1.docker.io/v2/grafana/tempo/manifests/2"
        assert "application/vnd.oci.image.index.v1+json" in request.headers["Accept"]
        return httpx.Response(200, content=b"{}", headers={"Docker-Content-Digest": FOUND})

    assert registries(httpx.MockTransport(answer)).resolve("grafana/tempo:2") == FOUND


def test_a_registry_that_wants_a_token_is_given_one_without_a_login() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.example":
            assert dict(request.url.params) == {"service": "r", "scope": "repository:a:pull"}
            return httpx.Response(200, json={"token": "t0"})
        if request.headers.get("Authorization") == "Bearer t0":
            return httpx.Response(200, content=b"{}")
        said = 'Bearer realm="https://auth.example/token",service="r",scope="repository:a:pull"'
        return httpx.Response(401, headers={"WWW-Authenticate": said})

    assert registries(httpx.MockTransport(answer)).resolve("r.example/a:1") == FOUND


def test_a_mirror_is_asked_in_place_of_the_registry() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://127.0.0.1:1/v2/library/nginx/manifests/latest"
        return httpx.Response(200, content=b"{}")

    assert registries(httpx.MockTransport(answer), docker_io="http://127.0.0.1:1/").resolve("nginx") == FOUND


def test_an_image_by_digest_needs_no_registry() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    assert registries(httpx.MockTransport(answer)).resolve(f"r.example/a@{DIGEST}") == DIGEST


def _refused(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (_refused, "connection refused"),
        (lambda _: httpx.Response(404), "r.example answers 404"),
        (lambda _: httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"}), "wants a login"),
        (lambda _: httpx.Response(200, content=b"{}", headers={"Docker-Content-Digest": DIGEST}), "of another digest"),
        (lambda _: httpx.Response(200, html="<html>Please log in</html>"), "does not answer like a registry"),
    ],
)
def test_why_there_is_no_digest_is_said(answer: object, why: str) -> None:
    asked = registries(httpx.MockTransport(answer))  # type: ignore[arg-type]
    with pytest.raises(UnresolvedError, match=why):
        asked.resolve("r.example/a:1")
    assert why in str(asked.resolve_all(["r.example/a:1"])["r.example/a:1"])


def test_a_digest_that_is_none_is_said() -> None:
    with pytest.raises(UnresolvedError, match="is no digest"):
        registries(httpx.MockTransport(_refused)).resolve("r.example/a@sha256:00")
