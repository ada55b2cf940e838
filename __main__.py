"""The telemetry platform of one environment, as one dependency graph.

settings -> providers -> namespace, buckets -> Mimir -> Tempo -> datasources -> exports
"""

import pulumi

import outputs
import preflight
from components.buckets import Buckets
from components.datasources import Datasources
from components.mimir import Mimir
from components.namespace import Namespace
from components.providers import Providers
from components.tempo import Tempo
from stack_config import load_stack

stack, credentials = load_stack()
preflight.run(stack, credentials)

providers = Providers.of(stack, credentials)

namespace = Namespace(
    "namespace",
    settings=stack.namespace,
    opts=pulumi.ResourceOptions(providers=[providers.kubernetes]),
)
buckets = Buckets(
    "buckets",
    bucket_names=stack.buckets,
    settings=stack.object_store,
    protect=stack.protects_buckets,
    opts=pulumi.ResourceOptions(providers=[providers.s3]),
)
workloads = pulumi.ResourceOptions(providers=[providers.kubernetes], depends_on=[namespace, buckets])
mimir = Mimir("mimir", stack=stack, identity=credentials.metrics, opts=workloads)
tempo = Tempo(
    "tempo",
    stack=stack,
    identity=credentials.traces,
    remote_write_url=mimir.remote_write_url,
    opts=workloads,
)
datasources = Datasources(
    "datasources",
    environment=stack.environment,
    tempo_url=tempo.query_url,
    mimir_url=mimir.query_url,
    service_map="metrics-generator" in stack.traces.runs,
    opts=pulumi.ResourceOptions(providers=[providers.grafana], depends_on=[mimir, tempo]),
)

outputs.export(stack=stack, buckets=buckets, mimir=mimir, tempo=tempo, datasources=datasources)
