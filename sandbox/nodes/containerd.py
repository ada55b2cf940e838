"""The container runtime's configuration: one containerd for each node, since a kubelet takes all pods for its own."""

import json
from pathlib import Path

SOCKET = "/run/containerd-{index}/containerd.sock"
"""In the nodes' own /run: the path of a socket must be short, a state directory's need not be."""
PAUSE_IMAGE = "sandbox.local/pause:1"


def configuration(
    index: int, root: Path, *, runc: Path, shim: Path, plugins: list[Path], cni: Path, hosts: Path
) -> str:
    """Return config.toml of version 3. ``plugins`` are folders of network plugins, ``hosts`` that of registries."""
    socket = SOCKET.format(index=index)
    return f"""\
version = 3
root = {_text(root)}
state = {_text(Path(socket).parent)}
[grpc]
address = {_text(socket)}
[ttrpc]
address = {_text(f"{socket}.ttrpc")}
[plugins."io.containerd.nri.v1.nri"]
disable = true
[plugins."io.containerd.internal.v1.opt"]
path = {_text(root / "opt")}
[plugins."io.containerd.cri.v1.images"]
use_local_image_pull = true
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = {_text(PAUSE_IMAGE)}
[plugins."io.containerd.cri.v1.images".registry]
config_path = {_text(hosts)}
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
tolerate_missing_hugetlb_controller = true
[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = {_text(shim)}
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = {_text(runc)}
SystemdCgroup = false
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [{", ".join(map(_text, plugins))}]
conf_dir = {_text(cni)}
"""


def hosts(registry: str) -> str:
    """Return hosts.toml for every registry there is: ours answers for it."""
    return f'server = "{registry}"\n[host."{registry}"]\ncapabilities = ["pull", "resolve"]\n'


def _text(value: object) -> str:
    return json.dumps(str(value))
