"""What goes wrong where the engine runs: no room for the state, two runs at once, certificates that have run out."""

import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sandbox.faults.fault import Fault, Struck
from sandbox.faults.site import Ran, Site
from sandbox.world.ports import LOOPBACK
from telemetry.gateway.secrets import TENANT_SECRET_PREFIX, TLS_SECRET

_ROOM = 64 << 10
"""Bytes that are left: less than the engine needs, which writes the whole state again and again."""
_DISK = 64 << 20
_BUDGET = {"cpu": "1m", "memory": "1Mi"}


def _disk_full(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    with _full_disk(site.engine.state / "pulumi-state"):
        ran = site.run("up")
    return Struck(ran, f"{_ROOM >> 10} KiB left on a tmpfs")


@contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """Put a folder onto a full tmpfs for a block (needs root); what is written within it stays."""
    kept = folder.with_name(f"{folder.name}-kept")
    shutil.copytree(folder, kept)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(folder)], check=True)
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        filler = folder / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(folder).free - _ROOM))
        yield
        filler.unlink()
        shutil.rmtree(kept)
        shutil.copytree(folder, kept)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    for left in set(_files(folder)) - set(_files(kept)):  # such as a lock that was let go
        (folder / left).unlink()
    shutil.rmtree(kept)


def _files(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]


def _two_at_once(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    first = site.start("up")
    hit = site.waits(lambda: site.engine.locks(site.stack), 240, first)
    second = site.run("up")
    done = site.end(first, "up")
    return Struck(
        second, f"the first ended with {done.code}, the second with {second.code}", hit=hit and done.code == 0
    )


def _certificates_ran_out(site: Site, _rng: Random) -> Struck:
    """Dates are settings: a certificate whose month was long ago is one whose time has come, and is not deployed."""
    _issue(site, issued_on=f"{datetime.now(UTC).date() - timedelta(days=10)}", valid_for="30d")
    first, welcome = site.run("up"), _handshake(site)
    _issue(site, issued_on="2025-01-01", valid_for="30d")
    refused = site.run("up")
    said = next((line for line in refused.output.splitlines() if "telemetry:gateway.issued" in line), "")
    said = said[said.find("telemetry:") :]
    before = site.witness()
    _issue(site, issued_on=f"{datetime.now(UTC).date() - timedelta(days=1)}", version=2)
    renewed = site.run("up")
    now = _handshake(site)
    wrong = "".join(each.output for each in (first, renewed) if each.failed) or welcome or now
    note = f"the up was refused; after issued_on and version were raised a client said: {now or 'welcome'}"
    ran = Ran("up", 1 if wrong else 0, wrong)
    certificates = frozenset(key for key in before.secrets if key.endswith((".crt", "/tls.key")))
    return Struck(ran, note, before, renewed=certificates, said=said, hit=refused.failed and bool(said))


def _issue(site: Site, **issued: object) -> None:
    tenants = [{"id": "a", "display_name": "A", "budget": _BUDGET}]
    gateway = {"issued": issued, "base": {"cpu": "100m", "memory": "128Mi"}}
    site.change(lambda config: config.update({"telemetry:tenants": tenants, "telemetry:gateway": gateway}))


def _handshake(site: Site) -> str:
    """Return why a client that trusts the gateway's authority refuses its certificate; empty if it does not.

    The certificate is the one that was deployed, the TLS that of OpenSSL on both sides.
    """
    secrets = {each.metadata.name: each.data for each in site.core.list_namespaced_secret(site.namespace).items}
    tls = secrets[TLS_SECRET]
    authority = next(data["ca.crt"] for name, data in secrets.items() if name.startswith(TENANT_SECRET_PREFIX))
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder) / "pair.pem"
        chain.write_bytes(b64decode(tls["tls.crt"]) + b64decode(tls["tls.key"]))
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(chain)
    calling = ssl.create_default_context(cadata=b64decode(authority).decode())
    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = threading.Thread(target=_serve_once, args=(listener, serving), daemon=True)
        thread.start()
        try:
            with socket.create_connection(listener.getsockname(), timeout=10) as plain:
                calling.wrap_socket(plain, server_hostname=f"gateway.{site.namespace}.svc").close()
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        finally:
            thread.join(10)
    return ""


def _serve_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        plain, _ = listener.accept()
        context.wrap_socket(plain, server_side=True).close()


FAULTS = [
    Fault("disk-full", "the state directory on a full disk (tmpfs)", _disk_full, seconds=420),
    Fault("two-ups", "a second `up` while the first is at work", _two_at_once),
    Fault("certificates-expired", "a gateway whose certificates' time is over", _certificates_ran_out),
]
