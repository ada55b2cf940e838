"""What the masked output of a command shows: everything but the secrets, in whatever form they stand there."""

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.masked_command import run
from commands.masking import Masker, secrets_of
from commands.tools import ToolError
from gateway import access, contents
from tests.support import credentials, load_stack, put

CREDENTIALS = credentials()
SECRETS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=8, max_size=60)
AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\n"), max_size=20)


@given(secret=SECRETS, before=AROUND, after=AROUND)
def test_a_secret_is_hidden_wherever_it_stands_and_however_it_is_written(secret: str, before: str, after: str) -> None:
    masker = Masker.of([secret])
    for form in (secret, quote(secret, safe=""), secret.encode().hex(), json.dumps(secret)[1:-1]):
        line = f"{before}{form}{after}".encode()
        assert form.encode() not in masker.masked(line)
    coded = base64.b64encode(f"{before}{secret}{after}".encode())
    assert masker.masked(coded) != coded
    assert secret.encode() not in base64.b64decode(masker.masked(coded).replace(b"[secret]", b""), validate=False)


@given(secret=SECRETS, line=AROUND)
def test_a_line_without_a_secret_stays_as_it_is(secret: str, line: str) -> None:
    forms = Masker.of([secret]).forms
    raw = line.encode()
    if not any(form in raw for form in forms):
        assert Masker.of([secret]).masked(raw) == raw


def test_one_secret_within_another_leaves_no_rest() -> None:
    assert Masker.of(["12345678", "12345678-and-more"]).masked(b"a 12345678-and-more b") == b"a [secret] b"


@pytest.mark.parametrize("stack", ["dev", "test"])
def test_every_secret_of_a_stack_is_known(stack: str) -> None:
    settings = load_stack(stack, *([put("gateway.backend_tls", {})] if stack == "test" else []))
    known = secrets_of(settings, CREDENTIALS)
    assert CREDENTIALS.metrics.secret_key.get_secret_value() in known
    assert CREDENTIALS.grafana.auth.get_secret_value() in known
    if settings.gateway is None:
        return
    key = CREDENTIALS.gateway_key
    tokens = [each.token for of in (access.of_tenants, access.of_readers) for each in of(settings, key).values()]
    assert {*tokens} <= known
    masker = Masker.of(known)
    for each in contents.tenant_secrets(settings, key):
        text = json.dumps(each.data).encode()
        assert b"tlm_" not in masker.masked(text)
    pair = access.server_of(settings, key)
    assert pair is not None
    lines = pair.key.splitlines()[1:3]
    assert not any(line.encode() in masker.masked(json.dumps(pair.key).encode()) for line in lines)
    assert masker.masked(pair.certificate.encode()) == pair.certificate.encode(), "what everybody may see is hidden"


def test_both_outputs_are_masked_and_the_exit_code_is_the_commands(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = "import sys; print('the hush-hush word'); print('hush-hush', file=sys.stderr); sys.exit(7)"
    assert run([sys.executable, "-c", code], Masker.of(["hush-hush"])) == 7
    out, err = capfdbinary.readouterr()
    assert out == b"the [secret] word\n"
    assert err == b"[secret]\n"


def test_a_command_that_a_signal_ends_says_so_as_shells_do() -> None:
    assert run([sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], Masker(())) == 128 + 15


def test_a_command_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ToolError, match="no-such-program"):
        run(["no-such-program"], Masker(()))


def test_the_command_says_what_it_is_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands", "masked", "--help"], capture_output=True, text=True, check=True
    )
    assert "-v=9" in done.stdout
