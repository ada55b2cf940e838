"""What it takes to see a lifecycle end objects: some that are older than they are, and a pass of SeaweedFS' worker."""

import subprocess
import time

import grpc

from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.clients.otlp import field, varint
from tests.sandbox.s3_gateway import address, grpc_address
from tests.waiting import SECONDS

_DAY = 86_400
_FILER = "/filer_pb.SeaweedFiler/"
# Of filer.proto: an entry's attributes, and in these the time of the last change.
_ATTRIBUTES, _CHANGED = 4, 2


def make_older(world: Connections, bucket: str, key: str, days: int) -> None:
    """Have an object been written so many days ago, which nothing but the filer can."""
    directory, _, name = f"/buckets/{bucket}/{key}".rpartition("/")
    changed = bytes([_CHANGED << 3]) + varint(int(time.time()) - days * _DAY)
    with grpc.insecure_channel(grpc_address(world, "seaweedfs-filer")) as channel:
        asked = field(1, directory.encode()) + field(2, name.encode())
        entry = _first(channel.unary_unary(f"{_FILER}LookupDirectoryEntry")(asked))
        # A field that comes twice is merged, and the last one counts.
        wanted = field(1, directory.encode()) + field(2, entry + field(_ATTRIBUTES, changed))
        channel.unary_unary(f"{_FILER}UpdateEntry")(wanted)


def carry_out(world: Connections, toolchain: Toolchain) -> str:
    """Do once what a `weed worker` does every day, and return what it said."""
    command = f"s3.lifecycle.run-shard -s3 {grpc_address(world, 'seaweedfs')} -shards 0-15 -events 0"
    weed = [str(toolchain.path("weed")), "shell"]
    weed += [f"-{role}={address(world, role)}" for role in ("master", "filer")]
    done = subprocess.run(weed, input=f"{command}\nexit\n", capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout + done.stderr


def _first(message: bytes) -> bytes:
    """Return the first field of a message, which is text or a message itself."""
    size, shift, at = 0, 0, 1
    while True:
        size |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return message[at : at + size]
