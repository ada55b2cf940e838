"""Patterns of secrets whose values are unknown: by the name in front of them, or by their form.

Every repetition is bounded, so that a line of megabytes costs no more than its length.
"""

import base64
import re
from collections.abc import Callable

HIDDEN = "[secret]"

_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credentials?|authorization|slack_api_url|webhook[-_]?url"
    r"|(?:api|access|secret|private|account|signing|encryption|master|routing|service|integration)"
    r"[-_.]?(?:access[-_.]?)?key(?:[-_.]?id)?)"
)
_NAME = re.compile(rf"(?is).*{_WORDS}")
_REFERENCE = re.compile(r"[\"']?(\$\{[^}]*\}|\$\([^)]*\))[\"']?")
_FLAG = re.compile(r"(?s)(-[^=]*)=(.*)")

Hide = Callable[[re.Match[str]], str]


def _after(match: re.Match[str]) -> str:
    """Return a match whose last group is hidden, unless it only says where the secret stands."""
    if _REFERENCE.fullmatch(match[match.re.groups].strip()):
        return match[0]
    start = match.start(match.re.groups) - match.start()
    end = match.end(match.re.groups) - match.start()
    return f"{match[0][:start]}{HIDDEN}{match[0][end:]}"


def _encoded_keys() -> str:
    """Return how the base64 of a private key in PEM begins."""
    heads = (f"-----BEGIN {kind}PRIVATE KEY-----" for kind in ("", "EC ", "RSA ", "DSA ", "ENCRYPTED ", "OPENSSH "))
    return "|".join(base64.b64encode(head.encode()).decode()[: len(head) // 3 * 4] for head in heads)


_KEY_BEGINS = r"-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY-----"
_KEY_ENDS = r"-----END [A-Z0-9 ]{0,20}PRIVATE KEY-----"
_LINE_END = r"(?:\s|\\+[nr])"
_KEY_LINE = (
    r"(?:[A-Za-z0-9+/=]+(?=[ \t]*(?:[\r\n\"',]|\\+[nr]|-----END|\Z))|[A-Za-z0-9+/=]{32,}"
    r"|(?:Proc-Type|DEK-Info):[^\n\\]{0,80})"
)
_OF_KEY = re.compile(r"[\s>|+\-\"']*(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info): [\w, -]*)[\s\"',\\]*")
_UNMISTAKABLE = re.compile(
    # A private key: its lines, however line ends are written, with or without an end.
    rf"(?:{_KEY_BEGINS}(?:{_LINE_END}*{_KEY_LINE})*(?:{_LINE_END}*{_KEY_ENDS})?)"
    rf"|(?:(?:{_encoded_keys()})[A-Za-z0-9+/=]*)"
    # Ours; Grafana's, Pulumi's, GitHub's, Slack's; a JWT.
    r"|\btlm_[\w-]{20,}"
    r"|\bgl(?:sa|c)_[\w=-]{16,}|\bpul-[0-9a-f]{40}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abeoprs]-[\w-]{10,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    # Addresses that are a secret themselves.
    r"|(?:(?<=hooks\.slack\.com)|(?<=hooks\.slack-gov\.com))/(?:services|workflows|triggers)/[^\s\"'<>\\]+"
    r"|(?<=discord\.com)/api/webhooks/[^\s\"'<>\\]+|(?<=discordapp\.com)/api/webhooks/[^\s\"'<>\\]+"
    r"|(?<=webhook\.office\.com)/webhookb2/[^\s\"'<>\\]+"
)
_MARKS = (
    *("PRIVATE KEY-----", *_encoded_keys().split("|"), "tlm_", "glsa_", "glc_", "pul-"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "eyJ", "hooks.slack", "discord", "webhook.office"),
)
"""One of these is in whatever is unmistakable: most texts have none, and to see that is ten times as quick."""
_QUERY = rf"[?&;](?:[\w.~%-]{{0,64}}{_WORDS}|sig|signature|auth|apikey|key|code|x-amz-(?:signature|credential))="
_ANYWHERE: tuple[tuple[re.Pattern[str], Hide], ...] = (
    (re.compile(r"://[^/\s:@\"']{0,256}:([^/\s\"'<>]{1,1024})(?=@)"), _after),  # to the last @, as programs read it
    (re.compile(r"://([\w.~%-]{16,256})(?=@)"), _after),
    (re.compile(rf"(?i){_QUERY}([^&;#\s\"'<>\\]+)"), _after),
    # Headers, as HTTP and programs write them: `Authorization: Bearer x`, `Authorization:[Bearer x]`, in JSON.
    (
        re.compile(
            r"(?i)\b(?:(?:proxy-)?authorization|x-api-key|x-auth-token|(?:set-)?cookie)\\?[\"']?\s{0,4}[:=]"
            r"[\s\[\\\"']{0,6}(?:(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)\s+)?([^\s\"'\\\],]+)"
        ),
        _after,
    ),
    (re.compile(r"\b(?i:bearer|basic)\s{1,4}((?=[^\s\"']{0,256}[0-9_=~+/])[\w.~+/=-]{8,})"), _after),
    # `"password": "x"`, and in JSON within JSON.
    (
        re.compile(rf"(?i)([\"'])[\w.-]{{0,64}}{_WORDS}\1\s{{0,4}}[:=]\s{{0,4}}([\"'])((?:\\.|(?!\2)[^\\\n])+)"),
        _after,
    ),
    (
        re.compile(
            rf"(?i)\\[\"'][\w.-]{{0,64}}{_WORDS}\\{{1,3}}[\"']\s{{0,4}}[:=]\s{{0,4}}\\{{1,3}}[\"']"
            r"((?:(?!\\{1,3}[\"'])[^\n])+)"
        ),
        _after,
    ),
    # A flag and a variable: `--db.password=x`, `AWS_SECRET_ACCESS_KEY=x`; in quotes, as shells and logs have them,
    # and those within JSON.
    (re.compile(rf"(?i)(?<![\w.?&;-])[\w.-]{{0,64}}{_WORDS}=([\"'])((?:\\.|(?!\1)[^\\\n])+)"), _after),
    (re.compile(rf"(?i)(?<![\w.?&;-])[\w.-]{{0,64}}{_WORDS}=\\{{1,3}}[\"']((?:(?!\\{{1,3}}[\"'])[^\n])+)"), _after),
    (re.compile(rf"(?i)(?<![\w.?&;-])[\w.-]{{0,64}}{_WORDS}=(?!(?:true|false|null)\b)([^\s\"',;&\\]+)"), _after),
)
_OF_LINES: tuple[tuple[re.Pattern[str], Hide], ...] = (
    # A block of YAML: all that is further in.
    (
        re.compile(
            rf"(?im)^([ \t]*)(?:- +)?[^\n:=]{{0,256}}{_WORDS}[\"']?[ \t]*:[ \t]*[|>][-+0-9]{{0,2}}[ \t]*\n"
            r"((?:\1[ \t]+[^\n]*\n?|[ \t]*\n)+)"
        ),
        lambda match: f"{match[0][: match.start(2) - match.start()]}{match[1]}  {HIDDEN}\n",
    ),
    (re.compile(rf"(?im)^[^\n:=]*{_WORDS}[\"']?\s*[:=]\s*(\S[^\n]*)$"), _after),
    (re.compile(rf"(?i)[{{,]\s{{0,8}}[\w.-]{{0,64}}{_WORDS}\s{{0,4}}[:=]\s{{0,4}}([^\s,}}\"'][^,}}\n]*)"), _after),
)
"""For files and values only: a message may well say `password: is not set`."""


def names_a_secret(name: str) -> bool:
    """Whether what is called so is a secret."""
    return _NAME.fullmatch(name) is not None


def is_reference(text: str) -> bool:
    """Whether a text only says where a secret stands, such as `${PASSWORD}`."""
    return _REFERENCE.fullmatch(text) is not None


def is_unmistakable(text: str) -> bool:
    """Whether a text holds what can be nothing but a secret: a private key, a token by its form."""
    return _has_mark(text) and _UNMISTAKABLE.search(text) is not None


def _has_mark(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def leaves_key_open(text: str) -> bool:
    """Whether a line begins a private key that it does not end."""
    begun = [each.end() for each in re.finditer(_KEY_BEGINS, text)]
    return bool(begun) and re.search(_KEY_ENDS, text[begun[-1] :]) is None


def ends_key(text: str) -> bool:
    """Whether a line ends a private key."""
    return re.search(_KEY_ENDS, text) is not None


def is_of_key(text: str) -> bool:
    """Whether a line may be one within a private key: base64 or a header, with what logs put around it."""
    return _OF_KEY.fullmatch(text) is not None


def hidden_in(text: str) -> str:
    """Return a text of any kind, a message or a log, without what looks like a secret."""
    if _has_mark(text):
        text = _UNMISTAKABLE.sub(HIDDEN, text)
    for pattern, hide in _ANYWHERE:
        text = pattern.sub(hide, text)
    return text


def hidden_in_value(text: str) -> str:
    """Return a value, maybe a whole file of configuration, without what looks like a secret or is called one."""
    flag = _FLAG.fullmatch(text)
    if flag and names_a_secret(flag[1]) and not is_reference(flag[2]):
        return f"{flag[1]}={HIDDEN}"
    for pattern, hide in _OF_LINES:
        text = pattern.sub(hide, text)
    return hidden_in(text)
