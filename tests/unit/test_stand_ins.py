"""What is not real in the sandbox is said where people look: in docs/architecture.md and by `make status`."""

from sandbox.paths import REPO
from sandbox.stand_ins import STAND_INS, rows


def test_the_page_has_the_table() -> None:
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows({}))
    assert table in (REPO / "docs" / "architecture.md").read_text()


def test_a_real_plugin_is_no_stand_in() -> None:
    assert len(rows({"aws": "real", "grafana": "stand-in"})) == len(STAND_INS) - 1
