"""When credentials end, and what is said of it."""

from telemetry.engine.preview import Preview
from telemetry.gateway import secrets, validity
from telemetry.operations.report.build import Found, build
from tests.support import all_of, load_stack, put
from tests.unit.bad_tenants import tenant

_SHORT = {"issued_on": "2026-11-01", "valid_for": "2w"}
_LONG = {"issued_on": "2026-11-01", "valid_for": "90d"}
_TENANTS = [
    tenant(access={"token": _LONG}),
    tenant(id="orders", display_name="Orders", access={"accepts": "either", "certificate": _LONG, "reader": _SHORT}),
    tenant(id="search", display_name="Search"),
]
ENDING = all_of(
    put("tenants", _TENANTS),
    put("gateway", {"federation": {"token": _LONG}, "accept_shared_organisation": True}),
    put("namespace.quota", {"cpu": "40", "memory": "100Gi", "storage": "100Gi"}),
)


def test_what_ends_is_found_the_first_one_first() -> None:
    assert [(each.key, str(each)) for each in validity.ends(load_stack("test", ENDING))] == [
        ("tenants.1.access.reader", "reader of orders on 2026-11-15"),
        ("gateway.federation.token", "token that reads all tenants on 2027-01-30"),
        ("tenants.0.access.token", "token of payments on 2027-01-30"),
        ("tenants.1.access.certificate", "certificate of orders on 2027-01-30"),
    ]
    assert validity.ends(load_stack("test")) == validity.ends(load_stack("dev")) == []


def test_whoever_is_handed_a_token_is_told_its_end() -> None:
    until = {each.name: each.annotations.get("telemetry/token-until") for each in handed_over()}
    assert until == {"tenant-payments": "2027-01-30T00:00:00Z", "tenant-orders": None, "tenant-search": None}


def handed_over() -> list[secrets.SecretContent]:
    return list(secrets.tenant_secrets(load_stack("test", ENDING), "fake-key"))


def test_a_report_says_what_ends() -> None:
    ending, endless = (
        build(load_stack("test", *changes), Preview((), {}), {}, Found("nothing")).warnings
        for changes in ((ENDING,), ())
    )
    (said,) = (each.text for each in ending if each.about == "credentials")
    assert said.startswith("end: reader of orders on 2026-11-15, token that reads all tenants on 2027-01-30, ")
    assert said.endswith(" and 1 more")
    assert "credentials" not in {each.about for each in endless}
