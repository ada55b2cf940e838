"""How the API server is asked, and what its answers mean: with a client that answers as the server does."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from kubernetes.dynamic.exceptions import ConflictError, DynamicApiError, NotFoundError, ResourceNotFoundError

from telemetry.clients.dry_run import ChangedError, Cluster, RefusedError, connected
from telemetry.clients.kubernetes import ClusterError
from telemetry.config.connections import Kubernetes
from tests.doubles import Answer, answering, kubeconfig, refused

OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {}}
PLACED = {**OBJECT, "metadata": {"name": "c", "namespace": "n"}}


class Kind:
    """A kind of the dynamic client; answers with an error, or with what it was asked."""

    def __init__(self, error: Exception | None = None, *, namespaced: bool = True) -> None:
        self.error, self.namespaced = error, namespaced
        self.resources = self
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, verb: str) -> Any:
        def call(**options: Any) -> Any:
            self.asked.append((verb, options))
            if self.error is not None:
                raise self.error
            return type("Answer", (), {"to_dict": lambda _: {"made": True}})()

        if verb not in ("server_side_apply", "replace", "get"):
            raise AttributeError(verb)
        return call

    def get(self, **options: Any) -> Any:
        """Look up the kind, then the object."""
        return self if "kind" in options else self.__getattr__("get")(**options)


class Unknown:
    """A server without the kind."""

    @property
    def resources(self) -> "Unknown":
        return self

    def get(self, **options: Any) -> Any:
        raise ResourceNotFoundError(str(options))


def answer(status: int, message: str, kind: type[DynamicApiError] = DynamicApiError) -> DynamicApiError:
    """Return an error as the dynamic client makes it of an answer."""
    body = json.dumps({"message": message})
    return kind(SimpleNamespace(status=status, reason="why", body=body, headers={}))


def test_it_only_ever_rehearses() -> None:
    kind = Kind()
    cluster = Cluster(kind)
    assert cluster.applied(PLACED) == {"made": True}
    cluster.replaced(PLACED)
    cluster.live(PLACED)
    (apply, with_force), (replace, without), (read, _) = kind.asked
    assert (apply, replace, read) == ("server_side_apply", "replace", "get")
    for options in (with_force, without):
        assert (options["dry_run"], options["name"], options["namespace"]) == ("All", "c", "n")
    assert with_force["force_conflicts"] is True


def test_an_object_gets_its_namespace_only_if_its_kind_has_any() -> None:
    assert Cluster(Kind()).placed(OBJECT, "n") == PLACED
    assert Cluster(Kind()).placed(PLACED, "other") == PLACED
    assert Cluster(Kind(namespaced=False)).placed(OBJECT, "n") == OBJECT
    assert Cluster(Unknown()).placed(OBJECT, "n") == OBJECT


def test_what_is_not_there_or_of_no_kind_that_is_there_is_gone() -> None:
    assert Cluster(Unknown()).live(PLACED) is None
    assert Cluster(Kind(answer(404, "not found", NotFoundError))).live(PLACED) is None


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (answer(422, "spec.x: field is immutable"), RefusedError, "field is immutable"),
        (answer(500, "field not declared in schema"), RefusedError, "not declared"),
        (answer(409, "changed", ConflictError), ChangedError, "changes all the while"),
        (answer(400, "admission webhook a does not support dry run"), ClusterError, "cannot rehearse"),
        (answer(500, "failed calling webhook a: timeout"), ClusterError, "cannot rehearse"),
        (answer(403, "patch is forbidden"), DynamicApiError, "forbidden"),
    ],
)
def test_answers_are_told_apart(error: Exception, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said) as raised:
        Cluster(Kind(error)).applied(PLACED)
    assert type(raised.value) is kind


def here(folder: Path, content: Any) -> Kubernetes:
    path = folder / "kubeconfig"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return Kubernetes(kubeconfig=str(path), context="here")


def test_a_server_that_does_not_answer_is_one_message(tmp_path: Path) -> None:
    settings = here(tmp_path, kubeconfig(refused(), "here", "tk-fake"))
    with pytest.raises(ClusterError, match="'here' does not answer"), connected(settings):
        raise AssertionError("connected to nothing")


@pytest.mark.parametrize("body", ["<html>log in</html>", '{"kind": "APIRes', "", "[1]", "{}"])
def test_so_is_one_that_is_no_api_server(tmp_path: Path, body: str) -> None:
    with answering(Answer(body=body)) as address:
        settings = here(tmp_path, kubeconfig(address, "here", "tk-fake"))
        with pytest.raises(ClusterError, match="'here' does not answer like one"), connected(settings):
            raise AssertionError("connected to a portal")


@pytest.mark.parametrize("content", ["token: tk-fake: x", {"kind": "Config"}, "- tk-fake"])
def test_a_kubeconfig_that_cannot_be_used_is_never_quoted(content: Any, tmp_path: Path) -> None:
    with (
        pytest.raises(ClusterError, match="'here' cannot be used") as raised,
        connected(here(tmp_path, content)),
    ):
        raise AssertionError("connected to nothing")
    assert "tk-fake" not in str(raised.value)


def test_what_goes_wrong_in_the_middle_is_no_matter_of_the_kubeconfig(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("telemetry.clients.dry_run.connect", lambda _: None)
    monkeypatch.setattr("telemetry.clients.dry_run.kinds", lambda *_: {"Pod": "pods"})
    monkeypatch.setattr("telemetry.clients.dry_run.dynamic.DynamicClient", lambda *_, **__: Kind())
    with pytest.raises(ValueError, match="a mistake of ours"), connected(Kubernetes(context="here")):
        raise ValueError("a mistake of ours")
    with pytest.raises(ClusterError, match="refused \\(403\\): no"), connected(Kubernetes(context="here")):
        raise answer(403, "no")
