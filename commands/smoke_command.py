"""Does a stack on a cluster do its work? The sandbox, whose pods do not run, has a proof of its own."""

from kubernetes.config.config_exception import ConfigException

from cluster_client import api_client
from commands import stack_file
from commands.arguments import ConfigFile, StackName
from commands.smoke import Services, SmokeError, prove
from commands.told import told
from commands.tools import Helm, Pulumi, ToolError, helm_of
from helm.releases import releases_of
from settings import ConfigError, Stack


def smoke(
    stack: StackName,
    config_file: ConfigFile = None,
) -> None:
    """See that every release is deployed, then send a metric and a span and read both back."""
    with told(ConfigError, ConfigException, SmokeError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        check_releases(settings, helm_of(settings))
        endpoints = Pulumi(stack, config_file).json("stack output", "--json")["endpoints"]
        cluster = settings.kubernetes
        for line in prove(Services(api_client(cluster.kubeconfig_file, cluster.context)), endpoints):
            console.print(line, highlight=False)


def check_releases(stack: Stack, helm: Helm) -> None:
    """See that each release of a stack is deployed.

    Raises:
        SmokeError: one is not, though a preview may say that nothing changes (facts/providers.md, 'Killed').
        ToolError: helm cannot say.
    """
    found = {each["name"]: each["status"] for each in helm.list_all()}
    wrong = [
        f"{each.name} is {found.get(each.name, 'not there')}"
        for each in releases_of(stack)
        if found.get(each.name) != "deployed"
    ]
    if wrong:
        raise SmokeError(f"namespace {stack.namespace.name}: release {', '.join(wrong)}; see: make repair")
