"""The telemetry platform of one environment, as one dependency graph.

settings -> providers -> namespace -> guardrails, buckets -> Mimir -> Tempo, Loki, Pyroscope \
                                      guardrails -> gateway -----------------> datasources, collector, alerts and so on
"""

import gc

# A run is short and leaves little to collect: without collections it takes a quarter less time, and 30 MB more memory
# for 1,000 tenants. Before the imports, which are a large part of it.
gc.disable()

import pulumi

from components import outputs, preflight, registrations
from components.alerts import Alerts
from components.backend_certificate import BackendCertificate
from components.buckets import Buckets
from components.collector import Collector
from components.dashboards import Dashboards
from components.datasources import Datasources
from components.gateway import Gateway
from components.loki import Loki
from components.mimir import Mimir
from components.namespace import Namespace
from components.network_policies import Guardrails
from components.object_store_authority import ObjectStoreAuthority
from components.providers import Providers
from components.pyroscope import Pyroscope
from components.stack_config import load_stack
from components.tempo import Tempo
from telemetry.gateway import access
from telemetry.gateway.addresses import query_urls
from telemetry.policies.enforcement import enforce
from telemetry.spec.values.transport import makes_store_authority, serves_tls

stack, credentials = load_stack()
preflight.run(stack, credentials)
enforce(stack, credentials)

providers = Providers.of(stack, credentials)
key, previous = credentials.gateway_key, credentials.previous_gateway_key
in_cluster = pulumi.ResourceOptions(providers=[providers.kubernetes])

namespace = Namespace("namespace", settings=stack.namespace, opts=in_cluster)
in_namespace = pulumi.ResourceOptions(providers=[providers.kubernetes], depends_on=[namespace])
guardrails = Guardrails("guardrails", stack=stack, opts=in_namespace)
guarded = pulumi.ResourceOptions(providers=[providers.kubernetes], depends_on=[namespace, guardrails])
buckets = Buckets(
    "buckets",
    bucket_names=stack.buckets,
    settings=stack.object_store,
    protect=stack.protects_buckets,
    opts=pulumi.ResourceOptions(providers=[providers.s3]),
)
gateway = Gateway("gateway", stack=stack, key=key, previous=previous, opts=guarded) if stack.gateway else None
mounted: list[pulumi.Resource] = []
if serves_tls(stack):
    mounted.append(BackendCertificate("backend-certificate", stack=stack, key=key, opts=guarded))
if makes_store_authority(stack):
    mounted.append(ObjectStoreAuthority("object-store-authority", stack=stack, opts=guarded))

workloads = pulumi.ResourceOptions(
    providers=[providers.kubernetes], depends_on=[namespace, guardrails, buckets, *mounted]
)
mimir = Mimir("mimir", stack=stack, identity=credentials.metrics, opts=workloads)
tempo = Tempo(
    "tempo",
    stack=stack,
    identity=credentials.traces,
    remote_write_url=mimir.remote_write_url,
    opts=workloads,
)
loki = Loki("loki", stack=stack, identity=credentials.logs, opts=workloads) if credentials.logs and stack.logs else None
pyroscope = (
    Pyroscope("pyroscope", stack=stack, identity=credentials.profiles, opts=workloads)
    if credentials.profiles and stack.profiles
    else None
)
datasources = Datasources(
    "datasources",
    stack=stack,
    urls=query_urls(stack),
    credentials=access.of_readers(stack, key),
    federation=access.of_federation(stack, key),
    authority=access.authority_of(stack, key, previous),
    opts=pulumi.ResourceOptions(
        providers=[providers.grafana], depends_on=[each for each in (mimir, tempo, loki, pyroscope, gateway) if each]
    ),
)

if stack.collector:
    behind = pulumi.ResourceOptions(
        providers=[providers.kubernetes], depends_on=[each for each in (mimir, tempo, loki, gateway) if each]
    )
    Collector("collector", stack=stack, settings=stack.collector, opts=behind)
if stack.monitoring.rules == "prometheus-rule":
    Alerts("alerts", stack=stack, opts=in_namespace)
if stack.dashboards:
    to_grafana = pulumi.ResourceOptions(providers=[providers.grafana], depends_on=[datasources])
    Dashboards("dashboards", stack=stack, settings=stack.dashboards, unseen=datasources.unseen, opts=to_grafana)

outputs.export(
    stack=stack,
    buckets=buckets,
    mimir=mimir,
    tempo=tempo,
    loki=loki,
    pyroscope=pyroscope,
    gateway=gateway,
    datasources=datasources,
)
pulumi.run(registrations.begin)
