# What deploy/demo and Tests/run share: saying what happens, Debian packages, virtual environments, the build.
# Sourced by bash with `set -euo pipefail`; `root` is the repository's directory.

# A terminal that is gone takes nothing, and whoever ends things because of that has to go on.
say() { printf '%s\n' "$*" >&2 || true; }
fail() { say "error: $*"; exit 1; }

# step TEXT COMMAND...: say it, run it with its output kept in $log, and say how long it took.
step() {
    local text=$1 began=$SECONDS
    shift
    printf '  %-58s' "$text" >&2
    # In a process group of its own, so that whoever is interrupted can end all of it; and not as an `if`'s condition,
    # in which bash would go on after a command that failed.
    set -m
    (set -e && "$@") >>"$log" 2>&1 </dev/null 9>&- &
    working=$!
    set +m
    if wait "$working"; then
        working=
        printf '%4d s\n' $((SECONDS - began)) >&2
    else
        working=
        printf 'failed\n' >&2
        tail -n 25 "$log" >&2
        fail "\"$text\" failed; the whole output is in $log"
    fi
}

# Ends what a step is still doing.
stop_working() { [ -z "${working:-}" ] || kill -- "-$working" 2>/dev/null || true; }

# debian PACKAGE...: install what is missing, as root or through sudo.
debian() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || fail "these Debian packages are missing and this user may not install them;" \
            "ask an administrator for: apt-get install --no-install-recommends ${missing[*]}"
        apt=(sudo -n "${apt[@]}")
    fi
    step "apt-get update" "${apt[@]}" -q update
    step "apt-get install ${missing[*]:0:3}$([ ${#missing[@]} -le 3 ] || echo " and $((${#missing[@]} - 3)) more")" \
        "${apt[@]}" -q -y --no-install-recommends install "${missing[@]}"
}

# venv DIRECTORY REQUIREMENT...: a virtual environment of Debian's Python with exactly these, made anew when they change,
# and when the directory was moved: its programs name the interpreter by the path at which they were installed.
venv() {
    local directory=$1
    shift
    [ "$(cat "$directory/made-from" 2>/dev/null)" = "$*" ] && [ -x "$directory/bin/python" ] &&
        grep -qsF "$directory/bin/python" "$directory/bin/pip" && return 0
    rm -rf "$directory"
    /usr/bin/python3 -m venv "$directory"
    "$directory/bin/pip" install --quiet --disable-pip-version-check "$@"
    printf '%s' "$*" >"$directory/made-from"
}

# The packages that building needs.
build_packages=(libc6-dev libstdc++-12-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev libjwt-dev pkg-config git
    ca-certificates)

has_swift() {
    command -v swift >/dev/null || fail "swift is not on the PATH; Orrery needs Swift 6.3 (https://www.swift.org/install/linux)"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p') ||
        fail "\"swift --version\" fails; Orrery needs a working Swift 6.3 (https://www.swift.org/install/linux)"
    [ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" = 6.3 ] || fail "Swift $version is too old; Orrery needs 6.3"
}

# port_is_free PORT [ADDRESS]
port_is_free() { ! (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; }
