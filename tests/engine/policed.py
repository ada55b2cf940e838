"""What the rules see of the real program."""

from functools import cache
from unittest.mock import patch

from telemetry.policies.evaluate import violations
from telemetry.policies.model import Violation, World
from tests.engine.recorder import Run, run_program
from tests.support import Change, changed_tree


@cache
def judged(environment: str, *changes: Change) -> tuple[World, Run]:
    """Run the program on a real stack file, changed; return what the rules saw, beside what was registered."""
    seen: list[World] = []

    def look(world: World) -> tuple[Violation, ...]:
        seen.append(world)
        return violations(world)

    with patch("telemetry.policies.enforcement.violations", look):
        run = run_program(changed_tree(environment, *changes), environment, preview=True)
    (world,) = seen
    return world, run
