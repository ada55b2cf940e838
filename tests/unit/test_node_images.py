"""The images of real nodes: what is written is what the format's documents say, and what stands for what is told."""

import hashlib
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from sandbox import real_nodes
from sandbox.nodes import oci, registry
from sandbox.nodes.archives import archives
from sandbox.nodes.images import STAND_IN, Images
from sandbox.nodes.oci import Contents
from sandbox.nodes.upstream import Upstream
from sandbox.world import WorldError
from telemetry.operations.bundle.registries import Registries
from tests.image_archive import archived

DIGEST = "sha256:"


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no way out", request=request)


def upstream(answer: Callable[[httpx.Request], httpx.Response]) -> Upstream:
    return Upstream(Registries(client=httpx.Client(transport=httpx.MockTransport(answer))))


NOWHERE = upstream(unreachable)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "sbin" / "program"
    path.parent.mkdir()
    path.write_bytes(b"\x7fELF")
    return path


@pytest.fixture
def served(tmp_path: Path, program: Path) -> Iterator[tuple[httpx.Client, Path]]:
    directory = tmp_path / "images"
    directory.mkdir()
    store = registry.Store(directory, Images({"mimir": program, "nginx": program}), NOWHERE)
    with ThreadingHTTPServer(("127.0.0.1", 0), registry.handler(store)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
            yield client, directory
        server.shutdown()


def document(blobs: Path, digest: str) -> Any:
    data = (blobs / digest).read_bytes()
    assert digest == DIGEST + hashlib.sha256(data).hexdigest()
    return json.loads(data)


def test_an_image_is_a_manifest_a_configuration_and_a_layer(tmp_path: Path, program: Path) -> None:
    contents = Contents(
        ["/bin/x", "-a"],
        101,
        {"/bin/x": program},
        {"/etc/y": "text", "/bin/s": "#!/bin/sh"},
        {"/l": "/bin/x"},
        ["/tmp"],
    )
    manifest = document(tmp_path, oci.write(contents, tmp_path))
    config = document(tmp_path, manifest["config"]["digest"])
    assert (config["os"], config["config"]["Entrypoint"], config["config"]["User"]) == (
        "linux",
        ["/bin/x", "-a"],
        "101",
    )
    (layer,) = manifest["layers"]
    assert config["rootfs"]["diff_ids"] == [layer["digest"]]
    file = tmp_path / layer["digest"]
    assert layer["size"] == file.stat().st_size
    assert layer["digest"] == DIGEST + hashlib.sha256(file.read_bytes()).hexdigest()
    with tarfile.open(file) as archive:
        entries = {entry.name: entry for entry in archive}
        assert {name: entry.mode for name, entry in entries.items() if entry.isfile()} == {
            "bin/x": 0o755,
            "etc/y": 0o644,
            "bin/s": 0o755,
        }
        assert (entries["tmp"].isdir(), entries["l"].linkname) == (True, "/bin/x")
        assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, 0)}


def test_the_same_contents_are_the_same_image(tmp_path: Path, program: Path) -> None:
    contents = Contents(["/bin/x"], 101, {"/bin/x": program})
    first = oci.write(contents, tmp_path / "one")
    program.touch()
    assert oci.write(contents, tmp_path / "two") == first


@pytest.mark.parametrize(
    ("repository", "entrypoint"),
    [
        ("grafana/mimir", "/bin/mimir"),
        ("nginxinc/nginx-unprivileged", "nginx"),
        ("grafana/tempo", "/bin/answer"),
        ("nginx/nginx-prometheus-exporter", "/bin/answer"),
        ("memcached", "/bin/answer"),
    ],
)
def test_a_program_that_is_not_here_is_replaced_and_named(program: Path, repository: str, entrypoint: str) -> None:
    image = Images({"mimir": program, "nginx": program}).find(repository)
    assert image.contents.entrypoint[0] == entrypoint
    assert (image.what == STAND_IN) == (entrypoint == "/bin/answer")


@pytest.mark.parametrize(("name", "top"), [("tempo", True), ("alertmanager", False)])
def test_a_program_takes_no_place_where_a_volume_may_be(program: Path, name: str, top: bool) -> None:
    contents = Images({name: program}).find(f"somebody/{name}").contents
    assert (f"/{name}" in contents.links) == top
    assert contents.links[f"/usr/bin/{name}"] == f"/bin/{name}"


def test_the_registry_serves_any_name_and_tells_what_it_is(served: tuple[httpx.Client, Path]) -> None:
    client, directory = served
    assert client.get("/v2/").status_code == 200
    for repository in ("grafana/mimir", "grafana/tempo"):
        named = client.head(f"/v2/{repository}/manifests/1.2.3", params={"ns": "docker.io"})
        digest = named.headers["Docker-Content-Digest"]
        assert named.headers["Content-Type"] == oci.MANIFEST
        manifest = client.get(f"/v2/{repository}/manifests/{digest}")
        assert manifest.headers["Content-Type"] == oci.MANIFEST
        layer = manifest.json()["layers"][0]
        blob = client.get(f"/v2/{repository}/blobs/{layer['digest']}").content
        assert layer["digest"] == DIGEST + hashlib.sha256(blob).hexdigest()
    told = registry.served(directory)
    assert sorted(told) == ["docker.io/grafana/mimir:1.2.3", "docker.io/grafana/tempo:1.2.3"]
    assert told["docker.io/grafana/tempo:1.2.3"] == STAND_IN
    assert "mimir of this machine" in told["docker.io/grafana/mimir:1.2.3"]


def test_the_registry_gives_out_nothing_but_blobs(served: tuple[httpx.Client, Path]) -> None:
    client, _ = served
    for path in ("/v2/x/blobs/sha256:0", "/v2/x/blobs/..", "/v2/x/blobs/../served.json", "/", "/served.json"):
        assert client.get(path).status_code == 404


def test_an_image_of_an_archive_goes_before_one_that_is_made(tmp_path: Path, program: Path) -> None:
    archive = archived(tmp_path, {"docker.io/grafana/tempo:2.10.5": Contents(["/tempo"], 10001, {"/tempo": program})})
    store = registry.Store(tmp_path / "images", Images({"nginx": program}), NOWHERE, archives(archive.parent))
    digest = store.manifest("docker.io/grafana/tempo:2.10.5")
    path = store.blob("docker.io/grafana/tempo", "manifests", digest)
    assert path is not None
    config = document(path.parent, document(path.parent, digest)["config"]["digest"])
    assert (config["config"]["Entrypoint"], store.kind(digest)) == (["/tempo"], oci.MANIFEST)
    store.manifest("docker.io/grafana/tempo:2.10.6")
    assert registry.served(tmp_path / "images") == {
        "docker.io/grafana/tempo:2.10.5": "an image of yours (archive.tar)",
        "docker.io/grafana/tempo:2.10.6": STAND_IN,
    }


def test_a_registry_that_can_be_reached_goes_before_what_is_made(tmp_path: Path, program: Path) -> None:
    theirs = tmp_path / "theirs"
    manifest = oci.write(Contents(["/tempo"], 10001, {"/tempo": program}), theirs)
    index = json.dumps({"manifests": [{"digest": manifest, "mediaType": oci.MANIFEST}]}).encode()
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        what = request.url.path.rpartition("/")[2]
        file = theirs / what
        content = index if what == "2.10.5" else file.read_bytes() if file.exists() else None
        return httpx.Response(404) if content is None else httpx.Response(200, content=content)

    name, images = "docker.io/grafana/tempo", tmp_path / "images"
    store = registry.Store(images, Images({"nginx": program}), upstream(answer))
    digest = store.manifest(f"{name}:2.10.5")
    assert store.kind(digest) == oci.INDEX
    assert store.manifest(f"{name}:2.10.5") == digest
    assert store.blob(name, "manifests", manifest)
    layer = document(theirs, manifest)["layers"][0]["digest"]
    found = store.blob(name, "blobs", layer)
    assert found is not None
    assert document(images / "blobs", manifest) == document(theirs, manifest)
    assert found.read_bytes() == (theirs / layer).read_bytes()
    store.manifest(f"{name}:2.10.6")
    assert registry.served(images) == {
        f"{name}:2.10.5": "the image itself, of docker.io",
        f"{name}:2.10.6": STAND_IN,
    }
    assert asked == [
        f"/v2/grafana/tempo/{what}"
        for what in ("manifests/2.10.5", f"manifests/{manifest}", f"blobs/{layer}", "manifests/2.10.6")
    ]


def test_a_blob_that_is_not_what_its_digest_says_is_not_served(tmp_path: Path, program: Path) -> None:
    store = registry.Store(tmp_path, Images({"nginx": program}), upstream(lambda _: httpx.Response(200, content=b"{}")))
    store.manifest("docker.io/grafana/tempo:1")
    assert store.blob("docker.io/grafana/tempo", "blobs", f"{DIGEST}{64 * '0'}") is None
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [DIGEST + hashlib.sha256(b"{}").hexdigest()]


def test_a_registry_that_cannot_be_reached_is_asked_once(tmp_path: Path, program: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return unreachable(request)

    store = registry.Store(tmp_path, Images({"nginx": program}), upstream(answer))
    for name in ("grafana/tempo:1", "grafana/loki:1", "quay.io/oauth2-proxy/oauth2-proxy:1", "sandbox.local/pause:1"):
        assert store.manifest(name)
    assert asked == ["registry-1.docker.io", "quay.io"]


def test_each_image_of_an_archive_is_served_by_its_own_name(tmp_path: Path, program: Path) -> None:
    names = [f"docker.io/grafana/{name}:1" for name in ("tempo", "loki")]
    path = archived(tmp_path, {name: Contents([name], 1, {"/program": program}) for name in names})
    store = registry.Store(tmp_path / "images", Images({}), NOWHERE, archives(path.parent))
    assert len({store.manifest(name) for name in names}) == 2


@pytest.mark.parametrize("name", ["grafana/tempo:1", "docker.io/grafana/tempo:1", "index.docker.io/grafana/tempo:1"])
def test_an_image_is_known_however_a_tool_writes_its_name(tmp_path: Path, program: Path, name: str) -> None:
    path = archived(tmp_path, {name: Contents(["/tempo"], 1, {"/tempo": program})})
    assert archives(path.parent).keys() == {"grafana/tempo:1"}


@pytest.mark.parametrize("name", [None, "2.10.5"])
def test_an_image_without_its_whole_name_is_refused(tmp_path: Path, program: Path, name: str | None) -> None:
    path = archived(tmp_path, {name: Contents(["/tempo"], 1, {"/tempo": program})})
    with pytest.raises(ValueError, match=r"archive\.tar: an image in it has no name and tag"):
        archives(path.parent)


def test_a_folder_without_a_usable_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no archive of an image in it \(\*\.tar\)"):
        archives(tmp_path)
    (tmp_path / "text.tar").write_text("no archive")
    with pytest.raises(ValueError, match=r"text\.tar: no archive of an image in OCI's layout"):
        archives(tmp_path)
    (tmp_path / "text.tar").unlink()
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    with pytest.raises(ValueError, match=r"it has no index\.json"):
        archives(tmp_path)


def test_images_are_for_nodes_that_run_them(tmp_path: Path, program: Path) -> None:
    path = archived(tmp_path, {"grafana/tempo:1": Contents(["/tempo"], 1, {"/tempo": program})})
    for folder, why in ((path.parent, "IMAGES is for pods that run"), (tmp_path, "IMAGES: .*: there is no archive")):
        with pytest.raises(WorldError, match=why):
            real_nodes.chosen(tmp_path, Console(), asked=False, folder=folder)
