#!/bin/sh
# deps.sh PACKAGE...: installs what is missing of these Debian packages, as root or through sudo.
set -eu
missing=
if ! command -v dpkg-query >/dev/null; then
        echo "This machine has no apt. Install what these Debian packages hold, under your system's names:"
        printf '  %s\n' "$@"
        exit 1
fi
for package; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
        echo "deps: everything is there"
        exit 0
fi
echo "deps: installing$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
        sudo=$(command -v sudo) || { echo "run as root: apt-get install$missing" >&2; exit 1; }
fi
# Servers that tests start by themselves must not be started by Debian as well.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $sudo sh -c "cat >$policy && chmod 755 $policy"
        trap '$sudo rm -f $policy' EXIT
fi
$sudo apt-get -q update
# shellcheck disable=SC2086  # words on purpose
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing
