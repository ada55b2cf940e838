"""Dashboards as the JSON that Grafana reads, by Grafana's own foundation SDK.

The text is in the form in which the Terraform Grafana provider keeps it: no ids of Grafana's, sorted keys, and the
escapes of Go's JSON (internal/resources/grafana/resource_dashboard.go). So what was sent is what is compared.
"""

import json
from typing import Any

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    VariableOption,
)

from telemetry.spec.panels import Dashboard, Kind, Panel, Query, Variable

TAG = "telemetry"
_HEIGHT = 8
_LEAST_INTERVAL = "1m"
"""How far apart points are at least. `$__rate_interval` follows from it: four scrapes that are a minute apart."""
_ALL = "$__all"
_GREEN, _RED = "green", "red"
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_PANELS: dict[Kind, type[timeseries.Panel | stat.Panel]] = {"timeseries": timeseries.Panel, "stat": stat.Panel}


def rendered(dashboard: Dashboard, *, uid: str, environment: str, datasource: str) -> str:
    """Return a dashboard's JSON.

    Args:
        dashboard: what it shows.
        uid: what Grafana is to call it.
        environment: whose platform it shows; in its title and its tags.
        datasource: uid of a Prometheus datasource.
    """
    source = DataSourceRef(type_val="prometheus", uid=datasource)
    builder = (
        sdk.Dashboard(f"{dashboard.title} ({environment})")
        .uid(uid)
        .description(dashboard.description)
        .tags([TAG, environment])
        .readonly()  # what is changed by hand is gone after the next `up`
        .time("now-6h", "now")
        .timezone("browser")
        .refresh("1m")
        .link(_link(environment))
    )
    for variable in dashboard.variables:
        builder.with_variable(_variable(variable))
    for row in dashboard.rows:
        builder.with_row(sdk.Row(row.title))
        for panel in row.panels:
            builder.with_panel(_panel(panel, source))
    return text_of(json.loads(json.dumps(builder.build(), cls=JSONEncoder)))


def _link(environment: str) -> sdk.DashboardLink:
    """Return the menu of an environment's dashboards."""
    menu = sdk.DashboardLink("Telemetry").tags([TAG, environment]).as_dropdown(as_dropdown=True)
    return menu.keep_time(keep_time=True)


def _variable(variable: Variable) -> sdk.CustomVariable:
    builder = sdk.CustomVariable(variable.name).label(variable.label).values(",".join(variable.values))
    if not variable.several:
        return builder.current(VariableOption(selected=True, text=variable.values[0], value=variable.values[0]))
    every = VariableOption(selected=True, text=["All"], value=[_ALL])
    return builder.multi(multi=True).include_all(include_all=True).current(every)


def _panel(panel: Panel, source: DataSourceRef) -> Any:
    builder = _PANELS[panel.kind]().title(panel.title).description(panel.description).unit(panel.unit)
    builder.datasource(source).span(panel.width).height(_HEIGHT).thresholds(_thresholds(panel))
    for number, query in enumerate(panel.queries):
        builder.with_target(_target(query, chr(ord("A") + number), source, once=panel.kind != "timeseries"))
    if isinstance(builder, timeseries.Panel):
        shown = common.VizLegendOptions().show_legend(show_legend=True)
        builder.legend(shown.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
        builder.fill_opacity(10).color_scheme(sdk.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        if panel.bad_above is not None or panel.bad_below is not None:
            builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
        return builder
    return builder.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _thresholds(panel: Panel) -> sdk.ThresholdsConfig:
    below, above = panel.bad_below, panel.bad_above
    steps = [Threshold(color=_GREEN if below is None else _RED)]
    if below is not None:
        steps.append(Threshold(value=below, color=_GREEN))
    if above is not None:
        steps.append(Threshold(value=above, color=_RED))
    return sdk.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _target(query: Query, ref: str, source: DataSourceRef, *, once: bool) -> prometheus.Dataquery:
    """Return a query; where one value is shown it is asked for once: over 30 days, at each step, would be costly."""
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref)
    target = target.instant() if once else target.range()
    return target.interval(_LEAST_INTERVAL).datasource(source)


def text_of(model: dict[str, Any]) -> str:
    """Return a dashboard in the form in which it is kept."""
    for panel in model.get("panels", ()):
        panel.pop("id", None)
    for key in ("id", "version"):
        model.pop(key, None)
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text
