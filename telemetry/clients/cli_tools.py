"""Runs `pulumi` and `helm` from PATH, with the caller's environment: in CI, in an SRE's shell and in the sandbox."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from telemetry.config.connections import Kubernetes
from telemetry.config.project import PROJECT
from telemetry.spec.values.common import Values

_TAKE_CONFIG = ("preview", "up", "refresh", "destroy", "config")
_ANSWER_SECONDS = 60
_Json = TypeVar("_Json", dict[str, Any], list[Any])
"""How long helm may take to look something up; an address that swallows packets would hold it for minutes."""
_CHANGE_SECONDS = 360
"""The same for a change; helm itself gives up after 300."""
_UNREACHABLE = "cluster unreachable"


class ToolError(Exception):
    """A tool failed; the message is its own words."""


class Unreachable(ToolError):  # noqa: N818 - what it is, not that it is wrong: often nothing is
    """No cluster answers: none is there, the context is unknown, or it refuses the login."""


class ListedRelease(TypedDict):
    """A line of `helm list`."""

    name: str
    namespace: str
    status: str
    revision: str
    chart: str


class Revision(TypedDict):
    """A line of `helm history`; there is more in it."""

    revision: int
    status: str


@dataclass(frozen=True)
class Pulumi:
    """The program `pulumi`, for one stack."""

    stack: str
    config_file: Path | None = None
    """Settings in place of Pulumi.<stack>.yaml."""

    def json(self, command: str, *options: str) -> dict[str, Any]:
        """Return the JSON object that a command prints; it must be told to, such as `json("preview", "--json")`.

        Raises:
            ToolError: it failed.
        """
        return _parsed("pulumi", self.run(command, *options).stdout, dict)

    def run(
        self, command: str, *options: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return what it printed; `stack output` is a command like `preview`.

        Raises:
            ToolError: it is not there or, with `check`, it failed.
        """
        words = command.split()
        config = ["--config-file", str(self.config_file)] if self.config_file and words[0] in _TAKE_CONFIG else []
        line = ["pulumi", *words, "-s", self.stack, "--non-interactive", "--color=never", *config, *options]
        done = _run(line, stdin=stdin)
        if check and done.returncode != 0:
            raise ToolError(f"pulumi {command} of {self.stack} failed:\n{complaint(done)}")
        return done


@dataclass(frozen=True)
class Helm:
    """The program `helm`, for one namespace of one cluster."""

    kubeconfig: str | None
    context: str | None
    namespace: str
    folder: Path = PROJECT
    """Where relative chart paths begin."""
    program: str = "helm"

    def template(
        self,
        name: str,
        chart: str,
        *,
        version: str | None,
        repository: str | None,
        values: Values,
        kube_version: str | None = None,
        upgrade: bool = False,
    ) -> str:
        """Return what a chart makes of values, hooks included: YAML documents.

        Args:
            name: the release's name.
            chart: its name in the repository, an oci:// reference or a path.
            version: its version; None for a path.
            repository: address of the HTTP repository.
            values: the release's values.
            kube_version: what to render for; None asks the cluster for its version and kinds, and for its opinion.
            upgrade: whether the release is there already.

        Raises:
            Unreachable: the cluster was to be asked, and does not answer.
            ToolError: the chart cannot be had or rendered, or the cluster refuses what it makes.
        """
        line = ["template", name, chart, "--namespace", self.namespace, "--values", "-"]
        line += ["--version", version] if version and not chart.startswith(("./", "../", "/")) else []
        line += ["--repo", repository] if repository else []
        line += ["--is-upgrade"] if upgrade else ["--include-crds"]
        rehearsed = ["--validate", "--dry-run=server", *self._target()]
        line += ["--kube-version", kube_version] if kube_version else rehearsed
        return self._run(*line, stdin=json.dumps(values))

    def pull(self, chart: str, *, version: str, repository: str | None, destination: Path) -> None:
        """Bring a chart's archive into a folder, named as its source names it.

        Args:
            chart: its name in the repository, or an oci:// reference.
            version: its version.
            repository: address of the HTTP repository.
            destination: the folder.

        Raises:
            ToolError: it cannot be had.
        """
        line = ["pull", chart, "--version", version, "--destination", str(destination)]
        self._run(*line, *(["--repo", repository] if repository else []))

    def get_manifest(self, name: str, *, hooks: bool = False, revision: int | None = None) -> str | None:
        """Return what a release was last deployed as, on request with its hooks; None if there is no such release.

        Args:
            name: the release's name.
            hooks: whether its hooks are wanted as well.
            revision: which of its revisions; None is the last, even if it failed.

        Raises:
            ToolError: it cannot be read; Unreachable if no cluster answers.
        """
        of = ["--revision", str(revision)] if revision else []
        parts = [self._get(part, name, *of) for part in (("manifest", "hooks") if hooks else ("manifest",))]
        return None if parts[0] is None else "\n---\n".join(part or "" for part in parts)

    def get_values(self, name: str) -> Values | None:
        """Return the values that a release was last deployed with; None if there is no such release.

        Raises:
            ToolError: they cannot be read; Unreachable if no cluster answers.
        """
        text = self._get("values", name, "--output", "json")
        if text is None:
            return None
        return {} if text.strip() == "null" else _parsed("helm", text, dict)

    def list_all(self) -> list[ListedRelease]:
        """Return the releases of the namespace, whatever their status.

        Raises:
            ToolError: they cannot be listed; Unreachable if no cluster answers.
        """
        line = ["list", "--all", "--max", "0", "--namespace", self.namespace, "--output", "json"]
        listed: list[ListedRelease] = _parsed("helm", self._run(*line, *self._target()), list)
        return listed

    def history(self, name: str) -> list[Revision]:
        """Return the revisions of a release that Helm still keeps, the oldest first.

        Raises:
            ToolError: they cannot be read; Unreachable if no cluster answers.
        """
        line = ["history", name, "--namespace", self.namespace, "--output", "json"]
        revisions: list[Revision] = _parsed("helm", self._run(*line, *self._target()), list)
        return revisions

    def roll_back(self, name: str, revision: int) -> None:
        """Bring a release back to a revision, without waiting for its pods.

        Raises:
            ToolError: it cannot be; Unreachable if no cluster answers.
        """
        line = ["rollback", name, str(revision), "--namespace", self.namespace]
        self._run(*line, *self._target(), seconds=_CHANGE_SECONDS)

    def uninstall(self, name: str) -> None:
        """Remove a release and wait until its objects are gone; the claims of its StatefulSets stay.

        Raises:
            ToolError: it cannot be; Unreachable if no cluster answers.
        """
        line = ["uninstall", name, "--namespace", self.namespace, "--ignore-not-found", "--wait"]
        self._run(*line, *self._target(), seconds=_CHANGE_SECONDS)

    def _get(self, what: str, name: str, *options: str) -> str | None:
        try:
            return self._run("get", what, name, "--namespace", self.namespace, *options, *self._target())
        except Unreachable:
            raise
        except ToolError as error:
            if "release: not found" in str(error):
                return None
            raise

    def _target(self) -> list[str]:
        kubeconfig = ["--kubeconfig", self.kubeconfig] if self.kubeconfig else []
        return [*kubeconfig, *(["--kube-context", self.context] if self.context else [])]

    def _run(self, *arguments: str, stdin: str | None = None, seconds: float = _ANSWER_SECONDS) -> str:
        done = _run([self.program, *arguments], folder=self.folder, stdin=stdin, seconds=seconds)
        if done.returncode == 0:
            return done.stdout
        # Before it, helm warns of things such as a kubeconfig that others can read.
        reason = done.stderr[max(done.stderr.find("Error: "), 0) :].strip().removeprefix("Error: ")
        kind = Unreachable if _UNREACHABLE in reason else ToolError
        raise kind(f"helm {arguments[0]}: {reason or f'ended with code {done.returncode}'}")


def helm_of(cluster: Kubernetes, namespace: str) -> Helm:
    """Return Helm as it reaches the releases of a namespace."""
    return Helm(cluster.kubeconfig_file, cluster.context, namespace)


def _run(
    line: Sequence[str], *, folder: Path = PROJECT, stdin: str | None = None, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            line,
            cwd=folder,
            input=stdin,
            capture_output=True,
            encoding="utf-8",  # whatever the locale is: Go knows no other
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as error:
        raise ToolError(f"{line[0]}: is not on PATH; install it, or go through the sandbox (make help)") from error
    except OSError as error:
        raise ToolError(f"{line[0]}: cannot be run ({error.strerror})") from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"{line[0]} {line[1]}: no answer within {seconds:.0f} s") from error


def _parsed(tool: str, text: str, kind: type[_Json]) -> _Json:
    """Return what a tool has printed as JSON, or refuse what is none of that kind (ToolError)."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ToolError(f"{tool}: answered with what is no JSON ({error})") from error
    if not isinstance(found, kind):
        raise ToolError(f"{tool}: answered with JSON that is no {kind.__name__}; is it {tool} that is on PATH?")
    return found


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return pulumi's error message; with --json it is taken from the diagnostics."""
    try:
        found = json.loads(done.stdout).get("diagnostics") or []
        said = [str(each["message"]).strip() for each in found if each.get("severity") in ("error", "info#err")]
    except (ValueError, AttributeError, KeyError, TypeError):
        return "\n".join(part for part in (done.stdout.strip(), done.stderr.strip()) if part)
    return "\n".join([*said, done.stderr.strip()]).strip() or f"ended with code {done.returncode}"
