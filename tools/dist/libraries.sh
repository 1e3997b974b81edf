# shellcheck shell=bash
# Which shared libraries go into a release, where they come from, and their licences.

DEPS_LIBRARIES=$PWD/.deps/arrow/lib:$PWD/.deps/duckdb/lib

# Every supported system has these, and they have to fit its kernel, name service and C++ runtime.
SYSTEM_LIBRARIES='ld-linux-x86-64\.so\.2|linux-vdso\.so\.1|lib(c|m|dl|pthread|rt|resolv)\.so\.[0-9]+|libstdc\+\+\.so\.6|libgcc_s\.so\.1'

# Packages of which headers or archives were compiled into the program.
COMPILED_IN=(libcli11-dev nlohmann-json3-dev libsimdjson-dev)

# What the program loads by itself, when it is needed (src/finops/engines/duckdb/duckdb_library.cc).
LOADED_LIBRARIES=("$PWD/.deps/duckdb/lib/libduckdb.so")

# needed_libraries PROGRAM: "<soname> <path>" of everything that it needs or loads, and that those need, but the system's.
needed_libraries() {
  {
    LD_LIBRARY_PATH=$DEPS_LIBRARIES ldd "$1" "${LOADED_LIBRARIES[@]}" |
      sed -nE 's/^\s*(\S+) => (.*\S) \(0x.*/\1 \2/p; s/^\s*(\S+) => not found.*/\1 -/p'
    printf '%s\n' "${LOADED_LIBRARIES[@]}" | sed -E 's|.*/([^/]*)$|\1 &|'
  } | grep -vE "^($SYSTEM_LIBRARIES) " | sort -u
}

# package_of FILE: the distribution's package that FILE belongs to; dpkg knows some by their path without /usr.
package_of() {
  local file
  file=$(readlink -f "$1")
  { dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null || true; } | head -n 1 | cut -d: -f1
}

# copy_licence PACKAGE TREE: what Debian's policy has every package say about its copyright.
copy_licence() {
  local from=/usr/share/doc/$1/copyright
  [ -f "$from" ] || fail "the package $1 has no $from; its library must not be passed on without its licence"
  cp -L "$from" "$2/licenses/$1.txt"
}

# copy_libraries PROGRAM TREE: lib/, licenses/ and their list, licenses/THIRD-PARTY.tsv.
copy_libraries() {
  local program=$1 tree=$2 soname path package list=$2/licenses/THIRD-PARTY.tsv
  printf 'file\tpackage\tversion\tsource package\n' >"$list"
  while read -r soname path; do
    [ "$path" != - ] || fail "$program needs $soname, which is not installed: run tools/setup.sh build"
    install -m 644 "$path" "$tree/lib/$soname"
    case $(readlink -f "$path") in
      */arrow/*) printf 'lib/%s\tApache Arrow\t%s\t-\n' "$soname" "$ARROW_VERSION" >>"$list" ;;
      */duckdb/*) printf 'lib/%s\tDuckDB\t%s\t-\n' "$soname" "$DUCKDB_VERSION" >>"$list" ;;
      *)
        package=$(package_of "$path")
        [ -n "$package" ] || fail "$path ($soname) belongs to no package of the distribution: its licence is not known"
        list_package "lib/$soname" "$package" >>"$list"
        copy_licence "$package" "$tree"
        ;;
    esac
  done < <(needed_libraries "$program")
  for package in "${COMPILED_IN[@]}"; do
    list_package bin/finops "$package" >>"$list"
    copy_licence "$package" "$tree"
  done
  cp .deps/arrow/LICENSE.txt "$tree/licenses/arrow.txt"
  cp .deps/arrow/NOTICE.txt "$tree/licenses/arrow-NOTICE.txt"
  cp .deps/duckdb/lib/LICENSE "$tree/licenses/duckdb.txt"
  copy_common_licences "$tree"
}

list_package() { dpkg-query -W -f="$1\t\${Package}\t\${Version}\t\${source:Package} \${source:Version}\n" "$2" | head -n 1; }

# Debian's copyright files name the well-known licences by their path on a Debian system.
copy_common_licences() {
  local file
  mkdir "$1/licenses/common-licenses"
  grep -oh '/usr/share/common-licenses/[A-Za-z0-9.+-]*[A-Za-z0-9]' "$1"/licenses/*.txt | sort -u | while read -r file; do
    [ ! -f "$file" ] || cp -L "$file" "$1/licenses/common-licenses/"
  done
}
