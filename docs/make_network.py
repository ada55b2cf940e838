"""Writes docs/network.md from the flows of the three stacks (`python -m docs.make_network --help`)."""

import sys
from pathlib import Path
from string import Template

from docs.page import write
from telemetry.network.diagram import mermaid
from telemetry.network.table import flows_table, neighbours_table
from telemetry.stack.file import load

DOCUMENT = Path(__file__).with_name("network.md")
_STACKS = ("dev", "test", "prod")

_PAGE = Template("""# Network

Who may speak with the stack's pods. This page is made from `telemetry/network/flows.py` and the stacks' files by
`python -m docs.make_network`; a test fails while it is stale. Another test renders the charts of all stacks and asks of
every pair of pods and every port whether the policies let it pass: what is in the table passes, and nothing else.

The program makes a NetworkPolicy for each workload, named like it, and `telemetry-default-deny`, before any pod of
theirs starts. They select the stack's own pods, by `app.kubernetes.io/name` and `/instance`; what others run in the
namespace is left alone. `telemetry:security.network_policies: false` switches them off; every key is in
[settings.md](settings.md#security).

## Flows

Ports are those of the pods, which is what a policy sees, and TCP unless said otherwise. Answers need no flow of their
own, and the kubelet's probes none at all. What goes to Tempo is open for both of its shapes, so that a move between
them cuts nothing off.

$flows

Closed with all the rest: Mimir's alertmanager port 9094, which its chart names and Mimir does not use (alertmanagers
share their state on 9095), and the ports for Jaeger and Zipkin of Tempo's single binary.

## Picture

Prod. Left out, because each pod has it: gossip within a backend, DNS, scraping, and `smoke`.

```mermaid
$picture
```

## Neighbours

Where each stack looks for those who are not of it: namespaces by name, unless said otherwise.

$neighbours

**Before the first `up`**, say where yours are:

- `grafana`, wherever it is not in the stack's namespace; all environments share one, so it is elsewhere for most.
- `clients`: collectors and applications of other namespaces. With a gateway in front, `namespaces: [{}]` (all of the
  cluster) is a fair choice, because it lets in nobody without a credential.
- `ingress`: the ingress controller or router that brings connections from outside, where the gateway has such a way in
  ([tenants.md](tenants.md#from-outside-of-the-cluster)).
- `alert_receivers`: without it no notification leaves the cluster. Of private addresses Mimir calls those alone that
  its `cidrs` name ([tenants.md](tenants.md#what-a-credential-may-do)).
- `object_store`, where `object_store.endpoint` is neither a Service (`name.namespace.svc`) nor an address; a preview
  refuses what it cannot know. Give its `ports` where the pods listen on others than the Service.
- `oidc`, where [`gateway.oidc`](tenants.md#people-by-an-openid-provider) is set: as with `object_store`.
- `api_server`, on plain Kubernetes: `make smoke ON=cluster` goes through the API server's proxy, and a policy keeps
  that out unless its addresses are known (`cidrs`). On OpenShift the host network has a label.
- `dns`, with a cache on each node (NodeLocal DNSCache): it is in the node's network, so no selector of pods finds it.
  With kube-proxy's iptables it answers at the address of the DNS Service too, which then reaches a policy as it is
  ([its README](https://github.com/kubernetes/kubernetes/tree/master/cluster/addons/dns/nodelocaldns)); without that
  address no name is found. Before an `up` the cluster is asked for such a cache, and what is missing is named.

```yaml
  telemetry:security:
    grafana: { namespaces: [{ kubernetes.io/metadata.name: tools }], pods: { app.kubernetes.io/name: grafana } }
    clients: { namespaces: [{ team: payments }, { team: orders }] }
    alert_receivers: { cidrs: [203.0.113.25/32], ports: [443] }
    dns: { namespaces: [{ kubernetes.io/metadata.name: kube-system }], cidrs: [169.254.20.10/32, 10.96.0.10/32] }
```

## When something does not get through

A connection that no policy allows is dropped in silence: it times out. `kubectl get networkpolicy -n <namespace>` shows
what is in force, `kubectl describe networkpolicy <workload>` one workload's rules. That a policy exists does not mean
that it is enforced: that is the network plugin's work (OVN-Kubernetes, Calico and Cilium do it, flannel does not).
""")


def document() -> str:
    """Return the whole page."""
    stacks = {name: load(name) for name in _STACKS}
    return _PAGE.substitute(
        flows=flows_table(stacks), picture=mermaid(stacks["prod"]), neighbours=neighbours_table(stacks)
    )


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_network", __doc__, DOCUMENT, document)


if __name__ == "__main__":
    sys.exit(main())
