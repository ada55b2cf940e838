"""Buckets take volumes of the object store at their first writes: counted from settings, and asked of the master."""

from typing import Any

import pytest

from telemetry.capacity.figures import report
from telemetry.capacity.fit import check
from telemetry.capacity.tables import footnotes
from telemetry.operations.preflight import volumes
from tests.doubles import by_path, refused
from tests.support import Change, load_stack, put

DEV = ("dts-metrics-dev-alertmanager", "dts-metrics-dev-blocks", "dts-metrics-dev-ruler", "dts-traces-dev-blocks")


def ask(answer: Any, *changes: Change) -> list[str]:
    with by_path({"/dir/status": answer}) as master:
        return volumes.check(load_stack("dev", put("object_store.master_endpoint", master), *changes))


def status(free: int, *collections: str, writables: tuple[int, ...] = (1,)) -> dict[str, Any]:
    """Return what a master says (SeaweedFS 4.53, weed/topology/topology_info.go)."""
    layouts = [
        {"collection": each, "replication": "000", "ttl": "", "writables": list(writables)} for each in collections
    ]
    return {"Topology": {"Max": 100, "Free": free, "DataCenters": None, "Layouts": layouts}, "Version": "4.53"}


def test_the_buckets_of_dev_are_those() -> None:
    assert set(load_stack("dev").buckets) == set(DEV)


def test_new_buckets_need_what_they_take_at_their_first_write() -> None:
    assert ask(status(28)) == []
    (line,) = ask(status(27))
    assert line.startswith(
        "telemetry:object_store.master_endpoint: SeaweedFS has 27 free volumes, and buckets without any"
    )
    assert "take 4 x 7 = 28 at their first writes, which would fail with 500" in line
    assert "raise their -max by 1" in line


def test_buckets_that_have_volumes_need_none() -> None:
    assert ask(status(0, *DEV)) == []
    assert ask(status(0, *(f"group_{each}" for each in DEV))) == []
    (line,) = ask(status(6, *DEV[1:]))
    assert f"without any ({DEV[0]}) take 1 x 7 = 7" in line
    assert ask(status(6, *DEV[1:]), put("object_store.volumes.growth", 6)) == []


def test_a_bucket_whose_volumes_are_full_is_as_one_without() -> None:
    assert len(ask(status(27, *DEV, writables=()))) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (404, "answered 404; correct it, or remove it"),
        ({"Version": "4.53"}, "is no SeaweedFS master"),
        ([], "is no SeaweedFS master"),
    ],
)
def test_what_is_no_master(answer: Any, said: str) -> None:
    (line,) = ask(answer)
    assert said in line


def test_nobody_at_the_masters_address_and_none_named() -> None:
    (line,) = volumes.check(load_stack("dev", put("object_store.master_endpoint", refused())))
    assert "does not answer (ConnectError)" in line
    assert volumes.check(load_stack("dev")) == []


def test_too_few_slots_are_refused_before_anything_is_asked() -> None:
    assert check(load_stack("dev", put("object_store.volumes.slots", 28))).refusals == ()
    (line,) = check(load_stack("dev", put("object_store.volumes.slots", 20))).refusals
    assert "4 buckets x 7 volumes = 28, but the servers have 20 for this stack; raise -max" in line


def test_capacity_says_what_the_object_store_must_have() -> None:
    (note,) = (each for each in footnotes(report(load_stack("dev"))) if "object store" in each)
    assert "28 free volumes of 30000Mi for the first writes to 4 buckets (7 each): room for 820.3Gi" in note
