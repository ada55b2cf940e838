#!/bin/sh
# Runs nginx, reloads it when a mounted file changes, and drains it at the end. For dash and busybox.
#
# Kubernetes changes mounted files in place, so new tenants, tokens and certificates restart no pod. What nginx refuses
# is not loaded: the configuration before it stays. Durations are in seconds.
set -u
umask 077
export LC_ALL=C TZ=UTC # earlier.py compares with UTC; nginx.conf cannot set it

root=${GATEWAY_ROOT:-/etc/gateway}
scratch=${GATEWAY_SCRATCH:-/tmp}
nginx=${GATEWAY_NGINX:-nginx}
interval=${GATEWAY_INTERVAL:-5}
drain=${GATEWAY_DRAIN:-5}
longest_token=1900 # tenant_maps.py: what fits into a map's bucket

say() {
    printf 'watch.sh: %s\n' "$1" >&2
}

become_nginx() { # in place of the shell that calls it
    exec "$nginx" -e stderr -p "$scratch" -c "$root/config/nginx.conf" "$@"
}

fingerprint() { # of all mounted files; kubelet's own have a dot in front
    sha256sum "$root"/*/* "$root"/existing/*/token 2>/dev/null | sha256sum
}

# Tokens that exist already become lines of a map of nginx.conf, `existing.conf`.

is_token() { # b64token of RFC 6750
    case $1 in
    '' | =* | *[!A-Za-z0-9._~+/=-]* | *=[!=]*) return 1 ;;
    esac
    [ ${#1} -le $longest_token ]
}

list_tokens() { # lines of a token and its tenant; never as arguments, which others can see
    for file in "$root"/existing/*/token; do
        [ -f "$file" ] || continue
        tenant=${file%/token}
        tenant=${tenant##*/}
        token=$(cat "$file")
        if is_token "$token"; then
            printf '%s %s\n' "$token" "$tenant"
        else
            say "tenant $tenant: not a bearer token (RFC 6750) of up to $longest_token characters, so not taken"
        fi
    done
}

write_existing() { # nginx's maps ignore case, so tokens that are alike but for case are not taken either
    list_tokens | awk '
        { key = tolower($1); tokens[key] = $1; tenants[key] = tenants[key] " " $2; count[key]++ }
        END {
            for (key in count) {
                if (count[key] > 1) {
                    print "watch.sh: tenants" tenants[key] ": the same token, so not taken" > "/dev/stderr"
                } else {
                    printf "\"\\\\%s\" \"%s\\t%s\\n\";\n", tokens[key], tokens[key], substr(tenants[key], 2)
                }
            }
        }' >"$scratch/existing.conf.new" && mv "$scratch/existing.conf.new" "$scratch/existing.conf"
}

accepts() { # whether nginx takes the files as they are; why not is in check.log
    (become_nginx -t -q) 2>"$scratch/check.log"
}

say_why() { # nginx quotes what it trips over, which in these files may be a token
    say "$1"
    sed -e '/in [^ ]*tenants\.conf:/s/"[^"]*"/"..."/g' -e '/in [^ ]*existing\.conf:/s/"[^"]*"/"..."/g' \
        "$scratch/check.log" >&2
}

watch_files() {
    refused=
    while sleep "$interval"; do
        seen=$(fingerprint) # before they are read: what changes meanwhile is seen next time
        [ "$seen" = "$applied" ] && continue
        [ "$seen" = "$refused" ] || write_existing
        if accepts; then
            kill -HUP "$master"
            applied=$seen
            say 'files have changed, nginx loads them'
        elif [ "$seen" != "$refused" ]; then
            refused=$seen
            say_why 'files have changed, nginx refuses them and keeps the ones before:'
        fi
    done
}

stop() { # first let the Service forget this pod, then finish what is open
    trap '' TERM INT QUIT
    kill "$watcher"
    sleep "$drain"
    kill -QUIT "$master"
}

trap 'exit 0' TERM INT QUIT # as process 1 we get no signal that we do not ask for
applied=$(fingerprint)
write_existing
if ! accepts; then
    say_why 'nginx refuses its configuration:'
    exit 1
fi
become_nginx &
master=$!
watch_files &
watcher=$!
trap stop TERM INT QUIT

while :; do # a signal ends the wait as well
    wait "$master"
    status=$?
    kill -0 "$master" 2>/dev/null || break
done
kill "$watcher" 2>/dev/null
exit "$status"
