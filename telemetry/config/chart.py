"""Which Helm chart something is deployed from."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.addresses import Url, is_server
from telemetry.config.base import SettingError, Settings

ChartName = Annotated[str, Field(min_length=1)]
"""A chart's name; which ones there may be, is said by the section that has it."""
Versions = Mapping[str, tuple[str, ...]]
"""Charts that something is deployed from, with the versions whose keys our Helm values were checked against."""

_OCI = re.compile(
    r"oci://(?P<server>[^/]+)(?P<path>(/[a-z0-9]+([._-]+[a-z0-9]+)*)+)"
    r"(@sha256:[0-9a-f]{64})?"
)
"""A registry, a repository in it (lower case, says the OCI distribution specification) and at will a digest."""


def checked_version(charts: Versions) -> AfterValidator:
    """Return a validator that refuses any version of these charts that was not checked."""

    def check(chart: "Chart") -> "Chart":
        versions = charts.get(chart.name, (chart.version,))
        if chart.version not in versions:
            raise SettingError(
                "version",
                f"this version of chart {chart.name} was not checked, and charts ignore keys that they do not know; "
                f"set it to {' or '.join(versions)}",
            )
        return chart

    return AfterValidator(check)


def must_be(name: str) -> AfterValidator:
    """Return a validator that refuses any chart but the named one."""

    def check(chart: "Chart") -> "Chart":
        if chart.name != name:
            raise SettingError("name", f"this backend is deployed from the chart {name}; name that")
        return chart

    return AfterValidator(check)


def from_repository(name: str, charts: Versions, repository: str) -> dict[str, str]:
    """Return the settings of a chart from an HTTP repository, in the first of the versions that were checked."""
    return {"name": name, "version": charts[name][0], "repository": repository}


class Chart(Settings):
    """A chart by name in an HTTP repository, by `oci://` reference, or by a relative path."""

    name: ChartName = Field(description="The chart's own name.")
    version: str = Field(description="Its exact version; one whose values we know.")
    repository: Url | None = Field(
        default=None, description="Address of the HTTP repository that has it; none for oci:// and paths."
    )
    reference: str | None = Field(
        default=None,
        description="An oci:// reference without a tag, or a path relative to the project of a folder or a released "
        "archive, in place of a repository: it ends with the chart's name, such as ./charts/tempo, or as archives are "
        "called, ./charts/tempo-2.2.4.tgz. Relative, because an absolute path differs between checkouts and shows as "
        "a change.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.repository is None) == (self.reference is None):
            raise ValueError(
                "a chart comes either from a repository (an address) or from a reference (oci://… or ./path); "
                "set exactly one of the two"
            )
        return self

    @model_validator(mode="after")
    def _reference_is_the_same_everywhere(self) -> Self:
        if self.reference is not None and not self.reference.startswith(("./", "../", "oci://")):
            raise SettingError(
                "reference",
                "neither oci://… nor a relative path; begin it with ./ so that every checkout shows the same",
            )
        if self.reference is not None and "@" in urlsplit(self.reference).netloc:
            raise SettingError("reference", "must not carry credentials; log in with: helm registry login")
        return self

    @model_validator(mode="after")
    def _reference_names_the_chart(self) -> Self:
        """Helm would take whatever is there, under the name of this chart; or find nothing, when all else is made."""
        if self.reference is None:
            return self
        ends: list[str] = [self.name]
        path = self.reference
        if self.reference.startswith("oci://"):
            match = _OCI.fullmatch(self.reference)
            if match is None or not is_server(match["server"]):
                raise SettingError(
                    "reference",
                    "neither a registry's address nor one with a digest; the version is a key of its own. Write "
                    f"oci://host[:port]/path/{self.name}, in lower case and without a tag",
                )
            path = match["path"]
        else:
            ends.append(f"{self.name}-{self.version}.tgz")
        if PurePosixPath(path).name not in ends:
            allowed = " or ".join(f"/{end}" for end in ends)
            raise SettingError("reference", f"does not name this chart; end it with {allowed}")
        return self

    @property
    def by_path(self) -> bool:
        """Whether it lies in the project, as a folder or an archive, and is not fetched."""
        return self.source.startswith(("./", "../"))

    @property
    def source(self) -> str:
        """What `helm install` is given: the reference, or the chart's name in its repository."""
        return self.reference or self.name
