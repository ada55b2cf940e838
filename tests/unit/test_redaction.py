"""What is shown of values, messages and streams: everything but the secrets, in whatever form they stand there."""

import base64
import json
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from telemetry.cli.errors import error_boundary
from telemetry.cli.masked import run
from telemetry.clients.cli_tools import ToolError
from telemetry.gateway import access
from telemetry.gateway import secrets as contents
from telemetry.known_secrets import secrets_of
from telemetry.operations.validation import runner
from telemetry.redaction import HIDDEN, Lines, Redactor, field_name
from telemetry.redaction.forms import Forms, forms
from telemetry.redaction.redactor import key_lines
from telemetry.spec.checks import Check, CheckFailed, Lane
from tests.support import credentials, load_stack, put

CREDENTIALS = credentials()
SECRETS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=8, max_size=60)
AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\n"), max_size=20)


@given(secret=SECRETS, before=AROUND, after=AROUND)
def test_a_secret_is_hidden_wherever_it_stands_and_however_it_is_written(secret: str, before: str, after: str) -> None:
    def shown(line: bytes) -> bytes:
        return Lines(frozenset({secret})).shown(line)

    for form in (secret, quote(secret, safe=""), secret.encode().hex(), json.dumps(secret)[1:-1]):
        assert form.encode() not in shown(f"{before}{form}{after}".encode())
    coded = base64.b64encode(f"{before}{secret}{after}".encode())
    assert shown(coded) != coded
    assert secret.encode() not in base64.b64decode(shown(coded).replace(b"[secret]", b""), validate=False)


@given(secret=SECRETS, line=AROUND)
def test_a_line_without_a_secret_stays_as_it_is(secret: str, line: str) -> None:
    raw = line.encode()
    if not any(form in raw for form in forms(secret)):
        assert Lines(frozenset({secret})).shown(raw) == raw


def test_one_secret_within_another_leaves_no_rest() -> None:
    known = frozenset({"12345678", "12345678-and-more", "more-than-that"})
    assert Lines(known).shown(b"a 12345678-and-more b") == b"a [secret] b"
    assert Lines(known).shown(b"a 12345678-and-more-than-that b") == b"a [secret] b"


@given(text=st.text("ab", max_size=80), secrets=st.sets(st.text("ab", min_size=8, max_size=14), max_size=4))
def test_nothing_but_what_is_of_a_secret_is_hidden(text: str, secrets: set[str]) -> None:
    """Wherever forms begin, whatever they overlap."""
    covered = [False] * len(text)
    for secret in secrets:
        for start in range(len(text)):
            if text.startswith(secret, start):
                covered[start : start + len(secret)] = [True] * len(secret)
    known = Forms(secrets)
    kept = "".join(letter for letter, hidden in zip(text, covered, strict=True) if not hidden)
    assert known.hidden_in(text).replace(HIDDEN, "") == kept
    assert known.in_text(text) == any(covered)


def test_the_time_does_not_grow_with_the_number_of_secrets() -> None:
    known = Forms(f"tlm_{number:040d}" for number in range(2_000))
    line = "a line of a log as it is, without a token in it: " * 2_000
    begun = time.process_time()
    assert known.hidden_in(line) == line
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("stack", ["dev", "test"])
def test_every_secret_of_a_stack_is_known(stack: str) -> None:
    settings = load_stack(stack, *([put("gateway.backend_tls", {})] if stack == "test" else []))
    known = secrets_of(settings, CREDENTIALS)
    assert CREDENTIALS.identities(["metrics"])["metrics"].secret_key.get_secret_value() in known
    assert CREDENTIALS.grafana.auth.get_secret_value() in known
    if settings.gateway is None:
        return
    key = CREDENTIALS.gateway_key
    tokens = [each.token for of in (access.of_tenants, access.of_readers) for each in of(settings, key).values()]
    assert {*tokens} <= known
    for each in contents.tenant_secrets(settings, key):
        assert b"tlm_" not in Lines(known).shown(json.dumps(each.data).encode())
    pair = access.server_of(settings, key)
    assert pair is not None
    assert not any(line in shown_lines(pair.key, known) for line in key_lines(pair.key))
    assert list(key_lines(pair.key)) == pair.key.splitlines()[1:3]
    assert shown_lines(pair.certificate, known) == pair.certificate, "what everybody may see is hidden"


def shown_lines(text: str, known: frozenset[str] = frozenset()) -> str:
    """Return a text as it is shown line by line."""
    lines = Lines(known)
    return b"".join(lines.shown(line) for line in text.encode().splitlines(keepends=True)).decode()


def test_both_outputs_are_masked_and_the_exit_code_is_the_commands(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = "import sys; print('the hush-hush word'); print('hush-hush', file=sys.stderr); sys.exit(7)"
    assert run([sys.executable, "-c", code], frozenset({"hush-hush"})) == 7
    out, err = capfdbinary.readouterr()
    assert out == b"the [secret] word\n"
    assert err == b"[secret]\n"


def test_a_command_that_a_signal_ends_says_so_as_shells_do() -> None:
    assert run([sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], frozenset()) == 128 + 15


def test_a_command_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ToolError, match="no-such-program"):
        run(["no-such-program"], frozenset())


def test_the_command_says_what_it_is_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "telemetry", "masked", "--help"], capture_output=True, text=True, check=True
    )
    assert "-v=9" in done.stdout


HUSH = "q9Xw-plantedSecret_7"
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{'MHcCAQEEI' + 'A' * 55}\n{'B' * 64}\nCCCC==\n-----END EC PRIVATE KEY-----\n"
OWN = "tlm_" + "aB3-" * 10 + "xyz"
ANYWHERE = {
    "a header": f"Authorization: Bearer {HUSH}",
    "a short one": "authorization: Bearer 9",
    "basic": f"proxy-authorization: Basic {HUSH}",
    "as Go prints headers": f"map[Accept:[*/*] Authorization:[Bearer {HUSH}]]",
    "in JSON": json.dumps({"headers": {"Authorization": f"Bearer {HUSH}"}}),
    "in JSON in JSON": json.dumps({"body": json.dumps({"a": 1, "slack_api_url": HUSH, "b": 2})}),
    "a cookie": f"Set-Cookie: grafana_session={HUSH}; Path=/",
    "said of a token": f"answered 401 to Bearer {HUSH}, see",
    "in an address": f"GET https://user:{HUSH}@host/path",
    "with an at sign": f"https://user:a@{HUSH}@host/path",
    "as a user": f"https://{HUSH}@github.example/x.git",
    "in a query": f'Get "https://host/api?org=1&token={HUSH}&x=2": dial tcp',
    "first in a query": f"https://host/?access_token={HUSH}",
    "a signed address": f"https://s3/b/k?X-Amz-Credential=a&X-Amz-Signature={HUSH}",
    "a flag": f"run --db.password={HUSH} --verbose",
    "a variable": f"AWS_SECRET_ACCESS_KEY={HUSH} aws s3 ls",
    "a variable in quotes": f"AWS_SECRET_ACCESS_KEY='a {HUSH}' aws s3 ls",
    "in logfmt": f'level=error password="a \\" {HUSH}" x=1',
    "in logfmt in JSON": json.dumps({"msg": f'level=error password="a {HUSH}" x=1'}),
    "a field": '{"level": "info", "password": "' + HUSH + '", "x": 1}',
    "with a quote in it": json.dumps({"client_secret": f'a"{HUSH}', "x": 1}),
    "slack": f"https://hooks.slack.com/services/T0/B0/{HUSH}",
    "teams": f"https://x.webhook.office.com/webhookb2/{HUSH}/IncomingWebhook/1",
    "Grafana's": "glsa_AbCdEfGhIjKlMnOpQrStUvWxYz012345_0a1b2c3d",
    "Pulumi's": "pul-" + "0a" * 20,
    "ours": f"map {OWN} payments;",
    "a JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkw.SflKxwRJSMeKKF2QT4",
    "a private key": PEM,
    "in one line": json.dumps({"tls.key": PEM}),
    "cut off": PEM[:120],
    "as a Secret has it": base64.b64encode(PEM.encode()).decode(),
}
PARTS = (
    HUSH,
    "MHcCAQEEI",
    "A" * 20,
    "B" * 20,
    "TUhjQ0FRRUVJ",
    OWN,
    "GhIjKlMn",
    "0a0a0a0a",
    "SflKxw",
    "Bearer 9",
)


@pytest.mark.parametrize("text", ANYWHERE.values(), ids=ANYWHERE)
def test_what_looks_like_a_secret_is_shown_nowhere(text: str) -> None:
    said = f"first line\n  {text}\nlast line"
    for shown in (Redactor().message(said), Redactor().shown(said), shown_lines(said), Redactor().shown({"a": [text]})):
        assert HIDDEN in str(shown)
        assert not [part for part in PARTS if part in str(shown)]
    for shown in (Redactor().message(said), shown_lines(said)):
        assert shown.startswith("first line\n")
        assert shown.endswith("\nlast line")


OF_FILES = {
    "a line of YAML": f"receivers:\n  slack_api_url: {HUSH}\n  name: x\n",
    "a block of YAML": f"tls:\n  client_secret: |\n    {HUSH}\n    {HUSH}\n  name: x\n",
    "YAML in one line": f"a: {{user: me, password: {HUSH}, name: x}}\n",
    "an ini file": f"[smtp]\npassword = {HUSH}\nname = x\n",
}


@pytest.mark.parametrize("text", OF_FILES.values(), ids=OF_FILES)
def test_in_a_file_a_name_is_enough(text: str) -> None:
    shown = Redactor().shown(text)
    assert HUSH not in shown
    assert "name" in shown


def test_a_name_counts_for_a_list_too() -> None:
    assert Redactor().shown({"X-Api-Key": [HUSH], "names": ["x"]}) == {"X-Api-Key": [HIDDEN], "names": ["x"]}


@pytest.mark.parametrize(
    "text",
    [
        "telemetry:credentials: stands in the stack's file in plain text; replace these secrets, then set it",
        "gateway.key: is shorter than 32 characters; make one with: openssl rand -base64 32",
        "Secret mimir-s3 is not as the settings say (token)",
        "https://charts.example/x.tgz?version=1: 404",
        "oci://registry.example:5000/charts/tempo",
        "token: is not set; basic authentication is refused, Bearer tokens count",
        "-----BEGIN CERTIFICATE-----",
        '{"secretName": "mimir-s3", "replicas": 3, "secret": true}',
        "url: http://${USER}:${PASSWORD}@host/",
        '{"url":"http://host:80","mail":"a@b.example"}',
    ],
)
def test_what_is_no_secret_stays_in_a_message(text: str) -> None:
    assert (Redactor().message(text), shown_lines(text)) == (text, text)


@given(st.text(max_size=300))
def test_a_message_is_hidden_once_and_for_all(text: str) -> None:
    once = Redactor().message(text)
    assert Redactor().message(once) == once


@pytest.mark.parametrize(
    "piece", ["a", "-", "A.", "token", "token=", '"', "\\", "://", "-----BEGIN PRIVATE KEY-----", "{,"]
)
def test_a_line_without_end_costs_no_more_than_its_length(piece: str) -> None:
    begun = time.process_time()
    Redactor().shown(piece * 20_000)
    shown_lines(piece * 20_000)
    assert time.process_time() - begun < 10


def test_an_error_is_told_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), error_boundary(ToolError):
        raise ToolError(f"pulumi up failed:\n  Authorization: Bearer {HUSH}")
    assert capsys.readouterr().err == "error: pulumi up failed:\n  Authorization: Bearer [secret]\n"


def test_what_a_check_is_told_is_shown_without_secrets() -> None:
    def fails(_: float) -> str:
        raise CheckFailed(f"answered 500: password={HUSH} and known-by-its-value")

    lane = Lane("x", (Check("traces", "c", fails),))
    (result,) = runner.run([lane], runner.Bounds(), lambda _: None, Redactor(frozenset({"known-by-its-value"})))
    assert result.detail == "answered 500: password=[secret] and [secret]"


def test_where_one_side_of_a_change_is_masked_the_other_is_not_shown() -> None:
    redactor = Redactor()
    assert redactor.pair("[secret]", "plain") == ("[secret]", "[secret]")
    assert redactor.pair({"a": ["x [secret]"]}, {"a": ["x y"]}) == ("[secret]", "[secret]")
    assert redactor.pair(None, "plain") == (None, "plain")
    assert redactor.pair("old", "new", field_name(["env", "DB_PASSWORD", "value"])) == ("[secret]", "[secret]")
