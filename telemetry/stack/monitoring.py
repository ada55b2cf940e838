"""How what watches the platform fits the tenants whose metrics it is kept in."""

from typing import TYPE_CHECKING

from telemetry.config.base import SettingError, did_you_mean

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def check(stack: "Stack") -> None:
    """Refuse tenants that are none, and rules without an owner (SettingError)."""
    settings, ids = stack.monitoring, [tenant.id for tenant in stack.tenants]
    if settings.tenant is None and ids and settings.rules == "ruler":
        raise SettingError(
            "monitoring.tenant",
            "is not set, and the ruler keeps rules by tenant; name the tenant that has the metrics",
        )
    if settings.tenant is not None:
        _check_known("monitoring.tenant", settings.tenant, ids)
        if stack.gateway is not None and settings.rules == "ruler":
            _check_may_have_rules(stack, ids.index(settings.tenant))
    for index, named in enumerate(settings.budget_tenants or ()):
        _check_known(f"monitoring.budget_tenants.{index}", named, ids)


def _check_known(key: str, named: str, ids: list[str]) -> None:
    if named not in ids:
        raise SettingError(key, f"is no tenant of this stack{did_you_mean(named, ids)}; name one of them, or remove it")


def _check_may_have_rules(stack: "Stack", index: int) -> None:
    if "admin" not in stack.tenants[index].access.scopes.metrics:
        raise SettingError(
            f"tenants.{index}.access.scopes.metrics",
            "has no admin, and monitoring.rules: ruler puts the platform's rules there in this tenant's name; "
            "add it: [read, write, admin]",
        )
