# shellcheck shell=bash
# What every part of the set-up uses: messages, the download cache, stamps.

DEPS=$PWD/.deps
CACHE=${FINOPS_DEPS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/finops-deps}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# has_sha256 FILE SHA256
has_sha256() { [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status 2>/dev/null; }

# require_sha256 FILE SHA256: ends the set-up when FILE is not what was pinned.
require_sha256() {
  has_sha256 "$1" "$2" && return
  local actual
  actual=$(sha256sum "$1" 2>/dev/null | cut -d' ' -f1)
  rm -f "$1"
  fail "$(basename "$1") has the SHA-256 ${actual:-of a missing file} instead of the pinned $2; it was removed, nothing was installed."
}

# provide NAME PINS FUNCTION: runs FUNCTION unless .deps/NAME.stamp says that PINS are installed already.
provide() {
  local stamp=$DEPS/$1.stamp
  [ -f "$stamp" ] && [ "$(<"$stamp")" = "$2" ] && return
  mkdir -p "$DEPS" "$CACHE/downloads" || fail "cannot create $DEPS and $CACHE; set FINOPS_DEPS_CACHE to a writable folder."
  exec {lock}>"$CACHE/lock" # one set-up per machine at a time fills the cache
  flock "$lock"
  "$3"
  exec {lock}>&-
  printf '%s' "$2" >"$stamp"
}

# install_tree FROM TO: the same files under a second name; hard links where FROM is on the same file system.
install_tree() {
  rm -rf "$2"
  mkdir -p "$(dirname "$2")"
  cp -al "$1" "$2" 2>/dev/null || {
    rm -rf "$2"
    cp -a "$1" "$2"
  }
}

# why FILE: the last line of a log that says something, for the end of a sentence.
why() { sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -iE 'error|fail|could not|refused|no space|unreachable' | grep -v 'complete log' | tail -n 1 | cut -c1-200; }
