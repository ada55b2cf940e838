"""The gateway's own answers: that it runs, that it can serve, and whether it has loaded what is mounted.

All of it is nginx's own answer, from the configuration that it has loaded and by the resolver that requests need, so it
holds on whatever port these locations are.
"""

from telemetry.gateway.text import Text

LOADED_METRIC = "telemetry_gateway_configuration_loaded"
"""1 while nginx has loaded the files that are mounted, else 0."""


# A name is resolved only on the way to somewhere: so a connection is tried that leads to nothing, in a protocol that
# nobody speaks there. nginx answers 502 or 504 either way, and has an address only if there is one. What it says of the
# connection is not written.
_LOCATIONS = Text(
    """\
location = /live {
    default_type text/plain;
    return 200 "alive\\n";
}
location = /ready {
    set $known_name "@@{known_name}";
    resolver_timeout 3s;
    fastcgi_connect_timeout 1ms;
    fastcgi_read_timeout 1s;
    fastcgi_next_upstream off;
    error_log stderr emerg;
    error_page 502 504 = @resolved;
    fastcgi_pass $known_name:1;
}
location @resolved {
    default_type text/plain;
    if ($upstream_addr = "") { rewrite ^ /unresolved last; }
    return 200 "ready\\n";
}
location = /unresolved {
    internal;
    default_type text/plain;
    access_log /dev/stdout access;
    return 503 "names cannot be resolved: @@{known_name}\\n";
}
location = /metrics {
    default_type "text/plain; version=0.0.4";
    include @@{state}/generation.conf;
    set $loaded 0;
    if (-f @@{state}/now-$generation) { set $loaded 1; }
    return 200 "# TYPE @@{metric} gauge\\n@@{metric} $loaded\\n";
}"""
)


def health_locations(*, state: str, known_name: str) -> str:
    """Return the locations of the health listener.

    Args:
        state: the directory that watch.sh writes to.
        known_name: a name that every cluster has.
    """
    return _LOCATIONS.fill(state=state, known_name=known_name, metric=LOADED_METRIC)
