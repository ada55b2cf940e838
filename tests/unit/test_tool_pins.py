"""A library that several of the sandbox's tools use has one version in all of them, so that it is compiled once."""

import re
from collections import defaultdict

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import TOOLS, UP_TOOLS

SOURCES = REPO / "sandbox" / "tools"
UP_MODULES = sorted({TOOLS[name].origin for name in UP_TOOLS} | {"language"})
OF_THEIR_OWN = {
    # The last SDK that has the language host in it.
    "language": ("github.com/pulumi/pulumi/sdk/v3",),
    # What the provider's release reads and renders charts with, and speaks to the API server and the engine with.
    "pulumi-resource-kubernetes": (
        "github.com/BurntSushi/toml",
        "github.com/Masterminds/semver/v3",
        "github.com/google/cel-go",
        "github.com/google/gnostic-models",
        "github.com/pulumi/",
        "github.com/santhosh-tekuri/jsonschema/v6",
        "gopkg.in/evanphx/json-patch.v4",
        "helm.sh/helm/v3",
        "k8s.io/",
        "oras.land/oras-go/v2",
        "sigs.k8s.io/",
    ),
    # The etcd server, its storage and its client are of one release in the control plane.
    "seaweedfs": ("go.etcd.io/",),
}
"""Libraries, by how their names begin, that a module has at a version of its own."""

_REQUIRED = re.compile(r"^(?:require\s+|\t)(\S+) (v\S+)", re.MULTILINE)
_REPLACED = re.compile(r"^(?:replace\s+|\t)(\S+)(?: v\S+)? => \S+ (v\S+)", re.MULTILINE)


def pins(module: str) -> dict[str, str]:
    """The version that each library of a tool's module has."""
    text = (SOURCES / module / "go.mod").read_text()
    required = dict(_REQUIRED.findall(text))
    return required | {name: version for name, version in _REPLACED.findall(text) if name in required}


def apart(own: dict[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    """The libraries that are at more than one version, with the version of each module that has them."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for module in UP_MODULES:
        for name, version in pins(module).items():
            if not name.startswith(own.get(module, ())):
                found[name][module] = version
    return {name: versions for name, versions in found.items() if len(set(versions.values())) > 1}


def test_a_library_has_one_version_in_all_that_up_needs() -> None:
    assert UP_MODULES == ["language", "operator-crds", "platform", "pulumi-resource-kubernetes", "seaweedfs"]
    assert apart(OF_THEIR_OWN) == {}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, own in OF_THEIR_OWN.items() for name in own])
def test_an_exception_is_needed(module: str, name: str) -> None:
    others = {
        each: tuple(prefix for prefix in own if (each, prefix) != (module, name)) for each, own in OF_THEIR_OWN.items()
    }
    assert any(library.startswith(name) for library in apart(others))


def test_kubelet_has_the_control_planes_dependencies() -> None:
    kubelet, platform = pins("kubelet"), pins("platform")
    shared = kubelet.keys() & platform.keys()
    assert {name: kubelet[name] for name in shared} == {name: platform[name] for name in shared}
