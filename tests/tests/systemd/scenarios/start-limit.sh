#!/bin/bash
# Three crashes in a row are enough: the unit says so, and comes back when it is told to.
. "${0%/*}/prelude.sh"
prepare
install_services
systemctl reset-failed voice-stack-tts
systemctl restart voice-stack-tts

crashes=0
while pid=$(main_pid tts) && [ "$pid" != 0 ] && [ $crashes -lt 10 ]; do
    kill -KILL "$pid"
    crashes=$((crashes + 1))
    for _ in $(seq 100); do
        [ "$(main_pid tts)" = "$pid" ] || [ "$(property SubState voice-stack-tts)" = auto-restart ] || break
        sleep 0.1
    done
done
echo "it gave up after $crashes crashes"
holds "after three crashes" test "$crashes" = 3
becomes "the unit has failed" systemctl is-failed --quiet voice-stack-tts
systemctl status --no-pager voice-stack-tts.socket voice-stack-tts.service >"$work/status" || true
sed -n '/Active:/p' "$work/status"
holds "their status says why" grep -q start-limit-hit "$work/status"
holds "the other service goes on" serves asr
systemctl reset-failed voice-stack-tts.service voice-stack-tts.socket
systemctl start voice-stack-tts.socket voice-stack-tts.service
holds "it comes back when it is told to" serves tts
