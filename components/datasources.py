"""The datasources of a stack in the shared Grafana."""

from collections.abc import Mapping, Sequence
from functools import partial

import pulumi
import pulumiverse_grafana as grafana

from telemetry.config.credentials import Credentials
from telemetry.gateway import access
from telemetry.gateway.addresses import query_urls
from telemetry.grafana.datasources import Datasource, View, datasources_of, unseen, views
from telemetry.stack import Stack

Made = dict[str, grafana.oss.DataSource]
"""A view's datasources by signal."""
_NAMED = 5
"""How many tenants a message names."""


class Datasources(pulumi.ComponentResource):
    """`Tempo (env)`, `Mimir (env)` and so on, or such a set for each tenant and one for all, linked by their uids."""

    declared: pulumi.Output[dict[str, dict[str, str]]]
    """Per signal the `name` and `uid` of the datasource that shows everything, known once it exists.

    Empty where there are tenants and nobody may read all of them.
    """
    tenants: pulumi.Output[dict[str, dict[str, dict[str, str]]]]
    """By tenant id and signal the `name` and `uid` of a tenant's datasource, known once all exist."""
    unseen: list[str]
    """Ids of tenants without datasources, because the program does not know the credential that they come with."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        credentials: Credentials,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:grafana:Datasources", name, opts=opts)
        key, previous = credentials.gateway_key, credentials.previous_gateway_key
        readers = access.of_readers(stack, key)
        shown = views(stack, credentials=readers, federation=access.of_federation(stack, key))
        addressed = partial(
            datasources_of,
            urls=query_urls(stack),
            service_map=stack.traces.makes("service-graphs"),
            span_metrics=stack.traces.makes("span-metrics"),
            authority=access.authority_of(stack, key, previous),
        )
        made = [self._made(addressed(view)) for view in shown]
        self.declared = _declared(shown, made)
        self.tenants = _tenants(shown, made)
        self.unseen = unseen(stack, readers)
        self._tell(self.unseen)
        self.register_outputs({"declared": self.declared, "tenants": self.tenants, "unseen": self.unseen})

    def _made(self, wanted: Mapping[str, Datasource]) -> Made:
        """Make a view's datasources one after the other; views wait for nobody else's.

        tf-grafana#2376, an inconsistent plan when many are written at once, is Terraform's own comparison, which Pulumi
        does without. A chain through all of them is not to be had: at each link the SDK walks whatever is before it,
        which took minutes for 300 tenants and was too deep for 500.
        """
        made: Made = {}
        for signal, each in wanted.items():
            made[signal] = self._datasource(each, after=list(made.values())[-1:])
        return made

    def _datasource(self, wanted: Datasource, *, after: Sequence[pulumi.Resource]) -> grafana.oss.DataSource:
        return grafana.oss.DataSource(
            wanted.uid,
            name=wanted.name,
            uid=wanted.uid,
            type=wanted.kind,
            url=wanted.url,
            access_mode="proxy",
            org_id=None if wanted.org is None else str(wanted.org),
            json_data_encoded=wanted.json_data,
            secure_json_data_encoded=pulumi.Output.secret(wanted.secure_json_data) if wanted.secure_json_data else None,
            http_headers=_secret(wanted.headers) if wanted.headers else None,
            # A new uid means a new datasource of the same name, which Grafana refuses while the old one is there.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=after),
        )

    def _tell(self, unseen: Sequence[str]) -> None:
        if unseen:
            more = f" and {len(unseen) - _NAMED} more" if len(unseen) > _NAMED else ""
            pulumi.log.info(
                f"no datasources for {', '.join(unseen[:_NAMED])}{more}: the gateway knows them by a token or a "
                "certificate that the program does not know",
                self,
            )


def _secret(headers: Mapping[str, str]) -> pulumi.Output[dict[str, str]]:
    """Return headers as one secret: of a mapping the SDK would make an Output for each key, value and level."""
    return pulumi.Output.secret(None).apply(lambda _: dict(headers))


def _declared(shown: Sequence[View], made: Sequence[Made]) -> pulumi.Output[dict[str, dict[str, str]]]:
    """Return the set that shows everything; it is the last."""
    if not shown or shown[-1].tenant is not None:
        return pulumi.Output.from_input({})
    last = {signal: pulumi.Output.all(name=each.name, uid=each.uid) for signal, each in made[-1].items()}
    return pulumi.Output.all(**last).apply(dict)


def _tenants(shown: Sequence[View], made: Sequence[Made]) -> pulumi.Output[dict[str, dict[str, dict[str, str]]]]:
    """Return tenants' datasources once the last of each is there."""
    declared = {
        view.tenant: {signal: {"name": view.name(signal), "uid": view.uid(signal)} for signal in of}
        for view, of in zip(shown, made, strict=True)
        if view.tenant is not None
    }
    return pulumi.Output.all(*(list(of.values())[-1].uid for of in made)).apply(lambda _: declared)
