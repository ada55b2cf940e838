"""Part of the kubernetes stand-in: the provider's kubeconfig, by path or contents, with tokens or certificates.

Not here: auth plugins (`exec`), proxies, `KUBECONFIG` lists of several files.
"""

from __future__ import annotations

import base64
import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.plugins.base import ProviderError
from sandbox.plugins.values import Properties

if TYPE_CHECKING:
    import ssl

_DEFAULT = Path.home() / ".kube" / "config"


@dataclasses.dataclass(frozen=True)
class KubeConfig:
    """One context of a kubeconfig. Nothing is read before it is needed."""

    source: str
    """A path or the contents; empty: the user's default file."""
    context: str = ""

    @classmethod
    def of(cls, config: Properties) -> KubeConfig:
        """The one that a provider's inputs name."""
        source, context = config.get("kubeconfig"), config.get("context")
        return cls(source if isinstance(source, str) else "", context if isinstance(context, str) else "")

    @property
    def _inline(self) -> bool:
        return "apiVersion" in self.source or "\n" in self.source

    def _path(self) -> Path:
        return Path(self.source).expanduser() if self.source else _DEFAULT

    def load(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The context's cluster and user. Raises ProviderError when the file or the context is missing or broken."""
        import yaml

        try:
            parsed = yaml.safe_load(self.source if self._inline else self._path().read_text(encoding="utf-8"))
            named = {kind: {item["name"]: item for item in parsed.get(kind) or []} for kind in _SECTIONS}
            context = named["contexts"][self.context or parsed["current-context"]]["context"]
            return (
                named["clusters"][context["cluster"]]["cluster"],
                named["users"].get(context.get("user"), {}).get("user", {}),
            )
        except OSError as error:
            raise ProviderError(f"unable to load the kubeconfig: {error}") from error
        except KeyError as error:
            raise ProviderError(
                f"the kubeconfig has no {error} (context {self.context or 'current-context'})"
            ) from error
        except (yaml.YAMLError, AttributeError, TypeError) as error:
            raise ProviderError("the kubeconfig is not valid YAML of kind Config") from error

    def server(self) -> str | None:
        """The API server's URL; None when it cannot be told."""
        try:
            return str(self.load()[0]["server"])
        except (ProviderError, KeyError):
            return None

    def trust(self, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext | bool:
        """How to verify the server and show a client certificate, for httpx."""
        import ssl

        if str(cluster["server"]).startswith("http://"):
            return False
        context = ssl.create_default_context()
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        elif authority := self._material(cluster, "certificate-authority"):
            context.load_verify_locations(cadata=authority)
        certificate, key = self._material(user, "client-certificate"), self._material(user, "client-key")
        if certificate and key:
            with _private_file(certificate) as cert_file, _private_file(key) as key_file:
                context.load_cert_chain(cert_file, key_file)
        return context

    def _material(self, section: dict[str, Any], key: str) -> str:
        if data := section.get(f"{key}-data"):
            return base64.b64decode(data).decode()
        if not section.get(key):
            return ""
        base = Path() if self._inline else self._path().parent
        return (base / str(section[key])).read_text(encoding="utf-8")

    @contextmanager
    def flags(self) -> Iterator[list[str]]:
        """The command-line flags that make `helm` use this context."""
        context = ["--kube-context", self.context] if self.context else []
        if not self._inline:
            yield ["--kubeconfig", str(self._path()), *context]
            return
        with _private_file(self.source) as path:
            yield ["--kubeconfig", str(path), *context]


_SECTIONS = ("clusters", "contexts", "users")


@contextmanager
def _private_file(text: str) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:  # mode 0600
        file.write(text)
        file.flush()
        yield Path(file.name)
