# shellcheck shell=bash
# What the scenarios share. They run as root where a systemd runs, in the checkout, with
# BINARIES (where cargo put them) and MODELS (a directory of models) in the environment.
set -euo pipefail
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# shellcheck disable=SC2034 # some scenarios do without, or say ${!service}
asr=http://127.0.0.1:5001
# shellcheck disable=SC2034
tts=http://127.0.0.1:5002
# Not in /tmp: a system that has just been booted clears that.
work=$(mktemp --directory /run/voice-stack-test.XXXXXX)
# Mounts that a unit's start makes must reach systemd, or there are no credentials. It takes
# care of that itself, but not where it believes to be in a container.
mount --make-rshared /
drop_in=/etc/systemd/system/voice-stack-.service.d/90-test.conf

# The models are copied, never fetched, and never where the tests' own are: purging deletes them.
prepare() { # [with_grace]
    mkdir -p /var/lib/voice-stack
    cp -r "$MODELS" /var/lib/voice-stack/models
    # Of a machine that has more to do than this test.
    set_up '[Service]' 'Environment=VOICE_TTS_TIMEOUT=60 TOTAL_REQUEST_TIMEOUT=90'
    # For load balancers; here it only takes time.
    [ "${1:-}" = with_grace ] || set_up '[Service]' 'Environment=DRAIN_GRACE_SECONDS=0'
}

install_services() { # FLAG…
    ./scripts/install --binaries "$BINARIES" --no-models "$@" >"$work/log" 2>&1 ||
        { cat "$work/log" && broken "installation"; }
}

# More lines for the drop-in of all services.
set_up() { # LINE…
    mkdir -p "${drop_in%/*}"
    printf '%s\n' "$@" >>"$drop_in"
    systemctl daemon-reload
}

# Leaves the system as it was found: it may be a real one.
clean_up() {
    local status=$?
    set +e
    if [ $status != 0 ]; then
        systemctl --no-pager --full status 'voice-stack-*'
        journalctl --no-pager --lines=60
    fi
    dpkg --purge voice-stack-{asr,tts,gateway,common} >"$work/log" 2>&1
    ./scripts/uninstall --purge >"$work/log" 2>&1 </dev/null
    rm -rf /etc/systemd/system/voice-stack-*.d
    systemctl daemon-reload
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT

broken() { # WHAT
    echo "BROKEN: $*"
    exit 1
}

# A promise: the command succeeds.
holds() { # WHAT COMMAND…
    local what=$1
    shift
    "$@" || broken "$what"
    echo "holds: $what"
}

# The command succeeds sooner or later.
becomes() { # WHAT COMMAND…
    local what=$1
    shift
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then
            echo "holds: $what"
            return
        fi
        sleep 0.1
    done
    "$@" || broken "$what"
}

is_ready() { curl --silent --fail --max-time 2 --output /dev/null "$1/health/ready"; }
property() { systemctl show --property="$1" --value "$2"; } # NAME UNIT
main_pid() { property MainPID "voice-stack-$1"; }           # SERVICE
serves() { /usr/local/lib/voice-stack/smoke-test "$@"; }
says() { journalctl --no-pager --unit="voice-stack-$1" | grep --quiet -- "$2"; } # SERVICE TEXT
