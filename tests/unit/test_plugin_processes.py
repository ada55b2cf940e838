"""What the stand-in plugins load, and which plugins the engine is given."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from sandbox.paths import REPO
from sandbox.plugins.install import install
from sandbox.toolchain import Toolchain
from sandbox.toolchain.catalog import KUBERNETES_PLUGIN

AWS = f"resource-aws-v{metadata.version('pulumi-aws')}"
KUBERNETES = f"resource-kubernetes-v{metadata.version('pulumi-kubernetes')}"


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """The user's own plugins: the one for Kubernetes with its data, and one for Grafana of another version."""
    folder = tmp_path / "own"
    _plugin(folder / KUBERNETES, KUBERNETES_PLUGIN)
    (folder / KUBERNETES / "schema.json").write_text("{}")
    _plugin(folder / "resource-grafana-v0.0.1", "pulumi-resource-grafana")
    return folder


def _plugin(folder: Path, program: str) -> None:
    folder.mkdir(parents=True)
    (folder / program).write_text("#!/bin/sh\necho theirs\n")
    (folder / program).chmod(0o755)


@pytest.mark.parametrize("name", ["aws", "grafana"])
def test_start_loads_nothing_slow(name: str) -> None:
    """A preview waits for the plugins: what only a call to a server needs must not be loaded before it."""
    slow = {"pulumi", "boto3", "botocore", "kubernetes", "httpx", "yaml", "pydantic", "requests"}
    program = f"import sandbox.plugins.{name}, sys; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plugin_says_its_port_and_leaves_at_once_when_asked(tmp_path: Path, plugins: Path) -> None:
    install(tmp_path, Toolchain(plugins=plugins))
    launcher = tmp_path / "plugins" / AWS / "pulumi-resource-aws"
    with subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as plugin:
        assert plugin.stdout is not None
        assert 0 < int(plugin.stdout.readline()) < 65536
        plugin.terminate()
        assert plugin.wait(timeout=120) == 0


def test_the_users_own_plugins_come_first_and_lie_in_folders_of_ours(tmp_path: Path, plugins: Path) -> None:
    """The engine does not see a plugin whose folder is a symbolic link."""
    home = tmp_path / "home"
    for _ in range(2):  # again: what is there is replaced
        used = install(home, Toolchain(plugins=plugins))
        assert used == {"aws": "stand-in", "grafana": "stand-in", "kubernetes": "real"}
    folder = home / "plugins" / KUBERNETES
    assert not folder.is_symlink()
    assert (folder / "schema.json").read_text() == "{}"
    assert subprocess.run([folder / KUBERNETES_PLUGIN], capture_output=True, text=True, check=True).stdout == "theirs\n"
    _plugin(plugins / AWS, "pulumi-resource-aws")
    assert install(home, Toolchain(plugins=plugins))["aws"] == "real"
    assert os.access(plugins / AWS / "pulumi-resource-aws", os.X_OK)  # what was replaced was ours


def test_a_plugin_that_was_linked_by_an_earlier_sandbox_is_replaced(tmp_path: Path, plugins: Path) -> None:
    home = tmp_path / "home"
    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / KUBERNETES).symlink_to(plugins / KUBERNETES, target_is_directory=True)
    install(home, Toolchain(plugins=plugins))
    assert not (home / "plugins" / KUBERNETES).is_symlink()
    assert (plugins / KUBERNETES / KUBERNETES_PLUGIN).exists()
