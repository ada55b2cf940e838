"""Names and types of resources, as Pulumi's engine writes them.

A URN is `urn:pulumi:STACK::PROJECT::PARENT'S TYPE$TYPE::NAME`; a reference to a provider has the provider's id behind
one more `::`.
"""

RELEASE_TYPE = "kubernetes:helm.sh/v3:Release"
"""What Pulumi calls a release."""
STACK_TYPE = "pulumi:pulumi:Stack"
_SEPARATOR = "::"


def name_of(urn: str) -> str:
    """Return a resource's name in the program."""
    return urn.rpartition(_SEPARATOR)[2]


def type_of(urn: str) -> str:
    """Return a resource's type: `kubernetes:helm.sh/v3:Release`."""
    return urn.split(_SEPARATOR)[2].rpartition("$")[2]


def kind_of(urn: str) -> str:
    """Return the last word of a resource's type: `Release`."""
    return type_of(urn).rpartition(":")[2]


def is_of(urn: str, stack: str, project: str) -> bool:
    """Whether a resource is one of a stack of a project."""
    return urn.startswith(f"urn:pulumi:{stack}{_SEPARATOR}{project}{_SEPARATOR}")


def provider_urn(reference: str) -> str:
    """Return the URN in a reference to a provider; empty if there is none."""
    return reference.rpartition(_SEPARATOR)[0]


def provider_reference(urn: str, identifier: str) -> str:
    """Return the reference to the provider with a URN and an id."""
    return f"{urn}{_SEPARATOR}{identifier}"
