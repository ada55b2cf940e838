"""How whoever scrapes the platform fits the rest of the stack."""

from typing import TYPE_CHECKING

from telemetry.config.base import SettingError
from telemetry.spec.values.scraping import PREFIX

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def check(stack: "Stack") -> None:
    """Refuse what does not fit together (SettingError)."""
    if stack.collector_scrapes and stack.collector is None:
        raise SettingError(
            "monitoring.scrape",
            "is collector, and there is none; add telemetry:collector, or choose operator, annotations or none",
        )
    if stack.monitoring.scrape == "annotations":
        _check_annotations(stack)


def _check_annotations(stack: "Stack") -> None:
    """Refuse annotations of the user's that monitoring.scrape sets itself."""
    places = {"": stack.annotations, **{f"{each.signal}.": each.settings.annotations for each in stack.backends}}
    for place, annotations in places.items():
        for kind in ("objects", "pods"):
            for key in getattr(annotations, kind):
                if key.startswith(PREFIX):
                    raise SettingError(
                        f"{place}annotations.{kind}.{key}",
                        "is set by monitoring.scrape: annotations; remove it, or choose another way to be scraped",
                    )
