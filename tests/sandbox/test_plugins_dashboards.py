"""Our folder and a dashboard of ours through their life, by the real engine and the stand-in of the provider."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.toolchain import Toolchain
from sandbox.world.grafana import Server
from telemetry.grafana.dashboards.dashboards import documents_of
from tests.sandbox.engine import Stack, engine_environment, provider, resource
from tests.support import load_stack

pytestmark = pytest.mark.engine

USER, PASSWORD = "admin", "password"
UID = "telemetry-dev-object-store"


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[httpx.Client]:
    server = Server(("127.0.0.1", 0), tmp_path, f"{USER}:{PASSWORD}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with httpx.Client(base_url=url, auth=(USER, PASSWORD), trust_env=False) as client:
        yield client
    server.shutdown()
    server.server_close()


def test_made_kept_mended_and_removed(
    grafana: httpx.Client, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stack = Stack(
        tmp_path_factory.mktemp("dashboards") / "project",
        engine_environment(toolchain, tmp_path_factory.mktemp("home")),
    )
    text = documents_of(load_stack("dev"), "mimir-dev")[UID]
    declared = (
        provider("grafana", url=str(grafana.base_url), auth={"$secret": f"{USER}:{PASSWORD}"}),
        resource(
            "grafana:oss/folder:Folder",
            "folder",
            {"uid": "telemetry-dev", "title": "Ours (dev)", "preventDestroyIfNotEmpty": True},
        ),
        resource(
            "grafana:oss/dashboard:Dashboard",
            "board",
            {"configJson": text, "folder": {"$ref": ["folder", "uid"]}, "overwrite": True},
        ),
    )
    stack.must_up(*declared)
    assert stack.state()["board"]["id"] == f"1:{UID}"
    live = grafana.get(f"/api/dashboards/uid/{UID}").json()
    assert live["meta"]["folderUid"] == "telemetry-dev"
    quiet = stack.run("preview", "--refresh", "--expect-no-changes")
    assert quiet.code == 0, quiet.text

    by_hand = {**live["dashboard"], "title": "By hand"}
    grafana.post("/api/dashboards/db", json={"dashboard": by_hand, "overwrite": True}).raise_for_status()
    assert set(stack.preview(options=("--refresh",)).paths("board")) == {"configJson", "folder"}
    assert stack.up(options=("--refresh",)).code == 0
    mended = grafana.get(f"/api/dashboards/uid/{UID}").json()
    assert (mended["dashboard"]["title"], mended["meta"]["folderUid"]) == ("Object store (dev)", "telemetry-dev")

    theirs = {"dashboard": {"uid": "theirs", "title": "Theirs"}, "folderUid": "telemetry-dev"}
    grafana.post("/api/dashboards/db", json=theirs).raise_for_status()
    kept = stack.run("destroy", "--yes", "--skip-preview")
    assert kept.code != 0
    assert "It contains the following dashboards and/or folders: [Theirs]" in kept.flat
    grafana.delete("/api/dashboards/uid/theirs").raise_for_status()
    assert stack.run("destroy", "--yes", "--skip-preview").code == 0
    assert grafana.get("/api/folders/telemetry-dev").status_code == httpx.codes.NOT_FOUND
