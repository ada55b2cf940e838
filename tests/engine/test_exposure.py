"""The way in from outside, as the engine is told of it."""

import pytest

from tests.engine.recorder import changed
from tests.unit.test_expose import GRPC, HTTP, WAYS

TYPES = {
    "ingress": ("kubernetes:networking.k8s.io/v1:Ingress", ["gateway"]),
    "route": ("kubernetes:route.openshift.io/v1:Route", ["gateway-grpc", "gateway-http"]),
    "gateway_api": ("kubernetes:gateway.networking.k8s.io/v1:TLSRoute", ["gateway-grpc", "gateway-http"]),
    "load_balancer": ("kubernetes:core/v1:Service", ["gateway-outside"]),
}


@pytest.mark.parametrize("kind", TYPES)
def test_its_objects_are_made_after_the_gateway_that_they_lead_to(kind: str) -> None:
    run = changed(WAYS[kind])
    type_, names = TYPES[kind]
    (exposure,) = run.of("telemetry:gateway:Exposure")
    made = [each for each in run.of(type_) if each.parent == exposure.urn]
    assert sorted(each.name for each in made) == names
    assert run.one("kubernetes:core/v1:Service", "gateway").urn in exposure.dependencies
    assert run.exports["endpoints"]["metrics"]["query"] == f"https://{HTTP}/prometheus"
    assert run.exports["endpoints"]["traces"]["otlp_grpc"].startswith(f"{GRPC}:")
