#!/bin/bash
# What an operator sets, and sets wrongly.
. "${0%/*}/prelude.sh"
prepare
install_services

head --bytes=20M /dev/zero >"$work/silence"
holds "an upload that is too large for memory finds its place" test 200 = "$(curl --silent --output /dev/null \
    --write-out '%{http_code}' --form "audio_file=@$work/silence" "$asr/asr?encode=false&output=json")"
holds "and leaves nothing there" test -z "$(ls -A /var/cache/voice-stack/asr)"

echo 'MAX_QUEUE=many' >>/etc/voice-stack/.env
systemctl reset-failed voice-stack-asr
if systemctl restart voice-stack-asr 2>/dev/null; then broken "a wrong setting: the service starts"; fi
systemctl status --no-pager voice-stack-asr >"$work/status" || true
sed -n '/status=78/p;$p' "$work/status"
holds "a wrong setting is named in the status" grep -q "voice-stack-asr: MAX_QUEUE (from .env): 'many' can't be used" "$work/status"
holds "and tried once" test "$(property NRestarts voice-stack-asr)" = 0
holds "the journal knows that it is an error" grep -q MAX_QUEUE <(journalctl --no-pager --unit=voice-stack-asr --priority=err)
sed -i '$d' /etc/voice-stack/.env
systemctl reset-failed voice-stack-asr.{service,socket}
systemctl start voice-stack-asr.socket voice-stack-asr.service
holds "once it is right, the service serves" serves asr
holds "lines of other priorities are no errors" test -z "$(journalctl --quiet --no-pager --unit=voice-stack-tts --priority=warning --grep=listening)"

echo 'ASR_PORT=5003' >>/etc/voice-stack/.env
systemctl restart voice-stack-asr
holds "a port that the socket unit overrules is told of" says asr 'the socket unit says where to listen'

install -D --mode=644 systemd/drop-ins/network.conf /etc/systemd/system/voice-stack-asr.socket.d/network.conf
systemctl daemon-reload
systemctl restart voice-stack-asr.socket voice-stack-asr.service
holds "open to the network: IPv6" is_ready 'http://[::1]:5001'
holds "and IPv4" is_ready http://127.0.0.1:5001
holds "and warns where there are no keys" says asr 'open to the network without API keys'
holds "and serves" serves asr

(umask 077 && printf '# ours\nsecret-of-a-test\n' >/etc/voice-stack/credentials/api-keys)
systemctl restart voice-stack-asr
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@" $asr/v1/models; }
holds "with keys, nobody comes in without" test "$(status)" = 401
holds "nor with another" test "$(status --header 'Authorization: Bearer wrong')" = 401
holds "and whoever has one does" test "$(status --header 'Authorization: Bearer secret-of-a-test')" = 200
holds "probes need none" is_ready $asr
holds "the smoke test finds the key" serves asr
systemctl restart voice-stack-tts voice-stack-gateway
holds "and the gateway has it for the others" serves gateway

cp systemd/drop-ins/probe.socket /etc/systemd/system/voice-stack-asr-probe.socket
mkdir -p /etc/systemd/system/voice-stack-asr.service.d
printf '[Service]\nSockets=voice-stack-asr.socket voice-stack-asr-probe.socket\n' >/etc/systemd/system/voice-stack-asr.service.d/probe.conf
systemctl daemon-reload
systemctl stop voice-stack-asr.{socket,service}
systemctl enable --quiet --now voice-stack-asr-probe.socket
systemctl start voice-stack-asr.{socket,service}
holds "probes have a port of their own" is_ready http://127.0.0.1:5011
holds "with nothing else on it" test 404 = "$(curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:5011/v1/models)"
holds "and the service's own is where it was" is_ready $asr
systemctl disable --quiet --now voice-stack-asr-probe.socket
rm /etc/systemd/system/voice-stack-asr-probe.socket
