"""Which tools there are, as data: where each comes from, and which versions of the user's own will do."""

import re
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

MINIMUM_GO = Version("1.26")
PULUMI_VERSION = "3.260.0"
KUBERNETES_VERSION = "1.36.3"

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Module:
    """One Go module below ``sandbox/tools``; its ``tool`` lines are what a build makes.

    ``scripts`` are files of other modules that have to lie beside the binaries: (module@version, path in it); ``tags``
    are Go's build tags.
    """

    name: str
    what: str
    scripts: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """One package of Debian and Ubuntu, for a program that is no Go module; ``parts`` are others that belong to it."""

    name: str
    what: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """One program. ``binary`` is its path in its origin, ``fits`` the versions that are taken from PATH.

    ``origin`` names the module that it is built from or the package that it is fetched with, ``mentions`` what its
    version command has to say as well. A tool with ``beside`` is only taken from PATH when those programs lie in the
    same directory.
    """

    name: str
    origin: str
    version: tuple[str, ...]
    fits: SpecifierSet
    binary: str = ""
    beside: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()

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

MODULES = {
    module.name: module
    for module in (
        Module("platform", "pulumi, helm and the Kubernetes control plane"),
        Module(
            "language",
            "Pulumi's language host for Python",
            scripts=((f"github.com/pulumi/pulumi/sdk/v3@v{PULUMI_VERSION}", f"python/cmd/{LANGUAGE_EXEC}"),),
        ),
        Module("seaweedfs", "the object store SeaweedFS"),
        # promtool comes with Mimir, which has most of its packages; the tag leaves out the clients of 25 clouds.
        Module("mimir", "the metrics store Mimir, and promtool", tags=("remove_all_sd",)),
        Module("loki", "the log store Loki"),
        Module("alloyfmt", "the parser and formatter of Alloy's configuration"),
        Module("actionlint", "the linter of the pipeline's workflows"),
        Module("registry", "a registry for charts and images, which keeps them in memory"),
    )
}

PACKAGES = {
    package.name: package
    for package in (Package("nginx", "the web server of the gateway", parts=("libnginx-mod-stream",)),)
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
        Tool("weed", "seaweedfs", ("version",), SpecifierSet("==3.39.*")),
        Tool("mimir", "mimir", ("--version",), SpecifierSet(">=3,<4")),
        Tool("promtool", "mimir", ("--version",), SpecifierSet(">=3,<4")),
        Tool("loki", "loki", ("-version",), SpecifierSet(">=3.7,<3.8")),
        Tool("actionlint", "actionlint", ("--version",), SpecifierSet(">=1.7.12,<2")),
        Tool("alloyfmt", "alloyfmt", ("--version",), SpecifierSet("==0.1.0")),
        # It cannot say its version, so that of PATH never fits: other programs have the same name.
        Tool("registry", "registry", ("--help",), SpecifierSet(">=0.22")),
        Tool(
            "nginx",
            "nginx",
            ("-V",),
            SpecifierSet(">=1.22,<2"),
            binary="usr/sbin/nginx",
            mentions=("--with-http_ssl_module", "--with-http_v2_module", "--with-stream"),
        ),
    )
}

_FOR_CHECKS = ("mimir", "promtool", "loki", "actionlint", "alloyfmt", "registry", "nginx")
UP_TOOLS = tuple(name for name in TOOLS if name not in _FOR_CHECKS)
"""What ``up`` needs. Mimir and Loki only prove data paths, nginx the gateway; the others check files or serve tests."""
