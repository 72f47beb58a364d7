#!/bin/bash
# A restart under load loses nothing.
. "${0%/*}/prelude.sh"
prepare with_grace
install_services
voice-stack-load validate --service both --only drain --manage 'systemctl restart voice-stack-{service}' >"$work/proof" 2>&1 ||
    { cat "$work/proof" && broken "the drain"; }
cat "$work/proof"
holds "the load tool proves the drain of both" test "$(grep -c 'proven  *drain' "$work/proof")" = 2
for service in asr tts; do
    holds "$service: it ended by itself" test "$(property NRestarts "voice-stack-$service")" = 0
    holds "$service: and in order" says "$service" drained
done
