"""nginx's maps of tenants: which credential is whose, and who may do how much. They hold tokens, so they are a Secret.

Between the maps a tenant goes by its object name, which is lower case and safe to write; `*` is all of them.
nginx's maps ignore case. So the value of a credential's key is a list of records, a line each, that say the credential
again; nginx.conf compares it exactly.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from telemetry.config.access import SILENCES
from telemetry.config.gateway import Federation
from telemetry.gateway.accepted import EVERYBODY, Accepted, subjects
from telemetry.gateway.pcre import before, below
from telemetry.stack.tenants import Limits, Tenant

_BUCKET_BYTES = 2_048
"""Room for the longest key: watch.sh takes tokens of up to 1900 characters."""
_PART = 2_000
"""Characters; nginx reads words of fewer than 4096 bytes."""


class _Pattern(str):
    """A regular expression as a key of a map; it stands as it is, for nginx leaves its backslashes alone."""

    __slots__ = ()

    @classmethod
    def of(cls, pattern: str) -> Self:
        return cls(f'"~{pattern}"')


Entry = tuple[str, str]
"""A key of a map and its value."""
Lines = Iterator[str]
_Limits = Limits | Federation
"""Both say how many requests are let through."""


def tenants_conf(
    *,
    tenants: Sequence[Tenant],
    tokens: Iterable[Accepted],
    federation: Federation | None,
    max_body: int,
    alerting: bool,
) -> str:
    """Return tenants.conf, which nginx.conf includes.

    Args:
        tenants: the tenants.
        tokens: those that the program makes (gateway/accepted.py).
        federation: who reads all tenants; None for nobody.
        max_body: the largest request of a tenant that states none, in bytes.
        alerting: whether who reads for a tenant may silence its alerts, where the tenant may.

    Raises:
        ValueError: two tenants have the same credential, or one has a `$` in it, which nginx would read as a variable.
    """
    accepted, certificates = list(tokens), list(subjects(tenants))
    limits: dict[str, _Limits] = {tenant.object_name: tenant.limits for tenant in tenants}
    if federation is not None:
        limits[EVERYBODY] = federation
    moments = sorted({each.until for each in (*accepted, *certificates) if each.until is not None})
    variables = {moment: f"$valid_{number}" for number, moment in enumerate(moments)}
    variables_of_tenants = sum(3 if tenant.access.oidc else 2 for tenant in tenants)
    lines = (
        *_sizes(4 * len(tenants) + len(accepted) + len(certificates), variables_of_tenants + len(moments)),
        *(line for moment in moments for line in _valid_before(moment, variables[moment])),
        *_map("$token", "$token_record", _records(accepted, variables)),
        *_map("$certificate", "$certificate_record", _records(certificates, variables)),
        *_map("$existing_name", "$existing_known", _existing(tenants)),
        *_map("$owner", "$accepts", _accepts(tenants, federation), default="nothing"),
        *_ids(tenants, federation),
        *_classes("$scopes_of_tenant", {each.object_name: " ".join(each.access.scopes.names) for each in tenants}),
        *_identified(tenants),
        *_map("$name", "$silences_of_reader", _silences(tenants) if alerting else ()),
        *_body_limits(tenants, max_body),
        *_rate_limits(limits),
        *_concurrency_limits(limits),
    )
    return "\n".join(lines) + "\n"


def _records(credentials: Iterable[Accepted], variables: dict[str, str]) -> Iterator[Entry]:
    """Yield each key, as nginx sees it, with the records of all credentials that differ in case only."""
    owners: dict[str, str] = {}
    records: defaultdict[str, str] = defaultdict(str)
    for each in credentials:
        if owners.setdefault(each.text, each.owner) != each.owner:
            raise ValueError(
                f"tenants {owners[each.text]} and {each.owner} have the same credential; give each its own"
            )
        if "$" in each.text:
            raise ValueError(f"tenant {each.owner}: a credential has a $ in it; nginx would read it as a variable")
        validity = "valid" if each.until is None else variables[each.until]
        records[_lower(each.text)] += f"{each.text}\t{validity}\t{each.owner}\n"
    yield from records.items()


def _lower(text: str) -> str:
    """Return text as nginx lowers it: only A-Z."""
    return text.encode().lower().decode()


def _existing(tenants: Iterable[Tenant]) -> Iterator[Entry]:
    """Yield whose tokens watch.sh may list: a folder that is left behind lets nobody in."""
    for tenant in tenants:
        if tenant.access.token_secret is not None:
            yield tenant.object_name, tenant.object_name


def _accepts(tenants: Iterable[Tenant], federation: Federation | None) -> Iterator[Entry]:
    for tenant in tenants:
        yield tenant.object_name, tenant.access.accepts
    if federation is not None:
        yield EVERYBODY, "token"


def _identified(tenants: Sequence[Tenant]) -> Lines:
    """Yield the maps from `user<LF>,group,group,` to the reader of the tenant that is asked for; nothing without any.

    Where there is one tenant alone, nobody has to name it.
    """
    readers = [(tenant, tenant.access.oidc) for tenant in tenants if tenant.access.oidc is not None]
    asked: list[Entry] = []
    for number, (tenant, allowed) in enumerate(readers):
        users = (_Pattern.of(rf"^{re.escape(user)}\n") for user in allowed.users)
        groups = (_Pattern.of(rf"\n.*,{re.escape(group)},") for group in allowed.groups)
        reader = f"{tenant.object_name}/reader"
        yield from _map("$identity", f"$reads_{number}", ((pattern, reader) for pattern in (*users, *groups)))
        asked.append((_Pattern.of(rf"^{re.escape(tenant.id)}\z"), f"$reads_{number}"))
        asked += [("", f"$reads_{number}")] if len(tenants) == 1 else []
    if readers:
        yield from _map("$http_x_scope_orgid", "$identified", asked)


def _silences(tenants: Iterable[Tenant]) -> Iterator[Entry]:
    for tenant in tenants:
        if tenant.access.scopes.silences:
            yield tenant.object_name, f" {SILENCES}"


def _ids(tenants: Sequence[Tenant], federation: Federation | None) -> Lines:
    """Yield the maps that end in the backend's id; who reads all tenants has all ids, in parts that nginx can read."""
    entries = [(tenant.object_name, tenant.id) for tenant in tenants]
    if federation is not None:
        joined = "|".join(tenant.id for tenant in tenants)
        parts = [joined[start : start + _PART] for start in range(0, len(joined), _PART)]
        for number, part in enumerate(parts):
            yield from _map('""', f"$everybody_{number}", (), default=part)
        entries.append((EVERYBODY, "".join(f"$everybody_{number}" for number in range(len(parts)))))
    yield from _map("$name", "$tenant", entries)


def _body_limits(tenants: Sequence[Tenant], max_body: int) -> Lines:
    """Yield what makes of a request's announced length 413; one that announces none has nginx.conf's limit only."""
    limits = {tenant.object_name: str(tenant.limits.max_body or max_body) for tenant in tenants}
    classes = sorted(set(limits.values()), key=int)
    for limit in classes:
        fits = ((_Pattern.of(below(int(limit))), ""), ("", ""))
        yield from _map("$content_length", f"$over_{limit}", fits, default="413")
    yield from _classes("$body_class", limits)
    yield from _map("$body_class", "$too_large", ((limit, f"$over_{limit}") for limit in classes))


def _rate_limits(limits: dict[str, _Limits]) -> Lines:
    """Yield a zone for each rate and burst that occur; a request counts in the zone of who sends it."""
    rates = {name: f"{each.requests_per_second}_{each.requests_burst}" for name, each in limits.items()}
    yield from _classes("$rate_class", rates)
    for limit in sorted(set(rates.values())):
        rate, burst = limit.split("_")
        yield from _map("$rate_class", f"$limited_{limit}", ((limit, "$name"),))
        yield f"limit_req_zone $limited_{limit} zone=limited_{limit}:1m rate={rate}r/s;"
        yield f"limit_req zone=limited_{limit} burst={burst} nodelay;"


def _concurrency_limits(limits: dict[str, _Limits]) -> Lines:
    """Yield a zone for each number of requests at a time, over HTTP/2 each stream, that is granted."""
    counts = {name: str(each.concurrent_requests) for name, each in limits.items()}
    yield from _classes("$concurrency_class", counts)
    for count in sorted(set(counts.values()), key=int):
        yield from _map("$concurrency_class", f"$at_once_{count}", ((count, "$name"),))
        yield f"limit_conn_zone $at_once_{count} zone=at_once_{count}:1m;"
        yield f"limit_conn at_once_{count} {count};"


def _classes(variable: str, limits: dict[str, str]) -> Lines:
    """Yield a map from names to limits that lists those only that have not the most common one."""
    common = Counter(limits.values()).most_common(1)[0][0] if limits else ""
    listed = limits if EVERYBODY in limits else limits | {EVERYBODY: ""}
    yield from _map("$name", variable, ((name, of) for name, of in listed.items() if of != common), default=common)


def _valid_before(moment: str, variable: str) -> Lines:
    yield from _map("$time_iso8601", variable, ((_Pattern.of(before(moment)), "valid"),), default="expired")


def _sizes(entries: int, variables: int) -> Lines:
    """Yield the sizes of nginx's tables; they come before the first map."""
    yield f"map_hash_bucket_size {_BUCKET_BYTES};"
    yield f"map_hash_max_size {max(2_048, 2 * entries)};"
    yield "variables_hash_bucket_size 128;"
    yield f"variables_hash_max_size {max(2_048, 4 * variables)};"


def _map(source: str, variable: str, entries: Iterable[Entry], *, default: str = "") -> Lines:
    # Not indented: with a thousand tenants that is 30 kB of what fits into a Secret.
    yield f"map {source} {variable} {{"
    yield f"default {_quoted(default)};"
    for key, value in entries:
        yield f"{key if isinstance(key, _Pattern) else _literal(key)} {_quoted(value)};"
    yield "}"


def _literal(key: str) -> str:
    """Return a key that is itself: nginx takes one backslash off, and so it for none of its words (`default`, `~…`)."""
    return _quoted(f"\\{key}")


def _quoted(text: str) -> str:
    """Return text as a word of nginx's; a `$` in it begins a variable."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'
