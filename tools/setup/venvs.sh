# shellcheck shell=bash
# Python environments and Java archives of the tests. A venv lives in the machine's cache, named by the hash of its
# requirements and by the Python that made it; .deps/venv/NAME points to it.

ENGINE_JARS=(
  org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.11.0
  org.xerial:sqlite-jdbc:3.50.3.0
)

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

install_engine_jars() {
  local artifact log folder=$CACHE/jars file
  mkdir -p "$folder" "$DEPS/engines/jars"
  rm -f "$DEPS"/engines/jars/*.jar
  for artifact in "${ENGINE_JARS[@]}"; do
    file=$(cut -d: -f2,3 <<<"$artifact" | tr : -).jar
    if [ ! -f "$folder/$file" ]; then
      say "downloading $file"
      log=$(mktemp)
      mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact="$artifact" \
        -DoutputDirectory="$folder" >"$log" 2>&1 ||
        fail "cannot download $artifact from Maven Central; is the network there? $(why "$log")"
      rm -f "$log"
    fi
    ln -sf "$folder/$file" "$DEPS/engines/jars/$file"
  done
}
