"""Addresses of the sandbox's services survive a restart, though somebody may have their ports for a moment."""

import socket
import threading
from pathlib import Path

import pytest

from sandbox.world import ports
from sandbox.world.ports import LOOPBACK, Ports


def settled(file: Path) -> int:
    found = Ports(file)
    found.settle(["s3"])
    return found["s3"]


def test_a_port_that_is_taken_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    port = settled(tmp_path / "ports.json")
    with socket.create_server((LOOPBACK, port)) as taken:
        threading.Timer(0.3, taken.close).start()
        assert settled(tmp_path / "ports.json") == port


def test_a_port_that_stays_taken_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PATIENCE_SECONDS", 0.2)
    port = settled(tmp_path / "ports.json")
    with socket.create_server((LOOPBACK, port)):
        assert settled(tmp_path / "ports.json") != port
