"""How to reach a running world: what the sandbox overlays on a stack's settings."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr, field_serializer

from sandbox.world.files import write_private

if TYPE_CHECKING:
    from kubernetes import client

FILE_NAME = "connections.json"


class S3Identity(BaseModel):
    """One pair of S3 keys."""

    model_config = ConfigDict(frozen=True)
    access_key: str
    secret_key: SecretStr

    @field_serializer("secret_key", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        """Only JSON, the form that goes into the 0600 file, carries the secret."""
        return value.get_secret_value()


class Connections(BaseModel):
    """Addresses and credentials of a world; stable over restarts while the ports stay free."""

    model_config = ConfigDict(frozen=True)
    kubeconfig: Path
    context: str = "sandbox"
    api_server: str
    s3_endpoint: str
    s3_version: str
    s3_identities: dict[str, S3Identity]
    grafana_url: str
    grafana_auth: SecretStr
    """``user:password``, the basic form that the Grafana provider's ``auth`` takes."""
    real_nodes: bool = False
    """Whether pods run; then they reach the object store by the address that a stack's file has."""

    def core(self) -> "client.CoreV1Api":
        """Return a client of the cluster's core API."""
        # Imported here: it takes long to load, and most commands do not speak to the cluster themselves.
        from kubernetes import client, config

        return client.CoreV1Api(config.new_client_from_config(str(self.kubeconfig), self.context))

    @field_serializer("grafana_auth", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()

    def save(self, state_dir: Path) -> Path:
        """Write ``connections.json`` (mode 0600) into the state directory."""
        return write_private(state_dir / FILE_NAME, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, state_dir: Path) -> "Connections":
        """Read what the last start wrote. Raises FileNotFoundError when there was none."""
        return cls.model_validate(json.loads((state_dir / FILE_NAME).read_text()))
