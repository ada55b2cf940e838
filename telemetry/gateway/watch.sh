#!/bin/sh
# Runs nginx, has it load mounted files that have changed, and drains it at the end. For dash and busybox.
#
# Kubernetes changes mounted files in place, so new tenants, tokens and certificates restart no pod. All of it is done by
# this one process, so there is no pod without it. What nginx has not loaded is tried again at every look; meanwhile the
# configuration before it stays, and /metrics says so. Where the change is about who may do what, that ends: the pod does,
# rather than let in for ever who was shut out. Durations are in seconds.
set -u
umask 077
export LC_ALL=C TZ=UTC # earlier.py compares with UTC; nginx.conf cannot set it

root=${GATEWAY_ROOT:-/etc/gateway}
scratch=${GATEWAY_SCRATCH:-/tmp}
state=${GATEWAY_STATE:-/run/gateway} # in memory: it holds tokens
nginx=${GATEWAY_NGINX:-nginx}
interval=${GATEWAY_INTERVAL:-5}
step=${GATEWAY_STEP:-1}
drain=${GATEWAY_DRAIN:-5}
patience=${GATEWAY_PATIENCE:-600}
reload_steps=${GATEWAY_RELOAD_STEPS:-60}
longest_token=1900 # tenant_maps.py: what fits into a map's bucket
whole='# whole'    # the last line of what we write: without it, something is missing

say() {
    printf 'watch.sh: %s\n' "$1" >&2
}

pause() { # a signal ends it early
    sleep "$1" &
    wait $!
}

now() { # the clock of the machine's uptime, which nobody sets
    read -r uptime _ </proc/uptime
    printf '%s' "${uptime%.*}"
}

become_nginx() { # in place of the shell that calls it
    exec "$nginx" -e stderr -p "$scratch" -c "$root/config/nginx.conf" "$@"
}

digest() {
    sum=$(sha256sum)
    printf '%s' "${sum%% *}"
}

look() { # at all mounted files; kubelet's own have a dot in front
    files=$(sha256sum "$root"/*/* "$root"/existing/*/token 2>/dev/null)
    seen=$(printf '%s\n' "$files" | digest)
    # What servers show says nothing of who may do what.
    rights=$(printf '%s\n' "$files" | sed -e "\\,  $root/tls/,d" -e "\\,  $root/backend-ca/,d" | digest)
}

mark() { # /metrics compares it with the generation that nginx has loaded
    rm -f "$state"/now-*
    printf '' >"$state/now-$seen" && marked=$seen
}

put() { # write a file of ours whole, or leave the one before
    if cat >"$state/$1.new" && [ "$(sed -n '$p' "$state/$1.new")" = "$whole" ]; then
        mv "$state/$1.new" "$state/$1"
    else
        rm -f "$state/$1.new"
        return 1
    fi
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
        token=$(cat "$file") || return
        if is_token "$token"; then
            printf '%s %s\n' "$token" "$tenant"
        else
            say "tenant $tenant: not a bearer token (RFC 6750) of up to $longest_token characters, so not taken"
        fi
    done
    printf '%s\n' "$whole"
}

write_existing() { # nginx's maps ignore case, so tokens that are alike but for case are not taken either
    list_tokens | awk '
        /^#/ { end = $0; next }
        { key = tolower($1); tokens[key] = $1; tenants[key] = tenants[key] " " $2; count[key]++ }
        END {
            for (key in count) {
                if (count[key] > 1) {
                    print "watch.sh: tenants" tenants[key] ": the same token, so not taken" > "/dev/stderr"
                } else {
                    printf "\"\\\\%s\" \"%s\\t%s\\n\";\n", tokens[key], tokens[key], substr(tenants[key], 2)
                }
            }
            print end
        }' | put existing.conf
}

write_generation() {
    printf 'set $generation %s;\n%s\n' "$seen" "$whole" | put generation.conf
}

accepts() { # whether nginx takes the files as they are; why not is in check.log
    (become_nginx -t -q) 2>"$state/check.log"
}

say_why() { # nginx quotes what it trips over, which in these files may be a token
    say "$1"
    sed -e '/in [^ ]*tenants\.conf:/s/"[^"]*"/"..."/g' -e '/in [^ ]*existing\.conf:/s/"[^"]*"/"..."/g' \
        "$state/check.log" >&2
}

reload() { # whether nginx has loaded the files shows in its workers, which then are others; -t does not find everything
    children="/proc/$master/task/$master/children"
    before=" $(cat "$children" 2>/dev/null) "
    [ -r "$children" ] || before=unknown # a kernel that does not tell
    kill -HUP "$master" || return 1
    [ "$before" != unknown ] || return 0
    steps=0
    while [ $steps -lt "$reload_steps" ] && [ -r "$children" ]; do
        pause "$step"
        for worker in $(cat "$children" 2>/dev/null); do
            case $before in *" $worker "*) ;; *) return 0 ;; esac
        done
        steps=$((steps + 1))
    done
    return 1
}

write_ours() {
    write_existing && write_generation && written=$seen
}

was_said() { # whether this has been said of these files
    [ "$told" != "$seen $1" ] || return 0
    told="$seen $1"
    return 1
}

load() { # have nginx load the files as they are; why it does not is said once
    if [ "$written" != "$seen" ]; then
        written=
        if ! write_ours; then
            was_said unwritten || say "files have changed, and what nginx needs of them cannot be written into $state"
            return 1
        fi
    fi
    if ! accepts; then
        was_said refused || say_why 'files have changed, nginx refuses them and keeps the ones before:'
        return 1
    fi
    if ! reload; then
        was_said kept || say 'files have changed, nginx was told and keeps the ones before'
        return 1
    fi
    say 'files have changed, nginx loads them'
}

follow() { # once
    look
    [ "$seen" = "$marked" ] || mark
    if [ "$seen" = "$loaded" ] || load; then
        loaded=$seen loaded_rights=$rights late=
        return
    fi
    if [ "$rights" = "$loaded_rights" ]; then
        late=
    elif [ -z "$late" ]; then
        late=$(now)
    elif [ $(($(now) - late)) -ge "$patience" ]; then
        say "who may do what has changed $patience s ago and is not loaded, so the pod ends"
        end 1
    fi
}

end() { # first let the Service forget this pod, then finish what is open
    trap '' TERM INT QUIT
    sleep "$drain"
    kill -QUIT "$master"
    wait "$master" || exit
    exit "$1"
}

trap 'exit 0' TERM INT QUIT # as process 1 we get no signal that we do not ask for
look
marked='' written='' told='' late=''
if ! write_ours; then
    say "what nginx needs cannot be written into $state"
    exit 1
fi
if ! accepts; then
    say_why 'nginx refuses its configuration:'
    exit 1
fi
mark
loaded=$seen loaded_rights=$rights
become_nginx &
master=$!
trap 'end 0' TERM INT QUIT
while
    pause "$interval"
    kill -0 "$master" 2>/dev/null
do
    follow
done
wait "$master"
