# Third-party libraries as imported targets. Each one is taken from the system where a version that fits is installed;
# Arrow and DuckDB, which distributions lack, from the pinned binaries of tools/setup.sh otherwise.

set(THREADS_PREFER_PTHREAD_FLAG ON)

# finops_package(<package> <target>...): find_package with a message that says what to do.
macro(finops_package package)
  find_package(${package} QUIET)
  foreach(target ${ARGN})
    if(NOT TARGET ${target})
      message(FATAL_ERROR "${package} is missing (no target ${target}): run tools/setup.sh build")
    endif()
  endforeach()
endmacro()

# finops_library(<target> <library> <header>): for what has no CMake package of its own everywhere.
function(finops_library target library header)
  string(MAKE_C_IDENTIFIER "FINOPS_${library}" variable)
  string(TOUPPER ${variable} variable)
  find_library(${variable}_LIBRARY ${library})
  find_path(${variable}_INCLUDE_DIR ${header})
  mark_as_advanced(${variable}_LIBRARY ${variable}_INCLUDE_DIR)
  if(NOT ${variable}_LIBRARY OR NOT ${variable}_INCLUDE_DIR)
    message(FATAL_ERROR "lib${library} or <${header}> is missing: run tools/setup.sh build")
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${variable}_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${${variable}_INCLUDE_DIR}")
endfunction()

# finops_pinned_library(<target> <folder> <library> [<target that it needs>...]): one of FINOPS_DEPS_DIR.
function(finops_pinned_library target folder library)
  file(REAL_PATH "${FINOPS_DEPS_DIR}/${folder}/lib/lib${library}.so" location)
  if(NOT EXISTS "${location}")
    message(FATAL_ERROR "lib${library} is neither installed nor in ${FINOPS_DEPS_DIR}: run tools/setup.sh build")
  endif()
  get_filename_component(soname "${location}" NAME)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${location}" IMPORTED_SONAME "${soname}"
                        INTERFACE_INCLUDE_DIRECTORIES "${FINOPS_DEPS_DIR}/${folder}/include"
                        INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()

finops_package(Threads Threads::Threads)
finops_package(OpenSSL OpenSSL::Crypto OpenSSL::SSL)
finops_package(ZLIB ZLIB::ZLIB)
finops_package(SQLite3 SQLite::SQLite3)
finops_package(CURL CURL::libcurl)
finops_package(pugixml pugixml::pugixml)
finops_package(CLI11 CLI11::CLI11)
finops_package(nlohmann_json nlohmann_json::nlohmann_json)
finops_package(tomlplusplus tomlplusplus::tomlplusplus)
finops_package(simdjson simdjson::simdjson)
finops_package(fmt fmt::fmt)
# Boost's own package description: newer versions of CMake have none of theirs.
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)
endif()
finops_package(Boost Boost::headers)
finops_library(ISAL::isal isal isa-l/igzip_lib.h)
finops_library(Deflate::deflate deflate libdeflate.h)
finops_library(Zstd::zstd zstd zstd.h)
finops_library(Snappy::snappy snappy snappy.h)
finops_library(LZ4::lz4 lz4 lz4.h)
finops_library(MariaDB::mariadb mariadb mariadb/mysql.h)
finops_library(XXHash::xxhash xxhash xxhash.h)

# Another major version of Arrow is another C++ API.
find_package(Arrow 26 QUIET CONFIG)
find_package(ArrowCompute 26 QUIET CONFIG)
find_package(Parquet 26 QUIET CONFIG)
if(Arrow_FOUND AND ArrowCompute_FOUND AND Parquet_FOUND)
  add_library(Arrow::arrow ALIAS Arrow::arrow_shared)
  add_library(Arrow::compute ALIAS ArrowCompute::arrow_compute_shared)
  add_library(Parquet::parquet ALIAS Parquet::parquet_shared)
else()
  finops_pinned_library(Arrow::arrow arrow arrow Threads::Threads)
  finops_pinned_library(Arrow::compute arrow arrow_compute Arrow::arrow)
  finops_pinned_library(Parquet::parquet arrow parquet Arrow::arrow)
endif()

# The C API only; 1.5 because the signed extensions that the tests load are of that version.
find_package(DuckDB 1.5 QUIET CONFIG)
if(DuckDB_FOUND AND TARGET duckdb)
  add_library(DuckDB::duckdb ALIAS duckdb)
else()
  finops_pinned_library(DuckDB::duckdb duckdb duckdb)
endif()
# What is compiled against it and loads it when it runs (engines/duckdb/duckdb_library.cc).
add_library(DuckDB::loaded INTERFACE IMPORTED GLOBAL)
target_include_directories(DuckDB::loaded INTERFACE $<TARGET_PROPERTY:DuckDB::duckdb,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(DuckDB::loaded INTERFACE FINOPS_DUCKDB_LIBRARY="$<TARGET_FILE_NAME:DuckDB::duckdb>")
target_link_libraries(DuckDB::loaded INTERFACE ${CMAKE_DL_LIBS})

# Object files do not depend on where the checkout is, so that all checkouts of a machine share ccache's store.
find_program(FINOPS_CCACHE ccache)
mark_as_advanced(FINOPS_CCACHE)
if(FINOPS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  ${FINOPS_CCACHE})
endif()
