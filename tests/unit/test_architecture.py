"""The page on the architecture, and the contract of imports that its table is made of."""

from pathlib import Path

from docs import make_architecture
from tests.support import REPO


def test_the_table_is_that_of_the_contract() -> None:
    assert make_architecture.PAGE.read_text() == make_architecture.document(), (
        "docs/architecture.md is stale; write it anew with: python -m docs.make_architecture"
    )


def test_every_package_has_a_layer() -> None:
    listed = {name for layer in make_architecture.layers() for name in layer}
    there = {path.stem for path in Path(REPO, "telemetry").iterdir() if not path.name.startswith("__")}
    assert listed == there


def test_there_are_few_rooms_at_the_top() -> None:
    rooms = {path.parent.name for path in REPO.glob("*/*.py")} - {"docs"}
    assert rooms <= {"components", "policy-pack", "sandbox", "telemetry", "tests"}
