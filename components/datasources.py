"""The datasources of a stack in the shared Grafana."""

import pulumi
import pulumiverse_grafana as grafana

from components.datasource_config import display_name, mimir_json, tempo_json, uid
from settings.stack import Environment


class Datasources(pulumi.ComponentResource):
    """`Tempo (env)` and `Mimir (env)`, linked to each other by their pinned uids."""

    declared: pulumi.Output[dict[str, dict[str, str]]]
    """Per signal the datasource's `name` and `uid`, known once it exists."""

    def __init__(
        self,
        name: str,
        *,
        environment: Environment,
        tempo_url: str,
        mimir_url: str,
        service_map: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:grafana:Datasources", name, opts=opts)
        mimir = self._datasource("metrics", environment, "prometheus", mimir_url, mimir_json(environment), None)
        # One after the other: Grafana answers concurrent writes with an inconsistent plan (tf-grafana#2376).
        links = tempo_json(environment, service_map=service_map)
        tempo = self._datasource("traces", environment, "tempo", tempo_url, links, mimir)
        self.declared = pulumi.Output.all(
            traces=pulumi.Output.all(name=tempo.name, uid=tempo.uid),
            metrics=pulumi.Output.all(name=mimir.name, uid=mimir.uid),
        ).apply(dict)
        self.register_outputs({"declared": self.declared})

    def _datasource(
        self,
        signal: str,
        environment: Environment,
        kind: str,
        url: str,
        json_data: str,
        after: pulumi.Resource | None,
    ) -> grafana.oss.DataSource:
        return grafana.oss.DataSource(
            uid(signal, environment),
            name=display_name(signal, environment),
            uid=uid(signal, environment),
            type=kind,
            url=url,
            access_mode="proxy",
            json_data_encoded=json_data,
            # A new uid means a new datasource of the same name, which Grafana refuses while the old one is there.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=[after] if after else None),
        )
