"""Holds back all that the program registers until it keeps to the rules, so that a violation changes nothing."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pulumi

from telemetry.config.credentials import Credentials
from telemetry.known_secrets import derived
from telemetry.policies.evaluate import mandatory, refusal, violations
from telemetry.policies.inputs import Seen, registered
from telemetry.policies.model import World
from telemetry.stack import Stack

_SHORTEST = 8
"""Characters of a secret that is looked for; a shorter one could be part of any word."""


def enforce(stack: Stack, credentials: Credentials) -> None:
    """Let what the program registers from now on reach the engine only if no mandatory rule is broken.

    A program's body runs to its end before anything of it is sent, and then each registration waits for the judgement.
    So all violations are known at once, at a preview as at an up, and with one of them no resource is registered: the
    program ends in a pulumi.RunError that names them all. Advisory ones are warnings.
    """
    judgement: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waits: Awaitable[None] = judgement
    judged: Any = pulumi.Output.from_input(waits)
    # In a list, so that merging makes no Output of the dependencies of each resource; None is no dependency.
    after = pulumi.ResourceOptions(depends_on=[judged])
    seen: list[Seen] = []

    def hold_back(args: Seen) -> pulumi.ResourceTransformationResult:
        seen.append(args)
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, after))

    pulumi.runtime.register_stack_transformation(hold_back)
    task = asyncio.ensure_future(_judge(stack, credentials, seen))
    task.add_done_callback(lambda done: _hand_on(done, judgement))


def _hand_on(done: "asyncio.Task[None]", judgement: "asyncio.Future[None]") -> None:
    """Let registrations go on, or fail with what the judge ended in, a mistake of its own included."""
    if done.cancelled():
        judgement.cancel()
    elif error := done.exception():
        judgement.set_exception(error)
    else:
        judgement.set_result(None)


async def _judge(stack: Stack, credentials: Credentials, seen: list[Seen]) -> None:
    world = World(stack, await registered(seen), secrets=_texts(stack, credentials))
    found = violations(world)
    for each in found:
        if each.severity == "advisory":
            pulumi.log.warn(str(each))
    if broken := mandatory(found):
        raise pulumi.RunError(refusal(broken))


def _texts(stack: Stack, credentials: Credentials) -> frozenset[str]:
    """Return the secrets that the stack was given, but for access keys, which are names, and those that it derives."""
    identities = credentials.identities(stack.signals).values()
    given = [*(pair.secret_key for each in identities for pair in each.pairs), credentials.grafana.auth]
    given += credentials.clusters.values()
    texts = {*(each.get_secret_value() for each in given), credentials.gateway_key, *derived(stack, credentials)}
    return frozenset(text for text in texts if len(text) >= _SHORTEST)
