#!/bin/bash
# The Debian packages: installed, updated, removed and purged, also where no systemd runs.
. "${0%/*}/prelude.sh"
packages=$PWD/target/test-packages
prepare

# This machine's Python may have come another way than from a package.
install_packages() { VOICE_STACK_MODELS=none dpkg --install --force-depends "$packages"/voice-stack-*.deb </dev/null >"$work/dpkg" 2>&1 || { cat "$work/dpkg" && return 1; }; }
# An image for containers forbids its packages to start anything; its copy here may.
if grep --quiet --null-data '^container=sandbox$' /proc/1/environ; then
    rm -f /usr/sbin/policy-rc.d
fi
# Nothing may be asked, and nobody is there.
export DEBIAN_FRONTEND=noninteractive

holds "the packages are installed" install_packages
holds "models are asked for where none are fetched" grep -q 'voice-stack-models pull --for=asr' "$work/dpkg"
holds "all run" systemctl is-active --quiet voice-stack-{asr,tts,gateway}.{service,socket}
holds "and start with the system" systemctl is-enabled --quiet voice-stack-{asr,tts,gateway}.{service,socket}
holds "and serve" /usr/lib/voice-stack/smoke-test asr tts gateway
for service in asr tts gateway; do
    holds "$service: where the unit's documentation is" test -e "$(property Documentation "voice-stack-$service.service" | sed 's|^file://||')"
done

echo 'MAX_QUEUE=7' >>/etc/voice-stack/.env
socket=$(property ActiveEnterTimestampMonotonic voice-stack-asr.socket)
pid=$(main_pid asr)
holds "an update is installed" install_packages
holds "it runs" test "$pid" != "$(main_pid asr)"
holds "its socket was never closed" test "$socket" = "$(property ActiveEnterTimestampMonotonic voice-stack-asr.socket)"
holds "edited settings stay" grep -q '^MAX_QUEUE=7$' /etc/voice-stack/.env

echo 'MAX_QUEUE=many' >>/etc/voice-stack/.env
if VOICE_STACK_MODELS='' dpkg --install --force-depends "$packages"/voice-stack-asr_*.deb </dev/null >"$work/dpkg" 2>&1; then
    broken "an update to a service that does not start is reported as good"
fi
holds "an update after which the service doesn't serve says why" grep -q 'MAX_QUEUE (from .env)' "$work/dpkg"
sed -i '$d' /etc/voice-stack/.env
systemctl reset-failed voice-stack-asr.{service,socket}
holds "and is finished once that is mended" dpkg --configure --force-depends --pending

holds "they are removed" dpkg --remove voice-stack-{asr,tts,gateway,common}
holds "nothing of theirs runs" test -z "$(systemctl list-units --quiet --no-legend --state=active 'voice-stack-*')"
holds "settings and models stay" test -e /etc/voice-stack/.env -a -e /var/lib/voice-stack/models
holds "they are purged" dpkg --purge --force-depends voice-stack-{asr,tts,gateway,common}
rm -rf /etc/systemd/system/voice-stack-*.d
holds "nothing is left" test -z "$(find /etc /lib /usr /var -xdev -name '*voice-stack*' -not -path '*/lib/dpkg/*' 2>/dev/null)"
if getent passwd voice-stack; then broken "the user is left"; fi

# A build root: nothing can be started there.
mv /run/systemd/system /run/systemd/hidden
VOICE_STACK_MODELS=none install_packages && installed=yes
mv /run/systemd/hidden /run/systemd/system
holds "where no systemd runs, they are installed as well" test "${installed:-}" = yes
holds "and will start" test -L /etc/systemd/system/sockets.target.wants/voice-stack-asr.socket
dpkg --purge voice-stack-{asr,tts,gateway,common} >/dev/null
