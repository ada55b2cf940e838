"""Writes docs/policies.md from the rules (`python -m docs.make_policies --help`)."""

import sys
from pathlib import Path
from string import Template

from docs.page import write
from telemetry.policies.table import rules_table

DOCUMENT = Path(__file__).with_name("policies.md")

_PAGE = Template("""# Policies

What every stack must keep to. This page is made from `telemetry/policies/rules.py` by `python -m docs.make_policies`; a
test fails while it is stale. The same rules are checked in four places:

- **By the program itself**, at each `pulumi preview` and `pulumi up`: all that it registers. A violation ends the run
  before any resource is registered, with one message that names every violation.
- **By `make report`** ([report.md](report.md)): the preview's resources, and every object of every release, whether it
  changes or not, hooks that run included. A violation is told in terminal, Markdown and JSON, and the exit code is 4.
- **By `make policies`** (`python -m telemetry policies STACK`; `--json`): the same by itself, without a cluster, as a
  table; exit code 4.
- **By a policy pack**, in an engine that has CrossGuard: what the engine is about to make.

To the engine a release is one resource, and its objects are none. So a preview alone does not judge what a chart makes;
the report does. The pipeline makes one for each change ([pipeline.md](pipeline.md)).

`mandatory` violations stop a run; `advisory` ones are warnings. A reason ends with where it is from: a
[requirement](requirements.md) such as R31, a [source](sources.md), or a level of Kubernetes' PodSecurity
([sources.md](sources.md#helm-and-kubernetes), 10).

## Of Kubernetes objects

Those of releases, as their charts render, and those of the program. An init container is a container.

$manifests

## Of registered resources

$registered

`secrets-encrypted` knows which inputs hold nothing but secrets (`telemetry/policies/data.py`). In the program itself it
also searches all other inputs, Helm values included, for the stack's own secrets and for the tokens and private keys
that it derives, plain or as hex, base64 or JSON; a report does not know these. Private keys in PEM and tokens of a
known form (ours, Grafana's, Pulumi's, Slack's addresses) are found whoever owns them.
`no-service-account-token` asks a pod's ServiceAccount, the chart's or the program's, where the pod says nothing.

## What they cannot see

- What an admission webhook adds, and what somebody else runs in the namespace. PodSecurity `restricted`, with which the
  namespace is labelled, and [network.md](network.md) are for that.
- Resources that a program would make within `apply`, after the judgement. There are none, and there should be none.
- A secret of somebody else, under an innocent name and without a known form, in an input that is not known to hold any.
- Values that only `up` will know.

## Add one

1. Write a function in `telemetry/policies/sizes.py`, `isolation.py` or `data.py` that takes a `World` and yields a
   `Breach` for each place where the rule is not kept. It sees plain values: never Pulumi's, never a secret's text.
2. Put a `Rule` into `telemetry/policies/rules.py`: what is allowed, how to mend it, and why, with the source.
3. Put a world that keeps it and one that does not into `tests/unit/policy_cases.py`; a test demands both.
4. `make docs`.

There is no switch for a single policy, on purpose. A policy that a stack cannot keep is wrong, or the stack is.

## The policy pack

```sh
python3 -m venv policy-pack/venv && policy-pack/venv/bin/pip install -r policy-pack/requirements.txt
pulumi preview --policy-pack policy-pack
```

It reads the stack's settings from the config that the engine hands it, and reports each violation at its resource. It
has an environment of its own, because `pulumi-policy` needs an older `protobuf` than the program's pins. An engine
shows a pack no objects of releases, no secrets as such, and not whether a resource is retained: `secrets-encrypted` and
`no-secrets-in-releases` are therefore not in it, and of `data-protected` it sees the rest. The program's own judgement
comes first, so that the pack mostly says that all is well: it is for an organisation that asks for packs.

**What was tried.** The pack has run on a real engine 3.250.0 with `pulumi-policy` 1.21.0: silent on the test stack, and
with the program's own judgement taken out and a `latest` tag put in, a mandatory violation at the Deployment and exit
code 1. It was started by `python -m pulumi.policy`; that an engine starts it with the virtual environment above was not
tried, because the language host of the sandbox is too old to. `make test` runs it on a double of the API.
""")


def document() -> str:
    """Return the whole page."""
    return _PAGE.substitute(manifests=rules_table("manifests"), registered=rules_table("registered resources"))


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_policies", __doc__, DOCUMENT, document)


if __name__ == "__main__":
    sys.exit(main())
