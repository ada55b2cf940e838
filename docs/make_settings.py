"""Writes docs/settings.md from the models, so that the reference cannot lie (`python -m docs.make_settings --help`)."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from docs.page import write
from telemetry.backends import BACKENDS
from telemetry.config.access import Day, Days, Moment
from telemetry.config.addresses import ExactUrl, Url
from telemetry.config.alerting import Address, Hours, Name, Server
from telemetry.config.buckets import Purpose
from telemetry.config.chart import ChartName
from telemetry.config.credentials import Credentials, Secret
from telemetry.config.existing_secrets import SecretKey, SecretName
from telemetry.config.gateway import Host
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.markdown import table
from telemetry.config.network import Cidr
from telemetry.config.object_store import S3Endpoint
from telemetry.config.quantities import Bytes, Cpu, Duration, bytes_text, duration_text
from telemetry.config.role_spec import Need, RoleSpec, RoleTable
from telemetry.config.roles import Role
from telemetry.config.seaweedfs import FEATURES, version_text
from telemetry.config.trust import Pem
from telemetry.releases import CHARTS
from telemetry.stack import Stack

DOCUMENT = Path(__file__).with_name("settings.md")

INTRODUCTION = """# Settings

Everything that `Pulumi.<stack>.yaml` may say, under the prefix `telemetry:`. This page is made from the models in
`telemetry/` by `python -m docs.make_settings`; a test fails while it is stale. What is wrong in a stack's file is
reported all at once, before anything is touched: one line each, with the key's path and how to mend it.

A setting is written into the file, or set with `pulumi config set -s dev --path 'telemetry:metrics.retention' 30d`.
Secrets are only ever set with `--secret`, and Pulumi asks for them when the value is left out:

```sh
pulumi config set -s dev --secret --path 'telemetry:credentials.grafana.auth'
```

The first line of a stack's file names [stack.schema.json](stack.schema.json), which is made from the same models. By it
an editor with the [YAML language server](https://github.com/redhat-developer/yaml-language-server) completes keys,
shows what each is, and underlines unknown keys, wrong types and values that are not allowed. A file elsewhere names it
by the path from there:

```yaml
# yaml-language-server: $schema=docs/stack.schema.json
```

What holds between several keys, only the program says.
"""

# What a reader writes, for the types that stand for more than their Python type.
_WRITTEN: tuple[tuple[Any, str], ...] = (
    (Cpu, "CPU, such as `250m` or `2`"),
    (Bytes, "size, such as `512Mi` or `1.5Gi`"),
    (Duration, "duration, such as `48h` or `14d`"),
    (Days, "duration in whole days, such as `90d`"),
    (Url, "address, `http(s)://host[:port][/path]`"),
    (ExactUrl, "address, `http(s)://host[:port][/path]`"),
    (S3Endpoint, "address, `http(s)://host[:port]`"),
    (Purpose, "lower-case letters, digits, hyphens"),
    (Secret, "secret"),
    (SecretStr, "secret"),
    (SecretName, "a Secret's name"),
    (SecretKey, "a Secret's key"),
    (Host, "a DNS name"),
    (Pem, "certificates in PEM"),
    (Address, "a mail address"),
    (Server, "`host:port`"),
    (Hours, "a part of a day, such as `22:00-24:00`"),
    (Name, "lower-case letters, digits, hyphens"),
    (Cidr, "a range of addresses, such as `10.20.0.0/16`"),
    (Day, "a day, such as `'2026-11-21'`"),
    (Moment, "a moment in UTC, such as `'2026-12-01T00:00:00Z'`"),
    (ChartName, " or ".join(f"`{name}`" for name in CHARTS)),
    (LabelKey, "a label's key, such as `node-type`"),
    (LabelValue, "a label's value"),
    (Any, "any value"),
    (bool, "`true` or `false`"),
    (int, "whole number"),
    (float, "number"),
    (str, "text"),
)

_NEEDS: dict[Need, str] = {"required": "required", "optional": "optional", "chart": "added by the chart"}


def document() -> str:
    """Return the whole page."""
    sections = [INTRODUCTION]
    sections += [_section(model, paths) for model, paths in _places().items()]
    sections += [
        *(
            _roles(f"Roles of {each.title}", f"telemetry:{each.signal}.roles", _joined(each.roles.values()))
            for each in BACKENDS
        ),
        _features(),
    ]
    return "\n".join(sections)


def _joined(tables: Iterable[RoleTable]) -> RoleTable:
    """Return the roles of all topologies."""
    return {name: spec for table in tables for name, spec in table.items()}


def _places() -> dict[type[BaseModel], list[str]]:
    """Return every model with the paths at which it stands, in the order of the settings."""
    places: dict[type[BaseModel], list[str]] = {}
    for root, path in ((Stack, "telemetry:"), (Credentials, "telemetry:credentials")):
        for model, where in _walk(root, path):
            places.setdefault(model, []).append(where)
    return places


def _walk(model: type[BaseModel], path: str) -> Iterator[tuple[type[BaseModel], str]]:
    yield model, path
    for name, hint in _hints(model):
        for inner in _models_in(hint):
            below = path + name if path.endswith(":") else f"{path}.{name}"
            each = ".<role>" if _is_roles(hint) else "[]" if _is_list(hint) else ""
            yield from _walk(inner, below + each)


def _is_roles(hint: Any) -> bool:
    """Whether a mapping has sizes by role, which a table of its own tells the defaults of."""
    mapping = next(iter(get_args(hint)), None) if get_origin(hint) is Annotated else hint
    return get_origin(mapping) is dict and Role in get_args(mapping)


def _is_list(hint: Any) -> bool:
    return list in (get_origin(hint), *map(get_origin, get_args(hint)[:1]))


def _hints(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(model, include_extras=True)
    return ((name, hints[name]) for name in model.model_fields)


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for inner in get_args(hint):
        yield from _models_in(inner)


def _section(model: type[BaseModel], paths: list[str]) -> str:
    title = model.__name__ if model is not Stack else "The stack"
    about = _plain(model.__doc__ or "")
    rows = [
        (
            f"`{name}`",
            _type(hint, model.model_fields[name]),
            _default(model, name, hint),
            _plain(model.model_fields[name].description or ""),
        )
        for name, hint in _hints(model)
    ]
    where = ", ".join(f"`{path}`" for path in paths)
    return "\n".join(
        [f"## {title}", "", f"At {where}. {about}", "", table(("key", "type", "default", "what it is"), rows), ""]
    )


def _type(hint: Any, field: FieldInfo) -> str:
    text, bounds = _written(hint), {type(rule).__name__: rule for rule in field.metadata}
    if {"Ge", "Le"} <= bounds.keys() and text.endswith("number"):
        return f"{text}, {bounds['Ge'].ge} to {bounds['Le'].le}"
    return text


def _written(hint: Any) -> str:
    for known, text in _WRITTEN:
        if hint == known:
            return text
    parts = [part for part in get_args(hint) if part is not NoneType]
    match get_origin(hint):
        case origin if origin is Literal:
            return " or ".join(f"`{part}`" for part in parts)
        case origin if origin is Annotated:
            return _written(parts[0])
        case origin if origin in (Union, UnionType):
            return " or ".join(map(_written, parts))
        case origin if origin is dict:
            return f"mapping: name to {_written(parts[1])}"
        case origin if origin is list:
            return f"list: {_written(parts[0])}"
        case _:
            return f"[{hint.__name__}](#{hint.__name__.lower()})"


def _default(model: type[BaseModel], name: str, hint: Any) -> str:
    field = model.model_fields[name]
    if model is Role and name in RoleSpec("", "").defaults():
        return "by role"
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case BaseModel() | {} | []:
            return "see below" if _is_roles(hint) or isinstance(value, BaseModel) else "none"
        case int() if hint == Duration:
            return f"`{f'{value // 86_400}d' if value % 86_400 == 0 else duration_text(value)}`"
        case int() if hint == Bytes:
            return f"`{bytes_text(value)}`"
        case _:
            return f"`{value}`"


def _plain(text: str) -> str:
    """Return a description on one line."""
    return " ".join(text.split())


def _roles(title: str, path: str, specs: RoleTable) -> str:
    rows = (_role(name, spec) for name, spec in specs.items())
    columns = (
        "role",
        "need",
        "CPU",
        "memory",
        "memory limit",
        "limit may be",
        "volume",
        "share of a total",
        "scales",
        "in the plan",
    )
    about = (
        f"At `{path}`: what each replica asks for where nothing else is set, one replica each. A backend that says its "
        "`total` has it split by the shares, CPU/memory in percent; a role without a share keeps its own size. What is "
        "not in the plan's table of prod is reported as beyond the plan."
    )
    return "\n".join([f"## {title}", "", about, "", table(columns, rows), ""])


def _role(name: str, spec: RoleSpec) -> tuple[str, ...]:
    return (
        f"`{name}`",
        _NEEDS[spec.need],
        spec.cpu,
        spec.memory,
        spec.limit or "none",
        _range(spec),
        (spec.volume or "none") + (", or none" if spec.disk_is_cache else ""),
        f"{spec.share[0]}/{spec.share[1]} %" if spec.share else "none",
        "yes" if spec.scales else "no",
        "yes" if spec.in_plan else "no",
    )


def _range(spec: RoleSpec) -> str:
    return " to ".join(spec.limit_range) if spec.limit_range else "not set"


def _features() -> str:
    rows = [
        (f"`{feature.setting}`", f"SeaweedFS {version_text(feature.since)}" if feature.since else "works in none")
        for feature in FEATURES
        if feature.setting
    ]
    about = "Settings at `telemetry:object_store` that only some versions of SeaweedFS can honour."
    return "\n".join(["## What SeaweedFS must be", "", about, "", table(("setting", "needs"), rows), ""])


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_settings", __doc__, DOCUMENT, document)


if __name__ == "__main__":
    sys.exit(main())
