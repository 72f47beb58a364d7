# shellcheck shell=bash disable=SC2034,SC2154
# (Names are used by, and come from, who sources this.)
# What install, update and uninstall have in common: what belongs where, and how things are
# put on the system. Sourced with the checkout as the working directory.

# Whoever calls with a stricter mask: services are other users, and must be able to read.
umask 022
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

prefix=/usr/local
documents=$prefix/share/doc/voice-stack-common
settings=/etc/voice-stack/.env
data=(/etc/voice-stack /var/lib/voice-stack /var/cache/voice-stack)
# The gateway last: it asks the others.
all_services=(asr tts gateway)

# Set by flags: another root than /, where the binaries were built, and only telling.
root=
binaries=target/release
dry_run=no

say() { printf '== %s\n' "$*"; }
fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# A directory that was named by the caller, who was elsewhere.
directory() { # PATH
    [ -n "$1" ] || fail "this flag needs a directory"
    (cd "$caller" && realpath --canonicalize-existing "$1")
}

# Does it, or says that it would.
run() {
    if [ "$dry_run" = yes ]; then
        printf 'would run: %s\n' "$*"
    else
        "$@"
    fi
}

# The comment at the head of a script is its help.
usage() { # SCRIPT
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$1"
}

# "MODE SOURCE TARGET" a line, of a service or what they share (common).
files_of() {
    local service=$1 units=$prefix/lib/systemd/system document drop_ins
    if [ "$service" != common ]; then
        cat <<EOF
755 $binaries/voice-stack-$service $prefix/bin/voice-stack-$service
644 systemd/voice-stack-$service.service $units/voice-stack-$service.service
644 systemd/voice-stack-$service.socket $units/voice-stack-$service.socket
EOF
        drop_ins=voice-stack-$service.service.d
        for document in "systemd/$drop_ins"/*.conf; do
            [ ! -e "$document" ] || echo "644 $document $units/$drop_ins/${document##*/}"
        done
        return
    fi
    cat <<EOF
755 $binaries/voice-stack-models $prefix/bin/voice-stack-models
755 $binaries/voice-stack-load $prefix/bin/voice-stack-load
755 systemd/smoke-test $prefix/lib/voice-stack/smoke-test
755 systemd/converse $prefix/lib/voice-stack/converse
644 systemd/voice-stack-.service.d/10-service.conf $units/voice-stack-.service.d/10-service.conf
644 systemd/voice-stack.sysusers $prefix/lib/sysusers.d/voice-stack.conf
644 systemd/voice-stack.tmpfiles $prefix/lib/tmpfiles.d/voice-stack.conf
644 systemd/voice-stack.env $documents/voice-stack.env
EOF
    for document in docs/*.md; do
        echo "644 $document $documents/${document##*/}"
    done
    for document in systemd/drop-ins/*; do
        echo "644 $document $documents/drop-ins/${document##*/}"
    done
}

targets_of() { # SERVICE…
    local service
    for service in "$@"; do
        files_of "$service" | cut -d' ' -f3
    done
}

remove_files() { # GROUP…
    local target directory
    for target in $(targets_of "$@"); do
        [ ! -e "$root$target" ] || run rm -f "$root$target"
        # Directories of our own, once they are empty.
        directory=$root${target%/*}
        while [[ ${directory#"$root$prefix"} == *voice-stack* ]] && [ "$dry_run" = no ]; do
            rmdir "$directory" 2>/dev/null || break
            directory=${directory%/*}
        done
    done
}

is_installed() { # SERVICE
    [ -e "$root$prefix/bin/voice-stack-$1" ]
}

is_any_installed() {
    local service
    for service in "${all_services[@]}"; do
        ! is_installed "$service" || return 0
    done
    return 1
}

# A systemd that runs and manages the root that is installed to.
is_system_running() {
    [ -z "$root" ] && [ -d /run/systemd/system ]
}

# Goes on as root, with the same arguments and what was found out so far.
become_root() { # SCRIPT ARGUMENT…
    [ "$(id -u)" = 0 ] || [ "$dry_run" = yes ] && return
    command -v sudo >/dev/null || fail "this needs root: run it again as root"
    local sudo=(sudo)
    [ -t 0 ] || sudo+=(--non-interactive)
    # What the arguments name is named from there.
    cd "$caller" || exit
    exec "${sudo[@]}" -- "$@"
}

# Sets `services` to those of these names, all of them without a name.
name_services() { # NAME…
    local name service
    local -A wanted=()
    for name in "${@:-all}"; do
        case $name in
        asr | tts | gateway) wanted[$name]=yes ;;
        both) wanted[asr]=yes wanted[tts]=yes ;;
        all) for service in "${all_services[@]}"; do wanted[$service]=yes; done ;;
        *) fail "'$name' is none of asr, tts, gateway, both, all (--help tells more)" ;;
        esac
    done
    services=()
    for service in "${all_services[@]}"; do
        [ -z "${wanted[$service]:-}" ] || services+=("$service")
    done
}

systemctl_here() {
    run systemctl ${root:+--root="$root"} "$@"
}
