"""What holds for every test."""

import pytest
from hypothesis import settings
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

# The same examples in every run: a test that fails only sometimes stops somebody else's work.
settings.register_profile("telemetry", derandomize=True, database=None, deadline=None)
settings.load_profile("telemetry")


def pytest_configure(config: pytest.Config) -> None:
    """Keep quiet about what pulumi_aws says of its own old modules while it is imported."""
    config.addinivalue_line("filterwarnings", r"ignore::DeprecationWarning:pulumi_aws\..*")


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """JSON files beside the test, one a case; `pytest --snapshot-update` writes them anew."""
    return snapshot.use_extension(JSONSnapshotExtension)
