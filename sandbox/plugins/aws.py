"""Stands in for pulumi-resource-aws: buckets and what the program sets on them, at one S3 endpoint.

Ids, outputs, replacements, calls and errors are those of the Terraform AWS provider. Arguments that the program does
not use are refused rather than ignored. Missing: the half minute for which the real one watches a lifecycle settle, and
the reads of a bucket that has just been made.
"""

from __future__ import annotations

from typing_extensions import override

from sandbox.plugins.aws_bucket import Bucket
from sandbox.plugins.aws_settings import SETTINGS
from sandbox.plugins.base import Provider, ResourceType, known
from sandbox.plugins.s3_endpoint import Endpoint
from sandbox.plugins.server import serve
from sandbox.plugins.values import Properties


class Aws(Provider):
    """The provider: one S3 endpoint."""

    def __init__(self) -> None:
        self._endpoint = Endpoint()
        self._types: dict[str, ResourceType] = {
            "aws:s3/bucket:Bucket": Bucket(self._endpoint),
            **{token: setting(self._endpoint) for token, setting in SETTINGS.items()},
        }

    @override
    def configure(self, config: Properties) -> None:
        self._endpoint.configure(config)

    @override
    def resource_type(self, token: str) -> ResourceType:
        return known(self._types, token)


if __name__ == "__main__":
    serve(Aws())
