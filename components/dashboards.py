"""The platform's dashboards in the shared Grafana, in a folder for each environment."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import pulumi
import pulumiverse_grafana as grafana

from components.datasources import Datasources
from telemetry.config.dashboards import Dashboards as Wanted
from telemetry.grafana.dashboards import packs
from telemetry.grafana.dashboards.dashboards import documents_of, folder_uid
from telemetry.grafana.views import of_platform
from telemetry.stack import Stack


class _Source(NamedTuple):
    uid: str
    org: int | None


class Dashboards(pulumi.ComponentResource):
    """Folders, and dashboards with uids that never change: the program's, and the user's own."""

    folder: str
    """The uid of the folder of the program's own."""
    dashboards: list[str]
    """The dashboards' uids, those of the user's own last."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        settings: Wanted,
        unseen: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make them.

        Args:
            name: the component's name.
            stack: what is shown.
            settings: whom they ask, and what their folder is called.
            unseen: ids of tenants that have no datasource of ours.
            opts: as for every resource.

        Raises:
            pulumi.RunError: the tenant whose datasource they would ask has none.
        """
        super().__init__("telemetry:grafana:Dashboards", name, opts=opts)
        source = _source(stack, settings, unseen)
        org = None if source.org is None else str(source.org)
        own = packs.documents_of(stack, settings)
        common = self._folder(folder_uid(stack), f"{settings.folder} ({stack.environment})", org)
        titles = dict.fromkeys(each.folder for each in own if each.folder is not None)
        apart = {title: self._folder(packs.pack_folder_uid(stack, title), title, org) for title in titles}
        ours = (packs.Document(uid, text, None) for uid, text in documents_of(stack, source.uid).items())
        documents = [*ours, *own]
        for each in documents:
            grafana.oss.Dashboard(
                each.uid,
                config_json=each.text,
                folder=(apart[each.folder] if each.folder is not None else common).uid,
                org_id=org,
                overwrite=True,  # of what a killed run has made: Grafana would refuse a uid that it knows
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.folder = folder_uid(stack)
        self.dashboards = [each.uid for each in documents]
        self.register_outputs({"folder": self.folder, "dashboards": self.dashboards})

    def _folder(self, uid: str, title: str, org: str | None) -> grafana.oss.Folder:
        return grafana.oss.Folder(
            uid,
            uid=uid,
            title=title,
            org_id=org,
            # Grafana deletes what is in a folder with it, and somebody may have put a dashboard there.
            prevent_destroy_if_not_empty=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    @classmethod
    def of(cls, stack: Stack, datasources: Datasources, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the dashboards of a stack; None where nobody asked for them."""
        settings = stack.dashboards
        if settings is None:
            return None
        return cls("dashboards", stack=stack, settings=settings, unseen=datasources.unseen, opts=opts)


def _source(stack: Stack, settings: Wanted, unseen: Sequence[str]) -> _Source:
    """Return the datasource that has the platform's own metrics, and the organisation that it is in."""
    if settings.datasource is not None:
        return _Source(settings.datasource, settings.grafana_org)
    view = of_platform(stack)
    if view.tenant in unseen:
        raise pulumi.RunError(
            f"telemetry:dashboards.datasource: is not set, and the tenant {view.tenant} has no datasource of ours, "
            "because the program does not know its credential; name the uid of the one that it has"
        )
    return _Source(view.uid(stack.backend("metrics").of.name), view.org)
