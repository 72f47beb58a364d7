#!/bin/bash
# install → update → uninstall leaves the system as it was; what fails is rolled back.
. "${0%/*}/prelude.sh"

# Names, owners and modes of all that an installation could touch.
snapshot() {
    find /etc /usr/local /var/lib /var/cache -xdev \
        -not -path '/var/lib/systemd/*' -not -path '/var/lib/private*' -not -path /var/lib \
        -not -path /var/cache -not -path /etc \
        -not -name '*-' -not -name '.pwd.lock' -not -name '.updated' \
        -printf '%M %u %g %p\n' | sort
    cut -d: -f1 /etc/passwd /etc/group
}

# Says how far, too.
is_exposed_up_to() { # TENTHS FLAG-OR-UNIT…
    systemd-analyze security --no-pager --threshold "$@" >"$work/exposure"
    local status=$?
    tail -1 "$work/exposure"
    return $status
}

snapshot >"$work/before"
prepare
umask 077
holds "a dry run says what it would do" \
    grep -q 'would run: systemctl --quiet enable voice-stack-asr.socket' <(./scripts/install --dry-run --binaries "$BINARIES")
holds "and does nothing" test ! -e /usr/local/bin/voice-stack-asr

./scripts/install asr --binaries "$BINARIES" --no-models </dev/null
holds "one service alone is installed" test ! -e /usr/local/bin/voice-stack-tts
install_services
holds "all serve" serves asr tts gateway
holds "all start with the system" systemctl is-enabled --quiet voice-stack-{asr,tts,gateway}.{service,socket}
holds "the units are right" systemd-analyze verify --man=no voice-stack-{asr,tts,gateway}.{service,socket}
for service in asr tts; do
    unit=/usr/local/lib/systemd/system/voice-stack-$service.service
    holds "$service: exposure of 0.5 or less" is_exposed_up_to 5 --offline=true "$unit"
done
holds "gateway, which asks others: 1.5 or less" is_exposed_up_to 15 voice-stack-gateway.service
for service in asr tts; do
    folder=/etc/systemd/system/voice-stack-$service.service.d
    install -D --mode=644 systemd/drop-ins/cuda.conf "$folder/cuda.conf"
    systemctl daemon-reload
    holds "$service: 2.0 or less with CUDA" is_exposed_up_to 20 "voice-stack-$service.service"
    systemctl restart "voice-stack-$service"
    holds "$service: serves with the CUDA drop-in, on its CPU" serves "$service"
    rm -r "$folder"
done
systemctl daemon-reload

pid=$(main_pid asr)
install_services
holds "installing again is an update" test "$pid" != "$(main_pid asr)"
holds "unedited settings are the shipped ones" cmp -s /etc/voice-stack/.env systemd/voice-stack.env
echo 'MAX_QUEUE=7' >>/etc/voice-stack/.env
./scripts/update --binaries "$BINARIES" --no-models </dev/null
holds "edited settings stay" grep -q '^MAX_QUEUE=7$' /etc/voice-stack/.env
holds "and are used" grep -q '"MAX_QUEUE":7\|"max_queue":7\|"limit":7' <(curl -s $asr/health/detailed)

systemctl stop voice-stack-tts.{socket,service}
./scripts/update --binaries "$BINARIES" --no-models </dev/null
holds "what was stopped stays so" test "$(property ActiveState voice-stack-tts.service)" = inactive
systemctl start voice-stack-tts.{socket,service}

bad=$(mktemp --directory)
cp "$BINARIES"/voice-stack-{models,load,tts,gateway} "$bad"
printf '#!/bin/sh\nexit 1\n' >"$bad/voice-stack-asr"
chmod -R a+rx "$bad"
if ./scripts/update --binaries "$bad" --no-models >"$work/update.log" 2>&1 </dev/null; then
    broken "an update to a service that does not start is reported as good"
fi
holds "a failed update says so" grep -q 'going back' "$work/update.log"
holds "and what was there before serves" serves asr tts gateway
rm -r "$bad"

root=$(mktemp --directory)
./scripts/install --root "$root" --binaries "$BINARIES" --no-models </dev/null
holds "an installation into another root has the user" grep -q '^voice-stack:' "$root/etc/passwd"
holds "and starts with that system" test -L "$root/etc/systemd/system/sockets.target.wants/voice-stack-asr.socket"
./scripts/uninstall --purge --root "$root" </dev/null
holds "and leaves nothing" test -z "$(find "$root" -name '*voice-stack*')"

./scripts/uninstall </dev/null
holds "settings and models outlive the services" test -e /etc/voice-stack/.env -a -e /var/lib/voice-stack/models
install_services
holds "and are used again" grep -q '^MAX_QUEUE=7$' /etc/voice-stack/.env
rm -rf "${drop_in%/*}"
./scripts/uninstall --purge </dev/null
rm -rf "$root"
snapshot >"$work/after"
holds "the system is as it was" diff --unified=0 "$work/before" "$work/after"
