#!/bin/bash
# Makes the two C++ peers compile on a machine that keeps libboost1.81-dev.
#
# The peers' -dev packages want Boost 1.74's, and the two -dev packages displace each other. So only
# the runtime libraries are installed; the -dev packages are unpacked below the build folder.
#
#   fetch_headers.sh FOLDER     ends with FOLDER/.fetched, and FOLDER/usr/include in place
set -euo pipefail

runtime=(libopendht2 libtorrent-rasterbar2.0)
headers=(libopendht-dev libtorrent-rasterbar-dev libargon2-dev libmsgpack-dev libmsgpack-cxx-dev
    libgnutls28-dev nettle-dev libjsoncpp-dev libhttp-parser-dev librestinio-dev libasio-dev)

folder=${1:?usage: fetch_headers.sh FOLDER}
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

have_lists() { apt-cache policy libopendht-dev | grep -q 'Candidate: [0-9]'; }
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

export DEBIAN_FRONTEND=noninteractive
have_lists || "${as_root[@]}" apt-get update -qq
for package in "${runtime[@]}"; do
    installed "$package" || "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$package" </dev/null >/dev/null
done

mkdir -p "$folder/deb"
cd "$folder/deb"
# apt's own download user cannot write here; saying so is all that its warning does.
apt-get download -qq -o APT::Sandbox::User=root "${headers[@]}"
for package in *.deb; do
    dpkg -x "$package" ..
done
touch ../.fetched
