"""The logs of pods: which are read, what becomes of their lines, and as whose they count."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.connections import ClusterName
from telemetry.config.labels import NamespaceName

_NOT_RE2 = re.compile(r"\(\?<?[=!]|\(\?P=|\\[1-9]")
_STEP = r'(?:[A-Za-z_][A-Za-z0-9_]*|"[^"]+")'
_FIELD = re.compile(rf"{_STEP}(?:\.{_STEP})*")


def _check_re2(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error}); correct it") from error
    if _NOT_RE2.search(pattern):
        raise ValueError("looks ahead, behind or back, which RE2 does not; write it without")
    return pattern


def _check_field(path: str) -> str:
    if not _FIELD.fullmatch(path):
        raise ValueError(
            'not the place of a field; write it such as level, http.status or "tenant.id", quotes included'
        )
    return path


Re2 = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(_check_re2)]
"""A regular expression as RE2 reads it (https://github.com/google/re2/wiki/Syntax)."""
JsonField = Annotated[str, AfterValidator(_check_field)]
"""The place of a field, in JMESPath's words: `level`, `http.status`; in quotes what is no word, `"tenant.id"`."""
LABELS = frozenset({"cluster", "namespace", "pod", "container"})
"""What a stream of lines is told apart by."""
MetadataName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]


class LineRule(Settings):
    """What becomes of the lines of some namespaces: joined, then dropped, then sampled."""

    namespaces: list[NamespaceName] = Field(default_factory=list, description="Whose lines; none is every namespace.")
    first_line: Re2 | None = Field(
        default=None,
        description="What the first line of an entry looks like, where entries have several, such as `^\\d{4}-`: lines "
        "that do not match belong to the one before. None: each line is an entry.",
    )
    drop: list[Re2] = Field(
        default_factory=list, description="Entries that match one of these are not sent, such as probes of health."
    )
    keep_percent: float = Field(
        default=100, ge=0.1, le=100, description="How many of the rest are sent, in percent, chosen by chance."
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.first_line is None and not self.drop and self.keep_percent == 100:
            raise SettingError("drop", "is empty, and nothing else is to be done; add to the rule, or remove it")
        return self


class PodLogs(Settings):
    """Reading what pods write to their standard output and error, by the Kubernetes API."""

    cluster: ClusterName | None = Field(
        default=None,
        description="The label `cluster` of every line, which tells apart lines of clusters that share a Loki; none is "
        "kubernetes.cluster.",
    )
    namespaces: list[NamespaceName] = Field(
        default_factory=list,
        description="Whose pods' logs are read; none is the stack's own namespace. In each the program makes a Role.",
    )
    every_namespace: bool = Field(
        default=False, description="Whether those of all namespaces are read, for which it makes a ClusterRole."
    )
    exclude: list[NamespaceName] = Field(
        default_factory=list, description="With every_namespace: whose logs are left alone."
    )
    json_fields: dict[MetadataName, JsonField] = Field(
        default_factory=lambda: {name: name for name in ("level", "trace_id", "span_id")},
        description="Of lines that are JSON, which fields become structured metadata: its name, and where the field "
        "is. They are found without being indexed; lines that are no JSON stay as they are.",
    )
    rules: list[LineRule] = Field(
        default_factory=list, description="What becomes of lines, in this order; a line may meet several."
    )
    tenants: dict[NamespaceName, str] = Field(
        default_factory=dict, description="Whose the lines of a namespace are: its tenant.id, as structured metadata."
    )
    tenant_field: JsonField | None = Field(
        default=None,
        description='Where a line that is JSON says its tenant.id itself, such as `"tenant.id"`, which then counts '
        "before `tenants`.",
    )

    @model_validator(mode="after")
    def _says_once_whose(self) -> Self:
        if self.every_namespace and self.namespaces:
            raise SettingError("namespaces", "does not go with every_namespace; remove one of the two")
        if self.exclude and not self.every_namespace:
            raise SettingError("exclude", "belongs to every_namespace; set that, or remove it")
        return self

    @model_validator(mode="after")
    def _fields_have_names_of_their_own(self) -> Self:
        if "tenant_id" in self.json_fields:
            raise SettingError("json_fields.tenant_id", "is made of tenant_field and tenants; move it to tenant_field")
        if taken := sorted(LABELS & self.json_fields.keys()):
            raise SettingError(f"json_fields.{taken[0]}", "is a label already; choose another name, such as app_name")
        return self
