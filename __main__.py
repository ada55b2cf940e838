"""The telemetry platform of one environment, as one dependency graph.

settings -> providers -> namespace -> network policies, buckets -> backends \
                                      network policies -> gateway ----------> datasources, collector, alerts and so on
"""

import gc

# A run is short and leaves little to collect: without collections it takes a quarter less time, and 30 MB more memory
# for 1,000 tenants. Before the imports, which are a large part of it.
gc.disable()

import pulumi
from pulumi import ResourceOptions

from components import metadata, outputs, preflight, registrations
from components.alerting import ReceiverCredentials
from components.alerts import Alerts
from components.backends import deploy_backends
from components.buckets import Buckets
from components.clusters import Clusters
from components.collector import Collector
from components.dashboards import Dashboards
from components.datasources import Datasources
from components.exposure import Exposure
from components.external_secrets import ExternalSecrets
from components.gateway import BackendCertificate, Gateway
from components.namespace import Namespace
from components.network_policies import NetworkPolicies
from components.object_store_authority import ObjectStoreAuthority
from components.optional import there
from components.priority_class import PriorityClass
from components.providers import Providers
from components.scraping import Scraping
from components.stack_config import load_stack
from components.tenant_quotas import TenantQuotas
from telemetry.policies.enforcement import enforce

stack, credentials = load_stack()
preflight.run(stack, credentials)
metadata.put_on_all(stack)
enforce(stack, credentials)

providers = Providers.of(stack, credentials)
in_cluster, in_store, in_grafana = ([each] for each in (providers.kubernetes, providers.s3, providers.grafana))

namespace = Namespace("namespace", settings=stack.namespace, opts=ResourceOptions(providers=in_cluster))
in_namespace = ResourceOptions(providers=in_cluster, depends_on=[namespace])
priority = PriorityClass.of(stack, opts=ResourceOptions(providers=in_cluster))
policies = NetworkPolicies("guardrails", stack=stack, opts=in_namespace)
external = ExternalSecrets.of(stack, opts=in_namespace)
after_policies = ResourceOptions(providers=in_cluster, depends_on=there([namespace, policies, priority, external]))
buckets = Buckets("buckets", stack=stack, opts=ResourceOptions(providers=in_store))
gateway = Gateway.of(stack, credentials, opts=after_policies)
certificate = BackendCertificate.of(stack, credentials, opts=after_policies)
authority = ObjectStoreAuthority.of(stack, opts=after_policies)
receivers = ReceiverCredentials.of(stack, credentials, opts=after_policies)

before_pods = there([namespace, policies, priority, external, buckets, certificate, authority, receivers])
backends = deploy_backends(stack, credentials, opts=ResourceOptions(providers=in_cluster, depends_on=before_pods))
served = there([*backends, gateway])
datasources = Datasources(
    "datasources", stack=stack, credentials=credentials, opts=ResourceOptions(providers=in_grafana, depends_on=served)
)

TenantQuotas.of(stack, opts=ResourceOptions(providers=in_cluster))
Clusters.of(stack, credentials, opts=ResourceOptions(providers=in_grafana))
Exposure.of(stack, opts=ResourceOptions(providers=in_cluster, depends_on=there([gateway])))
Collector.of(stack, opts=ResourceOptions(providers=in_cluster, depends_on=served))
Alerts.of(stack, opts=in_namespace)
Scraping.of(stack, opts=in_namespace)
Dashboards.of(stack, datasources, opts=ResourceOptions(providers=in_grafana, depends_on=[datasources]))

outputs.export(stack=stack, buckets=buckets, backends=backends, gateway=gateway, datasources=datasources)
pulumi.run(registrations.begin)
