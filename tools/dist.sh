#!/usr/bin/env bash
# Makes build/dist/finops-<version>-linux-x86_64.tar.gz and its .sha256: the program with every library that it needs except
# glibc, libstdc++ and libgcc, the licences, docs/ and deploy/. It runs on Debian 12, Ubuntu 24.04 and newer. Usage: tools/dist.sh
#
# The same checkout with the same packages gives the same bytes. SOURCE_DATE_EPOCH: the time that all files get, default:
# the last commit's. Where the result would not run on the oldest supported system, nothing is made.
set -Eeuo pipefail
trap 'echo "dist: ${BASH_SOURCE[0]}:$LINENO failed: $BASH_COMMAND" >&2' ERR
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C TZ=UTC
umask 022
# shellcheck source=/dev/null
. tools/setup/pins.sh
# shellcheck source=/dev/null
. tools/dist/libraries.sh

# DuckDB's signed extensions that the program itself loads, from lib/duckdb-extensions: httpfs for a lake on S3.
RELEASE_EXTENSIONS=(httpfs)

say() { printf 'dist: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

commit_time() { git log -1 --format=%ct 2>/dev/null || echo 1767225600; } # a source tree without git: 2026-01-01

copy_extensions() {
  local name folder=duckdb-extensions/v$DUCKDB_VERSION/linux_amd64
  local from=.deps/$folder to=$tree/lib/$folder
  for name in "${RELEASE_EXTENSIONS[@]}"; do
    [ -f "$from/$name.duckdb_extension" ] || fail "$from has no extension $name: run tools/setup.sh build"
    install -D -m 644 "$from/$name.duckdb_extension" "$to/$name.duckdb_extension"
    printf '%s\tDuckDB extension %s\t%s\t-\n' "${to#"$tree/"}/$name.duckdb_extension" "$name" "$DUCKDB_VERSION" >>"$tree/licenses/THIRD-PARTY.tsv"
  done
}

# What libmariadb loads by itself: the way to log in to MySQL 8.
copy_login_plugins() {
  local name=caching_sha2_password.so package=libmariadb3 from
  from=$(dpkg -L "$package" | grep "/plugin/$name\$") || fail "the package $package has no $name"
  install -D -m 644 "$from" "$tree/lib/mariadb-plugins/$name"
  list_package "lib/mariadb-plugins/$name" "$package" >>"$tree/licenses/THIRD-PARTY.tsv"
}

# What the tarball's reader needs of README.md: without how to build and how fast it was.
write_readme() {
  awk '/^## /{ skip = /^## (Two commands|How fast|How it compares)$/ } !skip' README.md |
    sed -e '/^How it is built:/d' -e 's| How it is built: \[ARCHITECTURE.md\](ARCHITECTURE.md)\.||' >"$tree/README.md"
}

copy_documents() {
  cp LICENSE CHANGELOG.md "$tree/"
  cp tools/dist/INSTALL.md "$tree/INSTALL.md"
  mkdir "$tree/docs"
  cp docs/*.md "$tree/docs/"
  cp -r deploy "$tree/deploy"
  write_readme
}

tools/build.sh portable finops
program=build/portable/bin/finops
version=$(LD_LIBRARY_PATH=$DEPS_LIBRARIES "$program" --version | awk '{ print $NF; exit }')
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]] || fail "'$program --version' does not end its first line with a version"
name=finops-$version-linux-x86_64

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
mkdir -p "$tree/bin" "$tree/lib" "$tree/licenses"
install -m 755 "$program" "$tree/bin/finops"
! grep --quiet --text --fixed-strings "$PWD/" "$program" ||
  fail "$program names this checkout's folder, so that others would build other bytes"
copy_libraries "$program" "$tree"
copy_extensions
copy_login_plugins
copy_documents
tools/dist/check_portable.py "$tree"

mkdir -p build/dist
tar --create --sort=name --mtime="@${SOURCE_DATE_EPOCH:-$(commit_time)}" --owner=0 --group=0 --numeric-owner \
  --mode='u+rw,go+r,go-w' --format=gnu --directory "$work" "$name" | gzip --no-name >"$work/tarball"
mv "$work/tarball" "build/dist/$name.tar.gz"
(cd build/dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
say "made build/dist/$name.tar.gz ($(du -h "build/dist/$name.tar.gz" | cut -f1), unpacked $(du -sh "$tree" | cut -f1))"
