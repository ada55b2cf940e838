"""Whatever a kubeconfig holds, one line says what is wrong with it, and quotes nothing of it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.config import kube_config

from telemetry.clients.kubeconfig import contexts
from telemetry.clients.kubernetes import ClusterError, connect
from telemetry.config.connections import Kubernetes
from tests.doubles import kubeconfig
from tests.support import Change, drop, put

TOKEN = "kt0-fake"
GOOD: dict[str, Any] = json.loads(kubeconfig("https://api.example:6443", "here", TOKEN))


def said_of(content: bytes, context: str = "here") -> str:
    """Return what is said of a file; nothing if a client can be made of it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "kubeconfig"
        file.write_bytes(content)
        try:
            connect(Kubernetes(context=context, kubeconfig=str(file)))
        except ClusterError as error:
            assert TOKEN not in str(error)
            assert "\n" not in str(error)
            return str(error)
    return ""


def _first(part: str, change: Change) -> Change:
    return lambda file: change(file[part][0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_first("clusters", put("cluster.server", 6443)), "clusters.0.cluster.server: must be a valid string"),
        (_first("clusters", drop("cluster.server")), "its cluster 'c' has no server"),
        (_first("clusters", put("cluster", [TOKEN])), "clusters.0.cluster: must be a valid dictionary"),
        (_first("clusters", put("cluster.proxy-url", 1)), "clusters.0.cluster.proxy-url: must be a valid string"),
        (_first("contexts", put("name", 1)), "contexts.0.name: must be a valid string"),
        (_first("contexts", put("name", "there")), "there is no such context; there are there"),
        (_first("contexts", put("context.cluster", "gone")), "its cluster 'gone' is not among clusters"),
        (put("clusters", None), "its cluster 'c' is not among clusters"),
        (put("clusters", {"c": {}}), "clusters: must be a valid list"),
        (put("contexts", []), "there is no such context; there are none"),
        (drop("users"), "its user 'u' is not among users"),
        (_first("users", put("user", TOKEN)), "users.0.user: must be a valid dictionary"),
        (_first("users", put("user", {"token": 5, "auth-provider": {"name": "oidc", "config": {}}})), "is malformed"),
    ],
)
def test_what_is_wrong_is_said(change: Change, said: str) -> None:
    changed = deepcopy(GOOD)
    change(changed)
    found = said_of(yaml.safe_dump(changed).encode())
    assert said in found
    assert found.startswith("telemetry:kubernetes.context: 'here' cannot be used (")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\x00\xff\xfe", "is no YAML"), (b"a: [", "is no YAML"), (TOKEN.encode(), "holds no mapping")],
)
def test_a_file_that_is_none(content: bytes, said: str) -> None:
    assert said in said_of(content)


def test_a_good_one_is_taken() -> None:
    assert said_of(json.dumps(GOOD).encode()) == ""


def test_what_other_contexts_lack_does_not_matter() -> None:
    other = {"name": "other", "cluster": {"server": ""}}
    assert said_of(json.dumps({**GOOD, "clusters": [other, *GOOD["clusters"]]}).encode()) == ""


def _places(part: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    for key, each in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from _places(each, (*way, key))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.binary() | st.sampled_from(("", "odd")),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.sampled_from(("name", "user", "exec")), each),
    max_leaves=5,
)


@given(place=st.sampled_from([way for way in _places(GOOD) if way]), odd=ODD)
def test_something_else_in_any_place_gives_one_line_or_a_client(place: tuple[Any, ...], odd: Any) -> None:
    changed = deepcopy(GOOD)
    part: Any = changed
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = odd
    said_of(yaml.safe_dump(changed).encode())


@given(content=st.binary(max_size=64))
def test_any_bytes_give_one_line(content: bytes) -> None:
    assert said_of(content)


def test_contexts_are_offered_with_the_current_one_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kubeconfig"
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", f"{tmp_path / 'none'}:{file}")
    others = [{"name": name, "context": {"cluster": "c"}} for name in ("a", "b")]
    file.write_text(json.dumps({**GOOD, "contexts": [*others, *GOOD["contexts"]], "current-context": "b"}))
    assert contexts() == ("b", "a", "here")
    file.write_text(json.dumps({**GOOD, "contexts": 5}))
    assert contexts() == ()
