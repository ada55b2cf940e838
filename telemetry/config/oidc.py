"""Who reads with a token of an OpenID provider: who looks at the token, and whom it lets in."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.addresses import check_exact_url
from telemetry.config.base import Line, SettingError, Settings
from telemetry.config.trust import Pem

_URL = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?/[\w./~-]*", re.ASCII)
_PORTS = {"http": 80, "https": 443}

Header = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
"""The name of an HTTP header."""
Holder = Annotated[Line, Field(pattern=r'^[^",\\\x00-\x1f\x7f]{1,200}$')]
"""A group or a user, as the provider calls it. A comma parts groups in a header, so no name has one."""


def _check_url(value: str) -> str:
    if _URL.fullmatch(check_exact_url(value)) is None:
        raise ValueError("not an address with a path; write it such as http://oauth2-proxy.auth.svc:4180/oauth2/auth")
    return value


class Oidc(Settings):
    """An oauth2-proxy that exists already, which knows whose a token of the OpenID provider is."""

    url: Annotated[str, AfterValidator(_check_url)] = Field(
        description="Where it says so (nginx's auth_request), such as http://oauth2-proxy.auth.svc:4180/oauth2/auth. "
        "Plain HTTP is for a Service of the cluster: tokens go there."
    )
    authority: Pem | None = Field(
        default=None, description="With https: PEM of the authority of its certificate, also of a public one."
    )
    user_header: Header = Field(
        default="X-Auth-Request-User", description="The header of its answer with the user (oauth2-proxy's)."
    )
    groups_header: Header = Field(
        default="X-Auth-Request-Groups",
        description="The header of its answer with the user's groups, which commas part (oauth2-proxy's).",
    )

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of its address."""
        url = urlsplit(self.url)
        return url.port or _PORTS[url.scheme]

    @property
    def is_tls(self) -> bool:
        """Whether it is asked by TLS."""
        return self.url.startswith("https:")

    def leaves_in_plain_text(self, cluster_domain: str) -> bool:
        """Whether tokens would go to it without TLS and to no Service of the cluster."""
        return not self.is_tls and not self.host.endswith((".svc", f".svc.{cluster_domain}"))

    @model_validator(mode="after")
    def _knows_whom_to_trust(self) -> Self:
        if self.is_tls and self.authority is None:
            raise SettingError("authority", "is not set, and nginx trusts no system's store; add the authority in PEM")
        if not self.is_tls and self.authority is not None:
            raise SettingError("authority", "belongs to https, and url is plain HTTP; correct url, or remove it")
        return self


class Readers(Settings):
    """Whom a token of the OpenID provider lets read a tenant's data."""

    groups: list[Holder] = Field(default_factory=list, description="Everybody in one of these groups.")
    users: list[Holder] = Field(
        default_factory=list,
        description="These users: the claim `sub`, such as `system:serviceaccount:apps:reports` of a ServiceAccount.",
    )

    @property
    def text(self) -> str:
        """Who they are, in a few words."""
        named = (("group", self.groups), ("user", self.users))
        return ", ".join(f"{kind} {name}" for kind, names in named for name in names)

    @model_validator(mode="after")
    def _are_somebody(self) -> Self:
        if not (self.groups or self.users):
            raise SettingError("groups", "is empty, and so is users: nobody is meant; add some, or remove oidc")
        return self
