#!/bin/sh
# Makes .venv from a lock file: stack/bootstrap.sh LOCK STAMP
#
# Needs only a Python of 3.11 to 3.13; PYTHON=/path/to/python chooses one. STAMP is written last, so that
# make repeats an interrupted installation.
set -eu
lock=$1
stamp=$2
venv=.venv
uv_lock=$(dirname "$0")/uv.txt
uv=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' "$uv_lock")

# With this set (some CI images do) every Airflow process compiles all its modules again.
unset PYTHONDONTWRITEBYTECODE

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    seen=$(python3 --version 2>/dev/null || echo "no python3 at all")
    echo "No Python of 3.11, 3.12 or 3.13 found (tried: ${PYTHON:-python3.13 python3.12 python3.11 python3}; seen: $seen)." >&2
    echo "Install one, or name it: make demo PYTHON=/path/to/python3.12" >&2
    exit 1
}

if ! [ -w . ] || { [ -e "$venv" ] && ! [ -w "$venv" ]; }; then
    echo "$(pwd) cannot be written: the environment and the stack's data are kept in it." >&2
    echo "Make it writable for you, or copy the project to a folder that is." >&2
    exit 1
fi

# An interrupted start can leave an environment whose Python works and whose pip is missing.
if ! supported "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "This Python cannot make virtual environments; on Debian and Ubuntu install python3-venv." >&2
        exit 1
    fi
fi

have=$("$venv/bin/python" -m uv --version 2>/dev/null || true)
case $have in
    "uv $uv"*) ;;
    *) "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$uv_lock" ;;
esac

# uv does not read pip's variables; somebody who has set an index for pip means this one too.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
fi

# The machine's own certificates, as pip takes them: a company's proxy shows one that only they know.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"

# Runs a command, and says every few seconds that it is still at work.
patiently() {
    (
        seconds=0
        while sleep 3 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
            seconds=$((seconds + 3))
            echo "  still at it after $seconds s"
        done
    ) &
    ticker=$!
    status=0
    "$@" || status=$?
    kill "$ticker"
    return "$status"
}

echo "Installing $lock"
if ! patiently "$venv/bin/python" -m uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock" ||
    ! "$venv/bin/python" -m uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .; then
    echo "The installation failed. If packages come from an index of your own, set UV_DEFAULT_INDEX to it:" >&2
    echo "uv does not read the configuration files of pip. UV_SYSTEM_CERTS=false does without this machine's certificates." >&2
    exit 1
fi
touch "$stamp"
