"""Programs that only the user can have: started on the deployed configuration where they are, named where they are not.

The program here is none of them: it shows that a configuration is read, moved to this machine, and waited for.
"""

import base64
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from sandbox import own_backends
from sandbox.gateway.loopback import network
from sandbox.toolchain import Toolchain
from tests.support import load_stack

DEPLOYED = {
    "server": {"http_listen_port": 3200},
    "distributor": {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": None}}}},
    "ingester": {"flush_all_on_shutdown": True},
    "storage": {"trace": {"backend": "s3", "wal": {"path": "/var/tempo/wal"}}},
    "overrides": {"per_tenant_override_config": "/conf/overrides.yaml"},
}
PROGRAM = f"""#!{sys.executable}
import os, sys
if "--version" in sys.argv:
    sys.exit(print("tempo, version 2.10.5"))
import http.server, pathlib, yaml
file = next(flag.partition("=")[2] for flag in sys.argv if flag.startswith("-config.file="))
server = yaml.safe_load(open(file))["server"]
pathlib.Path(file).with_name("seen").write_text(os.environ["AWS_ACCESS_KEY_ID"])
if os.environ["AWS_ACCESS_KEY_ID"] == "bad":
    sys.exit("no such key")
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer((server["http_listen_address"], server["http_listen_port"]), Ready).serve_forever()
"""


def core(key: str = "key") -> Any:
    """A cluster that has what Tempo's release has."""
    config_map = SimpleNamespace(data={"tempo.yaml": yaml.safe_dump(DEPLOYED)})
    secret = SimpleNamespace(data={"AWS_ACCESS_KEY_ID": base64.b64encode(key.encode()).decode()})
    return SimpleNamespace(read_namespaced_config_map=lambda *_: config_map, read_namespaced_secret=lambda *_: secret)


@pytest.fixture
def toolchain(tmp_path: Path) -> Toolchain:
    program = tmp_path / "bin" / "tempo"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return Toolchain(path=str(program.parent))


def test_what_is_not_there_is_named_with_the_reason(tmp_path: Path) -> None:
    assert own_backends.missing(load_stack("dev"), Toolchain(path=str(tmp_path))) == {
        "tempo": "no tempo on PATH, and no package registry has it"
    }


def test_what_is_there_runs_on_the_deployed_configuration_at_an_address_of_this_machine(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    with network() as net, own_backends.running(load_stack("dev"), toolchain, core(), net, tmp_path) as found:
        address = found["traces.query"].removeprefix("http://").removesuffix(":3200")
        assert address.startswith("127.")
        assert found["traces.otlp_grpc"] == f"{address}:4317"
        config = yaml.safe_load((tmp_path / "tempo" / "tempo.yaml").read_text())
    assert config["distributor"]["receivers"]["otlp"]["protocols"] == {
        "grpc": {"endpoint": f"{address}:4317"},
        "http": {"endpoint": f"{address}:4318"},
    }
    assert config["ingester"]["flush_all_on_shutdown"] is True
    assert config["storage"]["trace"]["wal"]["path"].startswith(str(tmp_path))
    assert (tmp_path / "tempo" / "seen").read_text() == "key"


def test_one_that_ends_at_its_start_is_told_with_its_last_words(toolchain: Toolchain, tmp_path: Path) -> None:
    running = own_backends.running
    with network() as net, pytest.raises(RuntimeError, match="tempo ended at its start:\nno such key"):
        running(load_stack("dev"), toolchain, core("bad"), net, tmp_path).__enter__()
