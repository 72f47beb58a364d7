#!/bin/bash
# A service that is killed under load is back at once, and its socket refuses nobody.
. "${0%/*}/prelude.sh"
prepare
install_services

none_refused() { [ -s "$work/probes" ] && ! grep -q '^7$' "$work/probes"; }

computes() { curl --silent "$1/health/detailed" | grep --quiet '"active":[1-9]'; } # ADDRESS

for service in asr tts; do
    address=${!service}
    # A new connection every time, as clients make that know nothing of each other.
    probe() {
        while [ ! -e "$work/enough" ]; do
            curl --silent --show-error --max-time 30 --output /dev/null --write-out '%{exitcode}\n' \
                "$address/health" 2>/dev/null || true
            sleep 0.02
        done >>"$work/probes"
    }
    rm -f "$work/probes" "$work/enough"
    voice-stack-load http --service "$service" "--$service-host" "$address" --workers 6 --duration 6 \
        --built-in >/dev/null 2>&1 &
    load=$!
    for _ in 1 2 3 4; do probe & done
    becomes "$service: work is under way" computes "$address"
    before=$(main_pid "$service")
    kill -KILL "$before"
    killed=$(date +%s%N)
    becomes "$service: ready after kill -9" is_ready "$address"
    echo "$service: ready again after $((($(date +%s%N) - killed) / 1000000)) ms"
    wait "$load" || true
    touch "$work/enough"
    wait
    holds "$service: it was restarted by systemd" test "$before" != "$(main_pid "$service")" -a "$(property NRestarts "voice-stack-$service")" = 1
    echo "$service: $(wc -l <"$work/probes") probes: $(sort "$work/probes" | uniq -c | xargs) (how many of each of curl's codes: 0 answered, 52 and 56 cut off, 7 refused)"
    holds "$service: no connection was refused" none_refused
    holds "$service: serves" serves "$service"
done
