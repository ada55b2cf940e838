"""Tools are taken from PATH where they fit, else built once, whole or not at all; errors say what to do."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from sandbox.paths import REPO
from sandbox.toolchain import TOOLS, UP_TOOLS, ToolchainError, modules
from tests.unit.toolchain_bench import Bench
from tests.waiting import until


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_all_is_built_once(bench: Bench) -> None:
    bench.toolchain().ensure()
    built = [call for call in bench.calls() if call.startswith("build")]
    assert (
        "To be made, once: platform, language, operator-crds, seaweedfs, pulumi-resource-kubernetes (5 in all)"
        in bench.said.getvalue()
    )
    made = ("language", "operator-crds", "platform", "pulumi-resource-kubernetes", "seaweedfs")
    assert sorted(built) == [f"build {name}" for name in made]
    bench.toolchain().ensure()
    assert [call for call in bench.calls() if call.startswith("build")] == built
    for name in UP_TOOLS:
        path = bench.toolchain().path(name)
        assert subprocess.run([path], capture_output=True, text=True, check=True).stdout.strip() == path.name
    assert bench.toolchain().path("etcd").name == "server"


def test_mimir_is_built_when_it_is_asked_for(bench: Bench) -> None:
    toolchain = bench.toolchain()
    toolchain.ensure()
    with pytest.raises(ToolchainError, match="mimir is not there yet"):
        toolchain.path("mimir")
    toolchain.ensure(["mimir"])
    assert toolchain.path("mimir").exists()


def test_a_tool_that_no_registry_has_is_the_users_own_or_is_named_as_missing(bench: Bench) -> None:
    toolchain = bench.toolchain()
    assert toolchain.missing("tempo") == "no tempo on PATH, and no package registry has it"
    with pytest.raises(ToolchainError, match="no tempo on PATH"):
        toolchain.ensure(["tempo"])
    bench.program("tempo", "#!/bin/sh\necho 'tempo, version 1.0.0'\n")
    assert "does not fit: <3,>=2.10 is needed" in str(bench.toolchain().missing("tempo"))
    own = bench.program("tempo", "#!/bin/sh\necho 'tempo, version 2.10.5 (branch: HEAD, revision: x)'\n")
    assert bench.toolchain().missing("tempo") is None
    assert bench.toolchain().path("tempo") == own
    assert bench.calls() == []


def test_the_language_host_has_its_script_beside_it(bench: Bench) -> None:
    toolchain = bench.toolchain()
    toolchain.ensure(["pulumi"])
    beside = toolchain.path("pulumi").parent
    assert os.access(beside / "pulumi-language-python", os.X_OK)
    assert os.access((beside / "pulumi-language-python").resolve().with_name("pulumi-language-python-exec"), os.X_OK)
    assert toolchain.bin_dirs == [beside]


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_a_changed_pin_builds_anew(bench: Bench, file: str) -> None:
    bench.toolchain().ensure(["weed"])
    before = bench.toolchain().path("weed")
    (bench.sources / "seaweedfs" / file).write_text("something else\n")
    bench.toolchain().ensure(["weed"])
    assert bench.toolchain().path("weed") != before
    assert bench.calls().count("build seaweedfs") == 2


def test_another_go_or_flag_builds_anew_and_a_touched_file_does_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.toolchain().ensure(["weed"])
    os.utime(bench.sources / "seaweedfs" / "go.mod", (1, 1))
    bench.toolchain().ensure(["weed"])
    assert bench.calls().count("build seaweedfs") == 1
    bench.version("go1.27.0")
    bench.toolchain().ensure(["weed"])
    assert bench.calls().count("build seaweedfs") == 2
    monkeypatch.setattr(modules, "BUILD_FLAGS", ("-race",))
    bench.toolchain().ensure(["weed"])
    assert bench.calls().count("build seaweedfs") == 3


def test_the_users_own_tool_is_taken_when_it_fits_and_needs_no_go(bench: Bench) -> None:
    (bench.bin / "go").unlink()
    own = bench.program("helm", "#!/bin/sh\necho v3.17.1+g980d8ac\n")
    toolchain = bench.toolchain()
    toolchain.ensure(["helm"])
    assert toolchain.path("helm") == own


@pytest.mark.parametrize(
    "text",
    ["#!/bin/sh\necho v4.0.0\n", "#!/bin/sh\necho v3.17.1; exit 1\n", "#!/bin/sh\necho none\n", "no program"],
)
def test_the_users_own_tool_is_left_alone_when_it_does_not_fit(bench: Bench, text: str) -> None:
    own = bench.program("helm", text)
    toolchain = bench.toolchain()
    toolchain.ensure(["helm"])
    assert toolchain.path("helm") != own
    assert "does not fit" in bench.said.getvalue()


def test_the_users_own_pulumi_needs_its_language_host(bench: Bench) -> None:
    own = bench.program("pulumi", "#!/bin/sh\necho v3.261.0\n")
    bench.toolchain().ensure(["pulumi"])
    assert bench.toolchain().path("pulumi") != own
    for name in ("pulumi-language-python", "pulumi-language-python-exec"):
        bench.program(name, "#!/bin/sh\n")
    bench.program("helm", "#!/bin/sh\necho v3.17.1\n")
    toolchain = bench.toolchain()
    toolchain.ensure(["pulumi", "helm"])
    assert toolchain.path("pulumi") == own
    assert toolchain.bin_dirs == [bench.bin]


@pytest.mark.parametrize(
    ("tool", "output", "fits"),
    [
        ("pulumi", "v3.260.0", True),
        ("pulumi", "3.260.1", True),
        ("pulumi", "v3.250.0", False),
        ("pulumi", "v4.0.0", False),
        ("helm", "v3.22.0+gdeadbee", True),
        ("helm", "v3.13.3", False),
        ("helm", "v4.0.1", False),
        ("etcd", "etcd Version: 3.6.8\nGit SHA: x\nGo Version: go1.26.8", True),
        ("etcd", "etcd Version: 3.4.30", False),
        ("kube-apiserver", "Kubernetes v1.36.3", True),
        ("kube-apiserver", "Kubernetes v0.0.0-master+$Format:%H$", False),
        ("kube-apiserver", "Kubernetes v1.30.0", False),
        ("kwok", "kwok version v0.8.0 go1.26.8 (linux/amd64)", True),
        ("weed", "version 8000GB 4.53 linux amd64", True),
        ("weed", "version 30GB 3.39 linux amd64", False),
        ("mimir", "Mimir, version 3.0.1 (branch: x, revision: y)", True),
        ("mimir", "Mimir, version unknown (branch: unknown, revision: unknown)", False),
        ("helm", "", False),
    ],
)
def test_version_rules(tool: str, output: str, fits: bool) -> None:
    assert TOOLS[tool].accepts(output) is fits


def test_a_failed_build_names_the_tool_the_reason_and_the_way_on(bench: Bench) -> None:
    (bench.bin / "fail").write_text("x.go:1: undefined: y\n")
    with pytest.raises(ToolchainError) as raised:
        bench.toolchain().ensure(["weed"])
    message = str(raised.value)
    assert "building seaweedfs (weed) failed" in message
    assert "| x.go:1: undefined: y" in message
    assert f"cd {bench.sources / 'seaweedfs'} && go build tool" in message
    assert bench.entries() == []
    (bench.bin / "fail").unlink()
    bench.toolchain().ensure(["weed"])


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("write /x: no space left on device", "make room"),
        ("Get https://modules.example/x: dial tcp: lookup modules.example: no such host", "GOPROXY"),
        ("compile: signal: killed", "memory"),
    ],
)
def test_a_failed_build_gives_fitting_advice(bench: Bench, words: str, advice: str) -> None:
    (bench.bin / "fail").write_text(words)
    with pytest.raises(ToolchainError, match=advice):
        bench.toolchain().ensure(["weed"])


def test_a_build_that_leaves_a_tool_out_is_not_taken(bench: Bench) -> None:
    (bench.bin / "makes-platform").write_text("pulumi helm")
    with pytest.raises(ToolchainError, match="did not make server, kube-apiserver"):
        bench.toolchain().ensure(["helm"])
    assert bench.entries() == []


def test_a_missing_script_is_an_error(bench: Bench) -> None:
    (bench.bin / "sdk" / "python" / "cmd" / "pulumi-language-python-exec").unlink()
    with pytest.raises(ToolchainError, match="has no file python/cmd/pulumi-language-python-exec"):
        bench.toolchain().ensure(["pulumi"])
    assert not any(entry.startswith("language") for entry in bench.entries())


@pytest.mark.parametrize(
    ("version", "message"),
    [("go1.25.9", "is Go 1.25.9, the sandbox's tools need 1.26"), ("go: no", "does not tell its version")],
)
def test_a_go_that_will_not_do(bench: Bench, version: str, message: str) -> None:
    bench.version(version)
    with pytest.raises(ToolchainError, match=message):
        bench.toolchain().ensure(["weed"])


def test_no_go_at_all(bench: Bench) -> None:
    (bench.bin / "go").unlink()
    with pytest.raises(ToolchainError, match=r"no `go` on PATH: install Go 1\.26"):
        bench.toolchain().ensure()


def test_an_unknown_tool(bench: Bench) -> None:
    with pytest.raises(ToolchainError, match="there is no tool 'kubeadm'"):
        bench.toolchain().path("kubeadm")


def test_progress_is_told_in_lines_where_there_is_no_terminal(bench: Bench) -> None:
    bench.toolchain().ensure(["weed"])
    said = bench.said.getvalue()
    assert "building seaweedfs (the object store SeaweedFS; no weed on PATH): 2 packages to compile" in said
    assert ": done in " in said


ENSURE = """
import sys
from pathlib import Path
from sandbox.toolchain import Toolchain
cache, sources, path = sys.argv[1:]
Toolchain(cache=Path(cache), sources=Path(sources), path=path).ensure(["helm"])
"""


def test_a_killed_build_leaves_nothing_that_is_taken_for_whole(bench: Bench) -> None:
    (bench.bin / "hang").touch()
    command = [sys.executable, "-c", ENSURE, str(bench.cache), str(bench.sources), str(bench.bin)]
    with subprocess.Popen(command, cwd=REPO, start_new_session=True) as builder:
        until(lambda: any(bench.cache.glob(".platform-*/pulumi")))
        os.killpg(builder.pid, signal.SIGKILL)
    assert [entry for entry in bench.entries() if not entry.startswith(".")] == []
    with pytest.raises(ToolchainError, match="helm is not there yet"):
        bench.toolchain().path("helm")
    (bench.bin / "hang").unlink()
    toolchain = bench.toolchain()
    toolchain.ensure(["helm"])
    assert bench.entries() == [toolchain.path("helm").parent.name]


def test_a_second_process_waits_and_says_so(bench: Bench) -> None:
    bench.cache.mkdir()
    toolchain = bench.toolchain()
    with FileLock(bench.cache / "seaweedfs.lock"):
        second = threading.Thread(target=toolchain.ensure, args=(["weed"],))
        second.start()
        until(lambda: "another process is building it, waiting" in bench.said.getvalue())
        assert second.is_alive()
        assert bench.calls() == []
    second.join(120)
    assert toolchain.path("weed").exists()
