#!/usr/bin/env bash
# Installs what tests and bench talk to, where it is missing: nginx, Apache, HAProxy, proxies, h2load, openssl, a browser, shells. They
# come from Debian's packages; on another system this says what to install, and a test that needs one fails and names it.
set -euo pipefail

missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
command -v apache2 >/dev/null || missing+=(apache2-bin)
command -v squid >/dev/null || [ -x /usr/sbin/squid ] || missing+=(squid)
command -v tinyproxy >/dev/null || missing+=(tinyproxy-bin)
command -v microsocks >/dev/null || missing+=(microsocks)
command -v danted >/dev/null || [ -x /usr/sbin/danted ] || missing+=(dante-server)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v caddy >/dev/null || missing+=(caddy)
command -v nghttpx >/dev/null || [ -x /usr/sbin/nghttpx ] || missing+=(nghttp2-proxy)
command -v openssl >/dev/null || missing+=(openssl)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v zsh >/dev/null || missing+=(zsh)
command -v fish >/dev/null || missing+=(fish)
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing+=(rabbitmq-server)
command -v chromium >/dev/null || missing+=(chromium)
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
if ! command -v apt-get >/dev/null || { [ "${#as_root[@]}" -gt 0 ] && ! command -v sudo >/dev/null; }; then
  echo "The tests need: ${missing[*]} (names of Debian's packages). Install them, then run the tests again." >&2
  exit 0
fi
echo "Installing for the tests: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
