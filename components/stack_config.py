"""The bridge from Pulumi's config to the settings, and from a bad config to one clear error."""

from datetime import UTC, date, datetime

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from telemetry.capacity.fit import check
from telemetry.collector.release import refusal as of_collector
from telemetry.config.credentials import Credentials
from telemetry.gateway import access, validity
from telemetry.gateway import secrets as contents
from telemetry.grafana.dashboards import packs as dashboard_packs
from telemetry.monitoring import packs as rule_packs
from telemetry.releases import overlays
from telemetry.spec.overlay import unchecked
from telemetry.stack import ConfigError, Stack, load


def load_stack() -> tuple[Stack, Credentials]:
    """Return the settings and secrets of the current stack, once it is known that the stack fits where it goes.

    And that the credentials that it would issue are valid today: expired ones shut clients out.

    Raises:
        pulumi.RunError: with every finding; the engine shows it without a traceback.
    """
    try:
        stack, credentials = load(get_config_env(), get_config_secret_keys_env(), pulumi.get_stack())
        today = _today()
        _refuse_what_does_not_fit(stack, credentials, today)
        _warn_of_what_ends(stack, today)
        _warn_of_unchecked_values(stack)
    except ConfigError as error:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml cannot be used:\n{error}") from error
    return stack, credentials


def _today() -> date:
    return datetime.now(UTC).date()


def _refuse_what_does_not_fit(stack: Stack, credentials: Credentials, today: date) -> None:
    verdict = check(stack)
    too_much = contents.too_much(stack, credentials.gateway_key, credentials.previous_gateway_key)
    single = filter(None, (too_much, access.refusal(stack, today), of_collector(stack)))
    packs = (*rule_packs.refusals(stack), *dashboard_packs.refusals(stack))
    refusals = (*verdict.refusals, *single, *validity.refusals(stack, today), *packs)
    if refusals:
        raise ConfigError(refusals)
    for warning in verdict.warnings:
        pulumi.log.warn(warning)


def _warn_of_unchecked_values(stack: Stack) -> None:
    for release in overlays(stack):
        if (text := unchecked(release.overlay, release.chart)) is not None:
            pulumi.log.warn(f"telemetry:{release.section}.{release.overlaid}: {text}")


def _warn_of_what_ends(stack: Stack, today: date) -> None:
    for warning in filter(None, (access.expiry(stack, today), validity.warning(stack, today))):
        pulumi.log.warn(warning)
