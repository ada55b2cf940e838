"""The section of a signal in the settings: its backend, which `backend` in it names, says what may stand there.

It says what may stand in limits as well, which are elsewhere: they are read in the context of the whole settings.
"""

from collections.abc import Mapping
from typing import Any, Union

from pydantic import ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from telemetry.backends import backends_for
from telemetry.config.base import SettingError
from telemetry.spec.backend import Backend, Signal


def backend_of(signal: Signal, section: object) -> Backend[Any, Any]:
    """Return the backend of a section, validated or raw: the one that it names, else the default."""
    backends = backends_for(signal)
    name = section.get("backend") if isinstance(section, Mapping) else getattr(section, "backend", None)
    return backends.get(str(name), next(iter(backends.values())))


def section_of(signal: Signal) -> WrapValidator:
    """Return a validator that reads a section as its backend says, in the context of what stands before it."""

    def read(section: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        backends = backends_for(signal)
        name = section.get("backend") if isinstance(section, Mapping) else None
        if len(backends) > 1 and isinstance(name, str) and name not in backends:
            raise SettingError("backend", f"must be {' or '.join(map(repr, backends))}; correct it")
        return backend_of(signal, section).settings.model_validate(section, context=info.data)

    written = tuple(backend.settings for backend in backends_for(signal).values())
    return WrapValidator(read, json_schema_input_type=Union[written])  # noqa: UP007 - of as many as there are


def default_limits(signal: Signal) -> Any:
    """Return the limits of a signal's default backend where nothing is said of them."""
    return next(iter(backends_for(signal).values())).limits()


def limits_of(signal: Signal) -> WrapValidator:
    """Return a validator that reads limits as the backend says that the settings choose for a signal."""

    def read(limits: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        chosen = backend_of(signal, (info.context or {}).get(signal)).limits
        return chosen.model_validate(limits)

    written = tuple(backend.limits for backend in backends_for(signal).values())
    return WrapValidator(read, json_schema_input_type=Union[written])  # noqa: UP007 - of as many as there are
