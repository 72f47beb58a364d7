# Sourced by the benchmarks' scripts: the Python that runs them, and what is alike before.

# The driver's own messages go to standard error too: standard output is the report.
say() { printf '== %s\n' "$*" >&2; }

# bench_venv NAME: target/bench-NAME-venv with bench/NAME/requirements.txt in it; sets `venv`.
bench_venv() {
    local requirements="bench/$1/requirements.txt"
    venv="target/bench-$1-venv"
    if ! cmp --silent "$requirements" "$venv/requirements.txt"; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
        cp "$requirements" "$venv/requirements.txt"
    fi
}

# bench_run NAME [OPTION...]: runs the driver of that benchmark instead of this shell.
bench_run() {
    local name=$1
    shift
    PYTHONPATH="$PWD/bench/common" exec "$venv/bin/python" -B "bench/$name/bench.py" "$@"
}
