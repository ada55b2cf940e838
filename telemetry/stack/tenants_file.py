"""Tenants in a file of their own, for stacks that have many.

The engine hands all config to the program in one environment variable, and Linux lets none be longer than 128 KiB:
beyond some hundred tenants in the stack's file, `pulumi` ends with `argument list too long`.
"""

from pathlib import Path
from typing import Any

from telemetry.config import yaml_file

KEY = "tenants_file"


def read(given: object, *, listed: bool) -> Any:
    """Return the list in a file.

    Args:
        given: the file's path, as it stands in the config; it begins at the project.
        listed: whether the config has tenants of its own.

    Raises:
        ValueError: it cannot be had, with the reason and how to mend it.
    """
    if listed:
        raise ValueError("tenants is set as well; keep all of them in one place, and remove the other key")
    if not isinstance(given, str) or not given or Path(given).is_absolute():
        raise ValueError("must be a path that begins at the project, such as tenants-prod.yaml; correct it")
    try:
        text = Path(given).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{given!r}: cannot be read ({error.strerror}); correct the path") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{given!r}: is no text in UTF-8; correct the file") from error
    except ValueError as error:
        raise ValueError(f"{given!r}: is no path; correct it") from error
    try:
        found = yaml_file.read(text)
    except ValueError as error:
        raise ValueError(f"{given!r}: {error}; correct the file") from error
    if not isinstance(found, list):
        reason = "must be a list of tenants, as telemetry:tenants is; correct the file"
        raise ValueError(f"{given!r}: {reason}")  # noqa: TRY004 - what is wrong is a setting's value
    return found
