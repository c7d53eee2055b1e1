#!/usr/bin/env bash
# Names what the machine lacks together with the command that installs it; as root on Debian or Ubuntu installs it.
set -euo pipefail

# command:package (Debian's name)
wanted=(node:nodejs npm:npm go:golang-go containerd:containerd runc:runc buildah:buildah mmdebstrap:mmdebstrap
  nft:nftables iptables:iptables conntrack:conntrack socat:socat ip:iproute2 nsenter:util-linux openssl:openssl curl:curl tar:tar)
missing=()
for entry in "${wanted[@]}"; do
  command -v "${entry%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${entry%%:*}" ] || missing+=("${entry##*:}")
done
[ -d /usr/lib/cni ] && [ -x /usr/lib/cni/bridge ] || missing+=(containernetworking-plugins)
[ "${#missing[@]}" -eq 0 ] && exit 0

command="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing what is missing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  $command -qq >/dev/null
else
  echo "missing: ${missing[*]}" >&2
  echo "install with: sudo $command   (or the same packages of your distribution)" >&2
  exit 1
fi
