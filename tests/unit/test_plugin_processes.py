"""What the stand-in plugins load, write and run."""

import json
import os
import stat
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from sandbox.paths import REPO
from sandbox.plugins.base import CheckError, ProviderError
from sandbox.plugins.install import install
from sandbox.plugins.kubernetes.cluster import is_cluster_scoped
from sandbox.plugins.kubernetes.helm import Helm, HelmError, object_names
from sandbox.plugins.kubernetes.kubeconfig import KubeConfig
from sandbox.plugins.kubernetes.release import local_chart_version

CONFIG = yaml.safe_dump(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "made-up"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }
)


@pytest.mark.parametrize("name", ["aws", "grafana", "kubernetes.provider"])
def test_start_loads_nothing_slow(name: str) -> None:
    """A preview waits for three plugins: what only a call to a server needs must not be loaded before it."""
    slow = {"pulumi", "boto3", "botocore", "kubernetes", "httpx", "yaml", "pydantic", "requests"}
    program = f"import sandbox.plugins.{name}, sys; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plugin_says_its_port_and_leaves_at_once_when_asked(tmp_path: Path) -> None:
    install(tmp_path, Path(sys.executable), REPO, real=tmp_path / "none")
    version = metadata.version("pulumi-aws")
    launcher = tmp_path / "plugins" / f"resource-aws-v{version}" / "pulumi-resource-aws"
    with subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as plugin:
        assert plugin.stdout is not None
        assert 0 < int(plugin.stdout.readline()) < 65536
        plugin.terminate()
        assert plugin.wait(timeout=5) == 0


def test_user_s_own_plugins_come_first_and_the_rest_are_stand_ins(tmp_path: Path) -> None:
    version = metadata.version("pulumi-aws")
    own = tmp_path / "own" / f"resource-aws-v{version}"
    own.mkdir(parents=True)
    (own / "pulumi-resource-aws").touch()
    (tmp_path / "own" / "resource-grafana-v0.0.1").mkdir()  # of another version: no use
    home = tmp_path / "home"
    for _ in range(2):  # again: what is there is replaced
        used = install(home, Path(sys.executable), REPO, real=tmp_path / "own")
        assert used == {"aws": "real", "grafana": "stand-in", "kubernetes": "stand-in"}
    assert (home / "plugins" / own.name).resolve() == own
    launcher = home / "plugins" / f"resource-kubernetes-v{metadata.version('pulumi-kubernetes')}"
    assert os.access(launcher / "pulumi-resource-kubernetes", os.X_OK)
    used = install(home, Path(sys.executable), REPO, real=tmp_path / "none")
    assert used["aws"] == "stand-in"
    assert (own / "pulumi-resource-aws").exists()  # the user's plugin is not what was removed


@pytest.fixture
def helm_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `helm` that notes how it was called and what was in its files."""
    script = tmp_path / "bin" / "helm"
    script.parent.mkdir()
    script.write_text(
        f"""#!{sys.executable}
import json, os, sys
files = [a for a in sys.argv if os.path.isfile(a) and a != sys.argv[0]]
seen = {{"args": sys.argv[1:], "files": {{f: [oct(os.stat(f).st_mode & 0o777), open(f).read()] for f in files}}}}
open({str(tmp_path / "calls.json")!r}, "w").write(json.dumps(seen))
if "fail" in sys.argv:
    sys.exit("WARNING: others can read it\\nError: INSTALLATION FAILED: because")
"""
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    return tmp_path / "calls.json"


def inputs(**more: object) -> dict[str, object]:
    return {"name": "r", "namespace": "n", "chart": "./c", "timeout": 900, "values": {"k": None}, **more}


def test_install_waits_and_keeps_values_and_kubeconfig_in_private_files(helm_calls: Path) -> None:
    Helm(KubeConfig(CONFIG, "here")).install(inputs(createNamespace=True, version="1.0.0"))
    seen = json.loads(helm_calls.read_text())
    arguments = " ".join(seen["args"])
    assert arguments.startswith("install r ./c --namespace n --timeout 900s --values ")
    assert "--create-namespace" in arguments
    assert "--wait" in seen["args"]
    assert "--version" not in seen["args"]  # of a local chart there is only one
    assert "--kube-context here" in arguments
    assert [mode for mode, _ in seen["files"].values()] == ["0o600", "0o600"]
    assert {"k": None} in [yaml.safe_load(text) for _, text in seen["files"].values()]
    assert not any(Path(file).exists() for file in seen["files"])


@pytest.mark.parametrize(
    ("more", "expected", "unexpected"),
    [
        ({"skipAwait": True}, [], ["--wait"]),
        ({"skipAwait": True, "atomic": True}, ["--atomic"], []),
        ({"chart": "oci://host/c", "version": "2.0.0"}, ["--version", "2.0.0"], []),
        ({"repositoryOpts": {"repo": "https://charts"}, "version": "2"}, ["--repo=https://charts", "--version"], []),
        ({"maxHistory": 3, "cleanupOnFail": True}, ["--history-max", "3", "--cleanup-on-fail"], []),
        ({"createNamespace": True}, [], ["--create-namespace"]),
    ],
)
def test_arguments_become_flags(
    helm_calls: Path, more: dict[str, object], expected: list[str], unexpected: list[str]
) -> None:
    Helm(KubeConfig(CONFIG)).upgrade(inputs(**more))
    arguments = json.loads(helm_calls.read_text())["args"]
    assert set(expected) <= set(arguments)
    assert not set(unexpected) & set(arguments)


@pytest.mark.usefixtures("helm_calls")
def test_reason_is_what_helm_says_without_its_prefixes_and_warnings() -> None:
    with pytest.raises(HelmError) as failure:
        Helm(KubeConfig(CONFIG)).install(inputs(name="fail"))
    assert str(failure.value) == "because"


def test_helm_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HelmError, match="the helm command cannot be run"):
        Helm(KubeConfig(CONFIG)).install(inputs())


def test_resource_names_have_kind_group_and_version() -> None:
    manifest = """
---
{apiVersion: v1, kind: Service, metadata: {name: b}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, namespace: other}}
---
{apiVersion: v1, kind: Service, metadata: {name: a}}
---
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: c}}
"""
    assert object_names(manifest, "ns", is_cluster_scoped) == {
        "ClusterRole.rbac.authorization.k8s.io/rbac.authorization.k8s.io/v1": ["c"],
        "Service/v1": ["ns/a", "ns/b"],
        "StatefulSet.apps/apps/v1": ["other/a"],
    }


def test_version_of_a_packed_chart_and_of_a_remote_one(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "Chart.yaml").write_text("name: c\nversion: 3.2.1\n")
    with tarfile.open(tmp_path / "c.tgz", "w:gz") as archive:
        archive.add(tmp_path / "c", "c")
    assert local_chart_version(str(tmp_path / "c.tgz")) == "3.2.1"
    assert local_chart_version(str(tmp_path / "c")) == "3.2.1"
    assert local_chart_version("oci://host/c") is None
    (tmp_path / "c" / "Chart.yaml").write_text("name: c\n")
    with pytest.raises(CheckError, match="is not a chart"):
        local_chart_version(str(tmp_path / "c"))


def test_kubeconfig_by_path_and_by_contents(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    for source in (str(path), CONFIG):
        assert KubeConfig(source).server() == "https://127.0.0.1:1"
        assert KubeConfig(source, "here").load()[1] == {"token": "made-up"}
    with KubeConfig(CONFIG, "here").flags() as flags:
        assert stat.S_IMODE(Path(flags[1]).stat().st_mode) == 0o600
    assert not Path(flags[1]).exists()


@pytest.mark.parametrize(
    ("source", "context", "reason"),
    [("/nowhere/config", "", "unable to load"), (CONFIG, "there", "there"), ("a: [\n", "", "not valid YAML")],
)
def test_bad_kubeconfig_is_one_line(source: str, context: str, reason: str) -> None:
    with pytest.raises(ProviderError, match=reason) as failure:
        KubeConfig(source, context).load()
    assert "\n" not in str(failure.value)
    assert "made-up" not in str(failure.value)
