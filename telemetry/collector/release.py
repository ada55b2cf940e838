"""The collector's release."""

from telemetry.collector.addresses import RELEASE
from telemetry.collector.values import values
from telemetry.config.base import SettingError
from telemetry.config.collector import containers_of
from telemetry.spec.release import Release
from telemetry.stack import Stack


def collector_release(stack: Stack) -> Release | None:
    """Return Alloy; None where the program deploys none."""
    settings, role = stack.collector, stack.collector_role
    if settings is None or settings.chart is None or role is None:
        return None
    return Release(
        RELEASE,
        settings.chart,
        values(stack, settings),
        {"alloy": role},
        containers=containers_of(settings, stack.policy),
        overlay=settings.values,
        section="collector",
        sizes="size",
    )


def refusal(stack: Stack) -> str | None:
    """Return why the values that are laid over those of Alloy's chart would not do; None where they do."""
    release = collector_release(stack)
    try:
        if release is not None:
            release.check()
    except SettingError as error:
        return f"telemetry:{error.key}: {error}"
    return None
