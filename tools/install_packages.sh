#!/bin/bash
# Installs those packages of the named sets that this machine lacks, from the distribution.
#
#   install_packages.sh build|test|capture ...    build: what a compilation and the demo need
#                                         test: also what ./check needs
#                                         capture: an outside judge of what goes over the wire
#
# Says nothing and asks for no rights when everything is there.
set -euo pipefail

build=(g++-12 cmake ninja-build ccache git pkg-config libboost1.81-dev libssl-dev libsodium-dev
    libsqlite3-dev libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev
    libpugixml-dev libutf8proc-dev libminiupnpc-dev libnatpmp-dev libgtest-dev libgmock-dev
    libbenchmark-dev python3 iproute2 procps)
test=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev lld-19 llvm-19 python3-pytest
    python3-pytest-xdist)
capture=(tshark)

wanted=()
for set in "$@"; do
    case $set in
    build) wanted+=("${build[@]}") ;;
    test) wanted+=("${test[@]}") ;;
    capture) wanted+=("${capture[@]}") ;;
    *)
        echo "usage: install_packages.sh build|test|capture ..." >&2
        exit 2
        ;;
    esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "No apt here: make sure that these are installed: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
        missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and there is no sudo to install them: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo "${as_root[@]}")
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1; }

echo "Installing ${missing[*]} ..."
# Fresh machines have empty package lists, old ones have lists that no mirror honours any more: the
# lists are renewed only where installing without that fails.
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    apt update || { tail -n 15 "$log" >&2 && exit 1; }
    apt install -y --no-install-recommends "${missing[@]}" || { tail -n 15 "$log" >&2 && exit 1; }
fi
