"""Whom pods run as that do not say it: OpenShift gives them ids of their namespace, and volumes their group.

Without, a pod that is made for OpenShift can neither write to its volumes nor read Secrets that only a group may.
"""

from typing import Any

_NAME = "ids-of-the-namespace"
_ID = 1000700000
"""The first of a range, as OpenShift's constraint `restricted-v2` takes it."""
_IDS = ("runAsUser", "fsGroup")


def policy() -> dict[str, Any]:
    """Return the MutatingAdmissionPolicy that adds the ids."""
    here = "object.spec.securityContext"
    values = ", ".join(f"{name}: has({here}) && has({here}.{name}) ? {here}.{name} : {_ID}" for name in _IDS)
    expression = f"Object{{spec: Object.spec{{securityContext: Object.spec.securityContext{{{values}}}}}}}"
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": _NAME},
        "spec": {
            "matchConstraints": {"resourceRules": [pods]},
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}],
        },
    }


def binding() -> dict[str, Any]:
    """Return the binding that lets the policy act on every pod."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": _NAME},
        "spec": {"policyName": _NAME},
    }
