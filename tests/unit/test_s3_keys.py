"""Any S3 key works everywhere: it is put into no other language's text, or quoted as that wants it, or refused."""

import json
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import configuration, identities_of, shell_commands
from telemetry.releases import releases_of
from tests.support import (
    ALL_BACKENDS,
    Change,
    load_stack,
)
from tests.unit.rendered import leaves

KEYS = st.text(st.characters(categories=("L", "N", "P", "S")) | st.just(" "), min_size=1).filter(
    lambda text: text == text.strip() and text.isprintable()
)
IDENTITY = identities_of(load_stack("prod"))["metrics"]


def old_shell(line: str) -> list[str]:
    """Return what `weed shell` makes of a line in 3.39: weed/shell/shell_liner.go."""
    (command,) = line.split(";")
    return [each.strip("\"'") for each in re.findall(r"""'.*?'|".*?"|\S+""", command)]


def new_shell(line: str) -> list[str]:
    """Return what it makes of it since it reads quotes and escapes as a POSIX shell does."""
    (command,) = line.split(";")
    lexer = shlex.shlex(command, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escapedquotes = True, "", '"'
    return list(lexer)


def pair(access: str, secret: str) -> S3Identity:
    return S3Identity.model_validate({"access_key": access, "secret_key": secret})


def told(command: list[str]) -> dict[str, str]:
    return dict(each.removeprefix("-").split("=", 1) for each in command[1:-1])


@given(KEYS, KEYS)
def test_the_shell_is_given_any_key_as_it_is_or_the_command_is_refused(access: str, secret: str) -> None:
    try:
        (line,) = shell_commands([(IDENTITY, pair(access, secret))])
    except ValueError as error:
        assert set(access + secret) & set(";'\"")
        assert len(secret) < 4 or secret not in str(error)
        return
    for read in (old_shell, new_shell):
        arguments = told(read(line))
        assert (arguments["access_key"], arguments["secret_key"]) == (access, secret)
        assert arguments["user"] == IDENTITY.name


@pytest.mark.parametrize("key", ["a;b", "'\"", "x'", 'x"', "it's\\n"])
def test_what_the_shell_cannot_be_given_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match=r"secret_key of telemetry-prod-metrics: .* use s3.json, or another key") as no:
        shell_commands([(IDENTITY, pair("id", key))])
    assert key not in str(no.value)


@given(KEYS, KEYS)
def test_the_file_says_any_key_as_it_is(access: str, secret: str) -> None:
    text = json.dumps(configuration([(IDENTITY, pair(access, secret))]))
    (identity,) = json.loads(text)["identities"]
    assert identity["credentials"] == [{"accessKey": access, "secretKey": secret}]


@pytest.mark.parametrize(("environment", "change"), ALL_BACKENDS.values(), ids=ALL_BACKENDS)
def test_no_backends_configuration_is_made_of_its_environment(environment: str, change: Change) -> None:
    """`${…}` would be replaced before the YAML is read: the S3 clients find their keys by themselves."""
    for release in releases_of(load_stack(environment, change)):
        found = [value for _, value in leaves(release.values) if isinstance(value, str) and "${" in value]
        assert set(found) <= {"${POD_NAME}"}, release.name
        assert "config.expand-env" not in json.dumps(release.values), release.name
