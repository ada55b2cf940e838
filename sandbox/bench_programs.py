"""The programs that `make bench` times beside the real one."""

EMPTY = '"""Nothing."""\n'

ONE_OF_EACH = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumiverse_grafana as grafana

given = pulumi.Config()
cluster = k8s.Provider("kubernetes", kubeconfig=given.require("kubeconfig"))
k8s.core.v1.Secret("one", opts=pulumi.ResourceOptions(provider=cluster))
s3 = aws.Provider(
    "s3",
    region="us-east-1",
    endpoints=[aws.ProviderEndpointArgs(s3=given.require("s3"))],
    access_key="preview",
    secret_key="preview",
    s3_use_path_style=True,
    skip_credentials_validation=True,
    skip_metadata_api_check=True,
    skip_region_validation=True,
    skip_requesting_account_id=True,
)
aws.s3.Bucket("one", bucket="one", opts=pulumi.ResourceOptions(provider=s3))
datasources = grafana.Provider("grafana", url=given.require("grafana"), auth="preview")
grafana.oss.DataSource("one", name="one", type="prometheus", opts=pulumi.ResourceOptions(provider=datasources))
"""
"""The least that the three providers and their SDKs can do; `bench` gives it the addresses."""

BARE_IMPORTS = """
import pulumi, pulumi_aws, pulumi_kubernetes, pulumiverse_grafana, pydantic
pulumi_aws.s3.Bucket, pulumi_aws.Provider, pulumi_kubernetes.Provider, pulumi_kubernetes.core.v1.Secret
pulumi_kubernetes.core.v1.Namespace, pulumi_kubernetes.core.v1.ResourceQuota, pulumi_kubernetes.helm.v3.Release
pulumiverse_grafana.Provider, pulumiverse_grafana.oss.DataSource
"""
"""Imports what the program needs of the SDKs."""

WHOLE_PROGRAM = """
import asyncio, runpy, pulumi
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack
class World(pulumi.runtime.Mocks):
    def call(self, args): return {}
    def new_resource(self, args): return args.name, args.inputs
def program():
    runpy.run_path("__main__.py", run_name="__main__")
async def whole():
    pulumi.runtime.set_mocks(World(), project="telemetry", stack="dev", preview=True)
    set_root_resource(None)
    await run_in_stack(program)
asyncio.run(whole())
"""
"""Runs the program with an engine that is mocked."""
