"""The datasources of a stack in the shared Grafana."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumiverse_grafana as grafana

from telemetry.config.credentials import Credentials
from telemetry.gateway import access
from telemetry.gateway.addresses import query_urls
from telemetry.grafana.datasources import Datasource, datasources_of
from telemetry.grafana.views import View, unseen, views
from telemetry.spec.datasource import ALERTS
from telemetry.stack import Stack

Made = dict[str, grafana.oss.DataSource]
"""A view's datasources by signal, and its Alertmanager."""
_NAMED = 5
"""How many tenants a message names."""


class Datasources(pulumi.ComponentResource):
    """One for each backend, and an Alertmanager where somebody is told of alerts; and such a set for each tenant.

    They are linked by their uids.
    """

    declared: pulumi.Output[dict[str, dict[str, str]]]
    """Per signal the `name` and `uid` of the environment's datasource, such as `Mimir (prod)`, known once it exists.

    Empty where there are several tenants, nobody may read all of them, and none of them is the platform's own.
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
        readers, authority = access.of_readers(stack, key), access.authority_of(stack, key, previous)
        shown = views(stack, credentials=readers, federation=access.of_federation(stack, key))
        found = datasources_of(stack, shown, urls=query_urls(stack), authority=authority)
        made = [self._made(each) for each in found]
        self.declared = _declared(shown, made)
        self.tenants = _tenants(shown, found, made)
        self.unseen = unseen(stack, readers)
        self._tell(self.unseen, of_environment=any(view.tenant is None for view in shown))
        self.register_outputs({"declared": self.declared, "tenants": self.tenants, "unseen": self.unseen})

    def _made(self, datasources: Mapping[str, Datasource]) -> Made:
        """Make a view's datasources one after the other; views wait for nobody else's.

        An inconsistent plan when many are written at once (grafana/terraform-provider-grafana#2376) is Terraform's own
        comparison, which Pulumi does without. A chain through all of them is not to be had: at each link the SDK walks
        whatever is before it, which took minutes for 300 tenants and was too deep for 500.
        """
        made: Made = {}
        for signal, each in datasources.items():
            made[signal] = self._datasource(each, after=list(made.values())[-1:])
        return made

    def _datasource(self, datasource: Datasource, *, after: Sequence[pulumi.Resource]) -> grafana.oss.DataSource:
        return grafana.oss.DataSource(
            datasource.uid,
            name=datasource.name,
            uid=datasource.uid,
            type=datasource.kind,
            url=datasource.url,
            access_mode="proxy",
            org_id=None if datasource.org is None else str(datasource.org),
            json_data_encoded=datasource.json_data,
            secure_json_data_encoded=pulumi.Output.secret(datasource.secure_json_data)
            if datasource.secure_json_data
            else None,
            http_headers=_secret(datasource.headers) if datasource.headers else None,
            # A new uid means a new datasource of the same name, which Grafana refuses while the old one is there.
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                depends_on=after,
                aliases=[pulumi.Alias(name=datasource.earlier_uid)] if datasource.earlier_uid else None,
            ),
        )

    def _tell(self, unseen: Sequence[str], *, of_environment: bool) -> None:
        if not of_environment:
            pulumi.log.info(
                "no datasources of the environment itself: nobody reads all tenants (gateway.federation), and no "
                "tenant that we know the credential of is the only one or the platform's own (monitoring.tenant)",
                self,
            )
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
    """Return the environment's set; it is the last."""
    if not shown or shown[-1].tenant is not None:
        return pulumi.Output.from_input({})
    last = {
        signal: pulumi.Output.all(name=each.name, uid=each.uid) for signal, each in made[-1].items() if signal != ALERTS
    }
    return pulumi.Output.all(**last).apply(dict)


def _tenants(
    shown: Sequence[View], found: Sequence[Mapping[str, Datasource]], made: Sequence[Made]
) -> pulumi.Output[dict[str, dict[str, dict[str, str]]]]:
    """Return tenants' datasources once the last of each is there."""
    declared = {
        view.tenant: {signal: {"name": each.name, "uid": each.uid} for signal, each in of.items() if signal != ALERTS}
        for view, of in zip(shown, found, strict=True)
        if view.tenant is not None
    }
    return pulumi.Output.all(*(list(of.values())[-1].uid for of in made)).apply(lambda _: declared)
