"""Cases for Pyroscope's alert."""

from tests.sandbox.alerts.case import Case, fires, of, silent

CASES: tuple[Case, ...] = (
    fires("PyroscopeNotScraped", "nobody scrapes it", {'pyroscope_build_info{namespace="elsewhere"}': "1x180"}),
    silent("PyroscopeNotScraped", "it is scraped", {of("pyroscope_build_info"): "1x180"}),
)
