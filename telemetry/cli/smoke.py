"""`smoke`: sends a metric and a span through a deployed stack."""

from collections.abc import Iterator
from typing import Any

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.cli.outputs import outputs_of
from telemetry.clients.cli_tools import Helm, Pulumi, ToolError, helm_of
from telemetry.clients.kubernetes import ClusterError, connect
from telemetry.config.targets import make
from telemetry.operations.smoke.probe import Services, SmokeError, prove, refuses
from telemetry.releases import releases_of
from telemetry.stack import ConfigError, Stack
from telemetry.stack import file as stack_file


def smoke(
    stack: StackName,
    config_file: ConfigFile = None,
) -> None:
    """See that every release is deployed, then send a metric and a span and read both back."""
    with error_boundary(ClusterError, ConfigError, SmokeError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        check_releases(settings, helm_of(settings.kubernetes, settings.namespace.name))
        endpoints = outputs_of(Pulumi(stack, config_file))["endpoints"]
        tenant = settings.tenants[0].id if settings.tenants else None
        services = Services(connect(settings.kubernetes), tenant)
        for line in _lines(settings, services, endpoints):
            console.print(line)


def _lines(stack: Stack, services: Services, endpoints: Any) -> Iterator[str]:
    """Yield what is found; behind a gateway, of the backends themselves, as its first tenant."""
    if stack.gateway is None:
        yield from prove(services, endpoints)
    else:
        yield refuses(services, endpoints["metrics"]["query"])
        yield from prove(services, {backend.signal: backend.endpoints._asdict() for backend in stack.backends})


def check_releases(stack: Stack, helm: Helm) -> None:
    """See that each release of a stack is deployed.

    Raises:
        SmokeError: one is not, though a preview may say that nothing changes.
        ToolError: helm cannot say.
    """
    found = {each["name"]: each["status"] for each in helm.list_all()}
    wrong = [
        f"{each.name} is {found.get(each.name, 'not there')}"
        for each in releases_of(stack)
        if found.get(each.name) != "deployed"
    ]
    if wrong:
        repair = make("repair", stack.environment)
        raise SmokeError(f"namespace {stack.namespace.name}: release {', '.join(wrong)}; see: {repair}")
