# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share: the packages that each of them needs, messages, and building out of tree.

# shellcheck disable=SC2034 # the lists are used by the scripts that source this file
BUILD_PACKAGES=(autoconf automake gcc libc6-dev libcap-ng-dev libconfig-dev libjansson-dev libseccomp-dev libsystemd-dev make
    pkg-config)
TEST_PACKAGES=("${BUILD_PACKAGES[@]}" curl dnsdist dropbear-bin fortunes-min haproxy iproute2 jq keepalived libcriterion-dev
    libnginx-mod-stream monitoring-plugins-basic netbase netcat-openbsd nftables nginx openssl procps prometheus python3
    python3-aiosmtpd python3-jsonschema python3-prometheus-client python3-pytest rdate socat strace systemd tmux wget xinetd)
DEB_PACKAGES=(autoconf automake build-essential debhelper dpkg-dev libcap-ng-dev libconfig-dev libcriterion-dev libjansson-dev
    libseccomp-dev libsystemd-dev locales pkg-config systemd)
FULL_PACKAGES=("${TEST_PACKAGES[@]}" "${DEB_PACKAGES[@]}" bash-completion chromium chromium-driver clang-14 clang-format-14
    fish libclang-rt-14-dev lintian mandoc mmdebstrap shellcheck spin systemd-container util-linux valgrind zsh zstd)

say()
{
    printf '\n==> %s\n' "$*"
}

die()
{
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Says what is wrong with the command line, and exits with 64.
bad_usage()
{
    printf "%s: %s\nTry '%s --help' for more information.\n" "$(basename "$0")" "$*" "$0" >&2
    exit 64
}

# Installs those of the packages named that are missing; servers in them are not started.
install_missing()
{
    local package missing=() as_root=() started=$SECONDS

    command -v dpkg-query >/dev/null || die "this script installs packages on Debian; elsewhere build by hand (README.md)"
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    say "installing ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "these packages are missing, and sudo is not installed; as root, run: scripts/install-packages ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" scripts/install-packages "${missing[@]}" ||
        die "the packages could not be installed; as root, try: scripts/install-packages ${missing[*]}"
    echo "done after $((SECONDS - started)) s"
}

# Makes configure, if it is not there or older than what it is made from.
make_configure()
{
    if [ ! -e configure ] || [ ! -e Makefile.in ] || [ -n "$(find configure.ac Makefile.am m4 -newer configure)" ]; then
        autoreconf --install --force
    fi
}

# build DIRECTORY [configure's arguments]: builds there, of the sources in the current directory.
build()
{
    local directory=$1 top=$PWD

    shift
    mkdir -p "$directory" && (
        cd "$directory" &&
            "$top/configure" --quiet "$@" &&
            make -j "$(nproc)" --no-print-directory
    )
}
