"""What a program says that it holds, and who says nothing."""

from typing import Any, cast

import pytest

from sandbox.soak import heap
from telemetry.clients.kubernetes import Answer

PROFILE = b"heap profile: 1: 2 [3: 4] @ heap/1048576\n\n# Alloc = 7\n# HeapAlloc = 37748736\n# HeapSys = 9\n"


def pod(port: Any, scheme: str = "HTTP") -> dict[str, Any]:
    """Return a pod whose readiness is asked for at a port."""
    probe = {"httpGet": {"path": "/ready", "port": port, "scheme": scheme}}
    container = {"readinessProbe": probe, "ports": [{"name": "metrics", "containerPort": 8080}]}
    return {"metadata": {"name": "one-0", "namespace": "some"}, "spec": {"containers": [container]}}


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        (pod("metrics"), "http:one-0:8080"),
        (pod("metrics", "HTTPS"), "https:one-0:8080"),
        (pod(9090), "http:one-0:9090"),
    ],
)
def test_a_program_is_asked_where_it_is_probed(
    asked: dict[str, Any], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def answer(*request: Any, query: dict[str, str]) -> Answer:
        seen.extend((request[-1], query))
        return Answer(200, "OK", PROFILE)

    monkeypatch.setattr(heap, "call", answer)
    assert heap.held(cast("Any", None), asked) == 36 << 20
    path = f"/api/v1/namespaces/some/pods/{address}/proxy/debug/pprof/heap"
    assert seen == [path, {"gc": "1", "debug": "1"}]


@pytest.mark.parametrize("answer", [Answer(404, "Not Found", b""), Answer(200, "OK", b"a page")])
def test_who_has_no_profile_holds_nothing_that_is_known(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "call", lambda *_, **__: answer)
    assert heap.held(cast("Any", None), pod("metrics")) is None
