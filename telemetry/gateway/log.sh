#!/bin/sh
# Runs watch.sh, and passes on what it and nginx say on standard error. For dash and busybox.
#
# nginx quotes whole requests with their queries and Referers, and of files that it refuses the word that it trips over,
# which may be a token. None of that is passed on. Lines are ASCII and bounded; a line in which nginx's quotation does
# not end goes on in the next one.
set -u
export LC_ALL=C

root=${GATEWAY_ROOT:-/etc/gateway}
pipe=${GATEWAY_STATE:-/run/gateway}/errors

is_open() { # whether a text has an odd number of quotes
    rest=$1
    open=1
    while :; do
        case $rest in
        *\"*) rest=${rest#*\"} ;;
        *) return $open ;;
        esac
        open=$((1 - open))
    done
}

request() { # a line about a request: what is wrong, who asks for which path, and whom nginx asked
    what=${1%%, client: *}
    context=${1#*, client: }
    text="${what%%\?*}, client: ${context%%,*}"
    for name in request upstream; do
        value=${context#*, "$name": \"}
        [ "$value" = "$context" ] || text="$text, $name: \"${value%%[?\"]*}\""
    done
}

quotation() { # a line about a configuration: without the words that nginx quotes, but for those of nginx.conf
    text=$1
    case $1 in
    *nginx.conf:[0-9]*) ;;
    *\"*)
        text=${1%%\"*}\"...\"
        is_open "$1" || text=$text${1##*\"}
        ;;
    esac
}

pass_on() {
    goes_on=1
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        [0-9][0-9][0-9][0-9]/[0-9][0-9]/* | 'nginx: ['* | 'watch.sh: '*) goes_on=1 ;; # it begins
        esac
        if [ $goes_on = 0 ]; then
            is_open "$line" && goes_on=1
            continue
        fi
        case $line in
        *', client: '*) request "$line" ;;
        *'[emerg]'* | *'[alert]'* | *'[warn]'*)
            is_open "$line" && goes_on=0
            quotation "$line"
            ;;
        *) text=$line ;;
        esac
        case $text in
        *[!\ -~]*) text=$(printf '%s' "$text" | tr -c ' -~' '?') ;;
        esac
        printf '%.600s\n' "$text" >&2
    done
}

rm -f "$pipe"
mkfifo -m 600 "$pipe" || exit 1
pass_on <"$pipe" &
passing=$!
sh "$root/config/watch.sh" 2>"$pipe" &
watching=$!
trap 'kill -TERM "$watching"' TERM INT QUIT
while :; do # a signal ends the wait as well
    wait "$watching"
    status=$?
    kill -0 "$watching" 2>/dev/null || break
done
trap '' TERM INT QUIT
(sleep 3 && kill "$passing") >/dev/null 2>&1 & # should a process that is left hold the pipe open
late=$!
wait "$passing" 2>/dev/null
kill "$late" 2>/dev/null
exit "$status"
