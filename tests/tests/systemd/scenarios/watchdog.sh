#!/bin/bash
# A service that hangs is restarted: the whole process, or the threads that do its work.
. "${0%/*}/prelude.sh"
prepare
set_up '[Service]' 'WatchdogSec=3' 'TimeoutAbortSec=2'
install_services

restarts() { property NRestarts "voice-stack-$1"; } # SERVICE
has_restarted() { [ "$(restarts "$1")" = "$2" ]; }  # SERVICE TIMES

for service in asr tts; do
    kill -STOP "$(main_pid "$service")"
    becomes "$service: a stopped process is replaced by the watchdog" has_restarted "$service" 1
    becomes "$service: ready" is_ready "${!service}"

    python3 "${0%/*}/freeze_threads.py" "$(main_pid "$service")" tokio &
    freezer=$!
    becomes "$service: frozen workers are noticed" says "$service" 'the watchdog is not fed any more'
    becomes "$service: and the process is replaced" has_restarted "$service" 2
    wait "$freezer"
    becomes "$service: ready again" is_ready "${!service}"
    holds "$service: serves" serves "$service"
done
