# shellcheck shell=bash
# Python environments of the tests. A venv lives in the machine's cache, named by the hash of its
# requirements and by the Python that made it; .deps/venv/NAME points to it.

# provide_venv NAME: installs tools/setup/NAME.txt.
provide_venv() {
  local name=$1 requirements=tools/setup/$1.txt
  provide "venv-$name" "$(sha256sum <"$requirements")" install_venv
}

install_venv() {
  local venv log
  venv=$CACHE/venv/$name-$(python -c 'import sys; print("py%d%d" % sys.version_info[:2])')-$(sha256sum "$requirements" | cut -c1-12)
  if [ ! -f "$venv/complete" ]; then
    say "installing the Python packages of $requirements"
    log=$(mktemp)
    rm -rf "$venv"
    python -m venv "$venv" || fail "python3 cannot create a venv; please install the package python3-venv."
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --retries 2 --only-binary=:all: --no-binary=pyspark --require-hashes \
      --no-deps -r "$requirements" >"$log" 2>&1 ||
      fail "cannot install $requirements from the Python package index; is the network there? $(why "$log") (all of it: $log)"
    rm -f "$log"
    touch "$venv/complete"
  fi
  mkdir -p "$DEPS/venv"
  ln -sfn "$venv" "$DEPS/venv/$name"
}
