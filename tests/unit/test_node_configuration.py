"""What the programs of real nodes are configured with."""

import json
import tomllib
from pathlib import Path

import yaml

from sandbox.nodes import cni, containerd, dns, kubelet, proxy
from sandbox.nodes.cgroups import SERVICES, Cgroups
from sandbox.nodes.provisioner import NAME, released, wanted

HERE = Path('/a/folder with "blanks"')
SELECTED = {"volume.kubernetes.io/selected-node": "sandbox-1"}


def kubelets(count: int) -> list[dict[str, object]]:
    files = {"data": HERE, "ca": HERE, "certificate": HERE, "key": HERE}
    return [yaml.safe_load(kubelet.configuration(index, cgroup=f"/x/{index}", **files)) for index in range(count)]


def test_nodes_share_nothing_that_only_one_can_have() -> None:
    for name in ("address", "healthzPort", "cgroupRoot", "containerRuntimeEndpoint"):
        assert len({str(each[name]) for each in kubelets(3)}) == 3
    links = [json.loads(cni.configuration(index))["plugins"][0] for index in range(3)]
    assert len({link["ipam"]["ranges"][0][0]["subnet"] for link in links}) == 3


def test_a_kubelet_speaks_to_the_containerd_of_its_node() -> None:
    for index, settings in enumerate(kubelets(3)):
        paths = {"runc": HERE, "shim": HERE, "plugins": [HERE], "cni": HERE, "hosts": HERE}
        runtime = tomllib.loads(containerd.configuration(index, HERE, **paths))  # type: ignore[arg-type]
        assert settings["containerRuntimeEndpoint"] == f"unix://{runtime['grpc']['address']}"
        assert runtime["root"] == str(HERE)


def test_all_images_come_from_one_registry() -> None:
    (host,) = tomllib.loads(containerd.hosts("http://127.0.0.1:1"))["host"]
    assert host == "http://127.0.0.1:1"


def test_no_setting_of_the_machine_is_changed() -> None:
    assert yaml.safe_load(proxy.configuration(HERE, "10.0.0.0/8"))["conntrack"] == {"maxPerCore": 0}


def test_names_outside_of_the_cluster_are_answered_and_others_passed_on() -> None:
    text = dns.configuration(HERE, "sandbox", ["store.ns.svc"])
    assert "store.ns.svc.cluster.local" in text
    assert "fallthrough" in text
    assert "hosts" not in dns.configuration(HERE, "sandbox", [])


def claim(phase: str = "Pending", annotations: dict[str, str] | None = None) -> dict[str, object]:
    return {
        "metadata": {"namespace": "n", "name": "c", "uid": "1", "annotations": annotations or {}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "s",
        },
        "status": {"phase": phase},
    }


def test_a_claim_gets_a_volume_once_its_node_is_chosen() -> None:
    assert wanted([claim(), claim("Bound", SELECTED)], HERE) == []
    (volume,) = wanted([claim(annotations=SELECTED)], HERE)
    assert volume["spec"]["local"] == {"path": str(HERE / "pvc-1")}
    terms = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == ["sandbox-1"]
    assert volume["spec"]["claimRef"]["uid"] == "1"


def test_a_volume_is_removed_when_it_was_released_and_is_ours() -> None:
    (ours,) = wanted([claim(annotations=SELECTED)], HERE)
    foreign = {**ours, "metadata": {"name": "x", "annotations": {"pv.kubernetes.io/provisioned-by": "y"}}}
    states = [{**volume, "status": {"phase": phase}} for volume in (ours, foreign) for phase in ("Bound", "Released")]
    assert [volume["metadata"]["annotations"] for volume in released(states)] == [
        {"pv.kubernetes.io/provisioned-by": NAME}
    ]


def hierarchies(root: Path, *names: str) -> None:
    for name in names:
        (root / name).mkdir()
        (root / name / "cgroup.procs").touch()


def test_groups_of_version_1_are_in_every_hierarchy(tmp_path: Path) -> None:
    hierarchies(tmp_path, "cpu", "memory", "cpuset")
    (tmp_path / "linked").symlink_to("cpu")
    groups = Cgroups(Path("/state"), tmp_path)
    groups.make([SERVICES, "sandbox-0"])
    groups.make([SERVICES, "sandbox-0"])
    assert [top.parent.name for top in groups.left()] == ["cpu", "cpuset", "memory"]
    assert all((top / "sandbox-0").is_dir() for top in groups.left())
    groups.remove()
    assert groups.left() == []


def test_worlds_have_groups_of_their_own(tmp_path: Path) -> None:
    assert Cgroups(Path("/one"), tmp_path).name != Cgroups(Path("/two"), tmp_path).name


def test_groups_of_version_2_are_given_the_controllers_that_are_missing(tmp_path: Path) -> None:
    class Kernel(Cgroups):
        """Fills in the files that the kernel makes in every directory."""

        def make(self, groups: list[str]) -> None:
            for name in ("", self.name, *(f"{self.name}/{group}" for group in groups)):
                (tmp_path / name).mkdir(exist_ok=True)
                (tmp_path / name / "cgroup.controllers").write_text("cpu memory pids hugetlb\n")
                (tmp_path / name / "cgroup.subtree_control").write_text("cpu\n" if not name else "\n")
            super().make(groups)

    groups = Kernel(Path("/state"), tmp_path)
    groups.make([SERVICES, "sandbox-0"])
    controls = {path: (tmp_path / path / "cgroup.subtree_control").read_text() for path in ("", groups.name)}
    assert controls == {"": "+memory +pids", groups.name: "+cpu +memory +pids"}
    assert (tmp_path / groups.name / SERVICES / "cgroup.subtree_control").read_text() == "\n"
