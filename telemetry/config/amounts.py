"""Amounts of what a quota counts as text: as people like to read them, and as Kubernetes takes them to the byte."""

from typing import Literal

from telemetry.config.quantities import bytes_text, cpu_text

Resource = Literal["cpu", "memory", "storage"]
RESOURCES: tuple[Resource, ...] = ("cpu", "memory", "storage")
NAMES: dict[Resource, str] = {"cpu": "CPU", "memory": "Memory", "storage": "Storage"}
"""What people call them."""

MI, GI = 1 << 20, 1 << 30


def rounded(resource: Resource, amount: int) -> str:
    """Return an amount as the plan writes it: `2900m`, `512Mi`, `13.5Gi`, to one decimal."""
    if amount == 0:
        return "0"
    if resource == "cpu":
        return f"{amount}m"
    number, unit = (amount / MI, "Mi") if abs(amount) < GI else (amount / GI, "Gi")
    return f"{number:.1f}".removesuffix(".0") + unit


def readable(resource: Resource, amount: int) -> str:
    """Return an amount that can be typed in again; `~` before one that is no whole number of Mi."""
    if resource == "cpu":
        return f"{amount}m"
    return quantity(resource, amount) if amount % MI == 0 else f"~{amount / GI:.2f}Gi"


def quantity(resource: Resource, amount: int) -> str:
    """Return the exact Kubernetes quantity."""
    if amount == 0:
        return "0"
    return cpu_text(amount) if resource == "cpu" else bytes_text(amount)


def percent(value: float | None) -> str:
    """Return a whole percentage, or a dash for none."""
    return "-" if value is None else f"{value:.0f}%"
