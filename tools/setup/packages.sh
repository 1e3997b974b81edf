# shellcheck shell=bash disable=SC2034
# Packages of Debian 12 and Ubuntu 24.04. "package:command" is satisfied by the command too, wherever it came from.

BUILD_PACKAGES=(
  build-essential:c++ cmake:cmake ninja-build:ninja ccache:ccache pkg-config:pkg-config
  python3:python3 python3-venv
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libsimdjson-dev libfmt-dev libssl-dev libcurl4-openssl-dev libpugixml-dev
  libisal-dev libdeflate-dev zlib1g-dev libzstd-dev libsnappy-dev liblz4-dev libxxhash-dev libsqlite3-dev libmariadb-dev libboost-dev
  libgtest-dev libgmock-dev
)
TEST_PACKAGES=(
  clang-19:clang++-19 clang-tidy-19:clang-tidy-19 clang-format-19:clang-format-19 libclang-rt-19-dev llvm-19:llvm-symbolizer-19 shellcheck:shellcheck valgrind:valgrind
  mariadb-server-core mariadb-client-core # the server alone: nothing that starts by itself
)
JAVA_PACKAGE=openjdk-17-jdk-headless:java
ENGINE_PACKAGES=("$JAVA_PACKAGE" maven:mvn)

# Prints those of the arguments that are not there.
missing_packages() {
  local entry packages=() installed
  for entry in "$@"; do
    [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null && continue
    packages+=("${entry%:*}")
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
  for entry in "${packages[@]}"; do
    grep -qx "installed $entry" <<<"$installed" || echo "$entry"
  done
}

install_packages() {
  local missing as_root=() log
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "this system has no apt-get; please install what Debian calls: $missing"
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
      fail "packages are missing and there is neither root nor sudo; please have them installed: apt-get install $missing"
    fi
    as_root=(sudo)
  fi
  say "installing packages: $missing"
  log=$(mktemp)
  # shellcheck disable=SC2086 # one word per package
  { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
      install -y -qq --no-install-recommends $missing; } >"$log" 2>&1 </dev/null ||
    fail "apt-get could not install $missing: $(why "$log") (all of it: $log)"
  rm -f "$log"
}
