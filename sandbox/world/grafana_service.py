"""Runs the stand-in for Grafana's HTTP API (sandbox/world/grafana.py) as one of the world's services."""

import secrets
import sys
from pathlib import Path

from pydantic import SecretStr

from sandbox.world.files import remembered
from sandbox.world.service import Place, Service, answers

PORTS = ("grafana",)
USER = "admin"
_CODE = ("grafana", "grafana_answers", "organisations", "datasources", "dashboards", "journal")
"""The stand-in's modules; a change to one of them starts it anew."""
_REPO = Path(__file__).resolve().parents[2]


class Grafana:
    """The service, its address and its credentials."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._auth_file = place.config("grafana.auth")
        self.url = place.url("grafana")
        self.auth = SecretStr(remembered(self._auth_file, f"{USER}:{secrets.token_urlsafe(18)}"))

    def service(self) -> Service:
        """Return the service. Its password comes from a 0600 file: arguments are there for all to read."""
        arguments = [
            "-m",
            "sandbox.world.grafana",
            f"--port={self._place.ports['grafana']}",
            f"--data={self._place.data('grafana')}",
            f"--auth-file={self._auth_file}",
        ]
        code = [Path(__file__).with_name(f"{name}.py") for name in _CODE]
        return Service(
            "grafana",
            ("grafana",),
            self._place.launch(
                Path(sys.executable),
                "grafana",
                arguments,
                env={"PYTHONPATH": str(_REPO)},
                files=(self._auth_file, *code),
            ),
            answers(f"{self.url}/api/health"),
            self._place.address("grafana"),
        )
