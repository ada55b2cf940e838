"""Which tools there are, as data: where each comes from, and which versions of the user's own will do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

MINIMUM_GO = Version("1.26")
PULUMI_VERSION = "3.260.0"
KUBERNETES_VERSION = "1.36.3"
PROVIDER_VERSION = metadata.version("pulumi-kubernetes")
"""What the Kubernetes provider calls itself: the engine asks for the plugin of the installed SDK's version."""

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Module:
    """One Go module below ``sandbox/tools``; its ``tool`` lines are what a build makes.

    ``files`` are those of other modules that have to lie beside the binaries: (module@version, path in it); ``tags``
    are Go's build tags. ``generated`` are patterns of packages that are large and hardly run, such as SDKs: they are
    compiled without optimisation, which saves a fifth of their time.
    """

    name: str
    what: str
    files: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """One package of Debian and Ubuntu, for a program that is no Go module; ``parts`` are others that belong to it.

    Where ``parts`` are shared libraries, ``wrapped`` is the program (its path in the package) that finds them by a
    script of the same name on top of the directory.
    """

    name: str
    what: str
    parts: tuple[str, ...] = ()
    wrapped: str = ""


@dataclass(frozen=True)
class Tool:
    """One program. ``binary`` is its path in its origin, ``fits`` the versions that are taken from PATH.

    ``origin`` names the module that it is built from or the package that it is fetched with; empty: it is taken from
    PATH or not at all. ``mentions`` is what its
    version command has to say as well. A tool with ``beside`` is only taken from PATH when those programs lie in the
    same directory. A tool with ``plugin`` is one of the engine's: the user's own is in that folder of their plugins.
    """

    name: str
    origin: str
    version: tuple[str, ...]
    fits: SpecifierSet
    binary: str = ""
    beside: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    plugin: str = ""

    @property
    def built_as(self) -> str:
        """The path of the program in its origin's directory."""
        return self.binary or self.name

    def accepts(self, output: str) -> bool:
        """Whether the output of the version command shows a version that fits."""
        found = _VERSION.search(output)
        if found is None or not all(each in output for each in self.mentions):
            return False
        try:
            return Version(found.group()) in self.fits
        except InvalidVersion:
            return False


LANGUAGE_HOST = "pulumi-language-python"
LANGUAGE_EXEC = f"{LANGUAGE_HOST}-exec"
KUBERNETES_PLUGIN = "pulumi-resource-kubernetes"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4@v4.0.0-20260115033456-f47bc2d6f199"
_PROVIDER_DATA = ("schema.json", "terraform-mapping.json")

CNI_PLUGINS = ("host-local", "loopback", "ptp")
"""Network plugins: found by their folder, and no program of PATH that happens to have such a name will do."""
_NEVER = SpecifierSet("<0")

_CLOUDS = (
    "github.com/aws/...",
    "github.com/Azure/azure-sdk-for-go/...",
    "cloud.google.com/...",
    "google.golang.org/api/...",
    "github.com/envoyproxy/go-control-plane/...",
)
"""SDKs that both the engine and SeaweedFS link: compiled with the same flags, or each would compile its own."""

# A library that several modules use has one version in all that `up` needs, so that it is compiled once;
# tests/unit/test_tool_pins.py has the exceptions.
MODULES = {
    module.name: module
    for module in (
        Module("platform", "pulumi, helm and the Kubernetes control plane", generated=_CLOUDS),
        Module(
            "language",
            "Pulumi's language host for Python",
            files=((f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI_VERSION}", f"python/cmd/{LANGUAGE_EXEC}"),),
        ),
        Module(
            KUBERNETES_PLUGIN,
            "Pulumi's provider for Kubernetes",
            files=tuple((_PROVIDER, f"cmd/{KUBERNETES_PLUGIN}/{name}") for name in _PROVIDER_DATA),
            generated=(
                "github.com/pulumi/pulumi-kubernetes/sdk/v4/...",
                "k8s.io/api/...",
                "k8s.io/client-go/applyconfigurations/...",
                "k8s.io/client-go/kubernetes/...",
            ),
        ),
        Module("operator-crds", "the kinds of objects that the Prometheus operator reads"),
        Module("seaweedfs", "the object store SeaweedFS", generated=_CLOUDS),
        # promtool comes with Mimir, which has most of its packages; the tag leaves out the clients of 25 clouds.
        Module("mimir", "the metrics store Mimir, and promtool", tags=("remove_all_sd",)),
        Module("prometheus", "Prometheus, which finds what it scrapes by DNS", tags=("remove_all_sd", "enable_dns_sd")),
        # Thanos takes labels apart as slices of Prometheus' own, which these are by this tag alone.
        Module("thanos", "Thanos", tags=("slicelabels",)),
        Module("alloyfmt", "the parser and formatter of Alloy's configuration"),
        # The tags leave out the clients of 25 clouds, but for Kubernetes'.
        Module(
            "otelcol",
            "the OpenTelemetry Collector",
            tags=("remove_all_sd", "enable_kubernetes_sd"),
            generated=("k8s.io/...", "github.com/aws/...", "github.com/Azure/..."),
        ),
        Module("actionlint", "the linter of the pipeline's workflows"),
        Module("amtool", "the reader of Alertmanager's configuration"),
        # 0.31 is the last release whose module has the pages that it embeds: npm builds those of later ones.
        Module("alertmanager", "Alertmanager"),
        Module("oauth2-proxy", "the one that knows whose a token of an OpenID provider is"),
        Module("registry", "a registry for charts and images, which keeps them in memory"),
        # Kubernetes of the version, and with the dependencies, that the control plane has: most is compiled already.
        Module("kubelet", "kubelet and kube-proxy of the real nodes"),
        Module("containerd", "the real nodes' container runtime and network plugins"),
        Module("coredns", "the real nodes' DNS"),
    )
}

PACKAGES = {
    package.name: package
    for package in (
        Package("nginx", "the web server of the gateway", parts=("libnginx-mod-stream",)),
        Package("runc", "what starts the real nodes' containers"),
        Package(
            "nftables",
            "the real nodes' packet filter",
            parts=("libnftables1", "libnftnl11", "libjansson4", "libmnl0", "libedit2", "libgmp10", "libxtables12"),
            wrapped="usr/sbin/nft",
        ),
    )
}

# The engine speaks to the language host of the pinned SDK, so an older CLI will not do. SeaweedFS is taken
# in this version only, because the program decides by the version what it may ask of the store.
TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "pulumi",
            "platform",
            ("version",),
            SpecifierSet(f">={PULUMI_VERSION},<4"),
            beside=(LANGUAGE_HOST, LANGUAGE_EXEC),
        ),
        Tool("helm", "platform", ("version", "--short"), SpecifierSet(">=3.14,<4")),
        Tool("etcd", "platform", ("--version",), SpecifierSet(">=3.5,<3.7"), binary="server"),
        Tool("kube-apiserver", "platform", ("--version",), SpecifierSet("==1.36.*")),
        Tool("kube-controller-manager", "platform", ("--version",), SpecifierSet("==1.36.*")),
        Tool("kube-scheduler", "platform", ("--version",), SpecifierSet("==1.36.*")),
        Tool("kwok", "platform", ("--version",), SpecifierSet(">=0.8,<0.9")),
        Tool("operator-crds", "operator-crds", ("--version",), SpecifierSet("==0.93.*")),
        Tool("weed", "seaweedfs", ("version",), SpecifierSet("==4.53.*")),
        Tool(
            KUBERNETES_PLUGIN,
            KUBERNETES_PLUGIN,
            (),
            SpecifierSet(f"=={PROVIDER_VERSION}"),
            plugin=f"resource-kubernetes-v{PROVIDER_VERSION}",
        ),
        Tool("mimir", "mimir", ("--version",), SpecifierSet(">=3,<4")),
        Tool("promtool", "mimir", ("--version",), SpecifierSet(">=3,<4")),
        # No version is linked into either: only those of PATH, which have one, are held to it.
        Tool("prometheus", "prometheus", ("--version",), SpecifierSet(">=3.12,<4")),
        Tool("thanos", "thanos", ("--version",), SpecifierSet(">=0.42.3,<0.43")),
        Tool("alertmanager", "alertmanager", ("--version",), SpecifierSet(">=0.31,<1")),
        # No package registry has these: they are only ever the user's own.
        Tool("tempo", "", ("--version",), SpecifierSet(">=2.10,<3")),
        Tool("loki", "", ("-version",), SpecifierSet(">=3.7,<3.8")),
        Tool("pyroscope", "", ("-version",), SpecifierSet(">=1.15,<3")),
        Tool("alloy", "", ("--version",), SpecifierSet(">=1.11,<2")),
        Tool("actionlint", "actionlint", ("--version",), SpecifierSet(">=1.7.12,<2")),
        Tool("alloyfmt", "alloyfmt", ("--version",), SpecifierSet("==0.1.0")),
        # What is built has few components; of the distributions that one may have, contrib has all of them.
        Tool("otelcol-contrib", "otelcol", ("--version",), SpecifierSet(">=0.161,<1"), binary="otelcol"),
        Tool("amtool", "amtool", ("--version",), SpecifierSet(">=0.28,<1")),
        Tool("oauth2-proxy", "oauth2-proxy", ("--version",), SpecifierSet(">=7.6,<8")),
        # It cannot say its version, so that of PATH never fits: other programs have the same name.
        Tool("registry", "registry", ("--help",), SpecifierSet(">=0.22")),
        Tool(
            "nginx",
            "nginx",
            ("-V",),
            SpecifierSet(">=1.22,<2"),
            binary="usr/sbin/nginx",
            mentions=(
                "--with-http_auth_request_module",
                "--with-http_ssl_module",
                "--with-http_v2_module",
                "--with-stream",
            ),
        ),
        Tool("kubelet", "kubelet", ("--version",), SpecifierSet("==1.36.*")),
        Tool("kube-proxy", "kubelet", ("--version",), SpecifierSet("==1.36.*")),
        # Linked without their version, so that only those of PATH, which have it, can be held to one.
        Tool("containerd", "containerd", ("--version",), SpecifierSet(">=2.4,<3")),
        Tool("containerd-shim-runc-v2", "containerd", ("-v",), SpecifierSet(">=2.4,<3")),
        *(Tool(name, "containerd", ("--version",), _NEVER) for name in CNI_PLUGINS),
        Tool("coredns", "coredns", ("-version",), SpecifierSet(">=1.14,<2")),
        Tool("runc", "runc", ("--version",), SpecifierSet(">=1.1,<2"), binary="usr/sbin/runc"),
        Tool("nft", "nftables", ("--version",), SpecifierSet(">=1.0.1,<2")),
    )
}

_FOR_CHECKS = (
    "mimir",
    "prometheus",
    "thanos",
    "alertmanager",
    "promtool",
    "actionlint",
    "alloyfmt",
    "otelcol-contrib",
    "amtool",
    "oauth2-proxy",
    "registry",
    "nginx",
)
OWN_TOOLS = tuple(name for name, tool in TOOLS.items() if not tool.origin)
_NODE_TOOLS = ("kubelet", "kube-proxy", "containerd", "containerd-shim-runc-v2", *CNI_PLUGINS, "coredns", "runc", "nft")
REAL_NODES_TOOLS = (*_NODE_TOOLS, "nginx")
"""What real nodes are made of, and the gateway's image."""
BACKEND_TOOLS: Mapping[str, tuple[str, ...]] = {
    "mimir": ("mimir",),
    "thanos": ("prometheus", "thanos", "alertmanager"),
}
"""The programs of backends that can be built, by the backend's name."""
UP_TOOLS = tuple(name for name in TOOLS if name not in (*_FOR_CHECKS, *_NODE_TOOLS, *OWN_TOOLS))
"""What ``up`` needs. Mimir only proves data paths, nginx the gateway; the others check files or serve tests."""
