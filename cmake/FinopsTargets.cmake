# One static library per folder of src/finops: what a folder may include is what it links, so CMake states the layering.

add_library(finops_flags INTERFACE)
# -Wno-missing-field-initializers: designated initializers leave out what has a default, on purpose.
# -Wno-restrict: g++ 12 reports string concatenations falsely (GCC bug 105651).
# -Wno-deprecated-declarations: clang reports libstdc++'s own std::stable_sort, which uses std::get_temporary_buffer.
target_compile_options(finops_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
                       -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
if(FINOPS_SANITIZE)
  target_compile_options(finops_flags INTERFACE -fsanitize=${FINOPS_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(finops_flags INTERFACE -fsanitize=${FINOPS_SANITIZE})
endif()
if(FINOPS_FUZZ)
  target_compile_options(finops_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# finops_sanitizer_options: what sanitizers are told by every program that is only there to test.
if(FINOPS_SANITIZE)
  find_program(FINOPS_SYMBOLIZER NAMES llvm-symbolizer-19 llvm-symbolizer)
  mark_as_advanced(FINOPS_SYMBOLIZER)
  add_library(finops_sanitizer_options OBJECT ${CMAKE_CURRENT_LIST_DIR}/sanitizer_options.cc)
  target_compile_definitions(finops_sanitizer_options PRIVATE "FINOPS_SYMBOLIZER=\"${FINOPS_SYMBOLIZER}\"")
else()
  add_library(finops_sanitizer_options INTERFACE)
endif()

# Build the tests that sanitizer builds run, or the fuzzers, and nothing else.
add_custom_target(finops_tests)
add_custom_target(finops_fuzzers)

# finops_module(<folder> SOURCES <file>... [DEPENDS <folder>...] [LIBRARIES <target>...] [PRIVATE_LIBRARIES <target>...])
# DEPENDS are other folders of src/finops; LIBRARIES are third-party targets that the headers need.
function(finops_module folder)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  list(TRANSFORM arg_DEPENDS PREPEND finops_)
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  if(arg_SOURCES)
    add_library(finops_${name} STATIC ${arg_SOURCES})
    target_include_directories(finops_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(finops_${name} PUBLIC ${arg_DEPENDS} ${arg_LIBRARIES}
                          PRIVATE finops_flags ${arg_PRIVATE_LIBRARIES})
  else()
    add_library(finops_${name} INTERFACE)
    target_include_directories(finops_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(finops_${name} INTERFACE ${arg_DEPENDS} ${arg_LIBRARIES})
  endif()
endfunction()

# finops_program(<name> SOURCES <file>... DEPENDS <folder>... [LIBRARIES <target>...]): an executable in FINOPS_BIN_DIR. It
# finds the pinned libraries relative to itself, so that a checkout may be moved; under FINOPS_PORTABLE it finds all
# libraries, and those that they need, in ../lib: RPATH, which unlike RUNPATH also counts for what libraries need.
function(finops_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND finops_)
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBRARIES} finops_flags)
  # OpenSSL comes before all else: Arrow's libparquet exports a libcrypto of its own, and whoever looked it up there would
  # mix two of them (libcurl and libmariadb in one process, each with its libssl).
  target_link_options(${name} PRIVATE
                      "LINKER:--push-state,--no-as-needed,$<TARGET_FILE:OpenSSL::SSL>,$<TARGET_FILE:OpenSSL::Crypto>,--pop-state")
  if(FINOPS_PORTABLE)
    set(rpath "$ORIGIN/../lib")
    target_link_options(${name} PRIVATE -Wl,--disable-new-dtags -s)
  else()
    file(RELATIVE_PATH deps ${FINOPS_BIN_DIR} ${FINOPS_DEPS_DIR})
    set(rpath "$ORIGIN/${deps}/arrow/lib;$ORIGIN/${deps}/duckdb/lib")
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${FINOPS_BIN_DIR} BUILD_WITH_INSTALL_RPATH ON
                        INSTALL_RPATH "${rpath}")
endfunction()

# finops_test(<name> LABEL unit|contract|server|chaos SOURCES <file>... DEPENDS <folder>... [LIBRARIES <target>...])
function(finops_test name)
  if(NOT FINOPS_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "LABEL" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND finops_)
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBRARIES} finops_flags finops_sanitizer_options
                        GTest::gmock GTest::gtest_main)
  # What is loaded while they run is not linked, so that CMake does not name its folder.
  set_target_properties(${name} PROPERTIES BUILD_RPATH "$<TARGET_FILE_DIR:DuckDB::duckdb>")
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${name} PRIVATE -O1)  # tests take longer to compile than to run
  endif()
  gtest_discover_tests(${name} PROPERTIES LABELS ${arg_LABEL} DISCOVERY_TIMEOUT 60)
  if(arg_LABEL MATCHES "^(unit|contract)$")
    add_dependencies(finops_tests ${name})
  endif()
endfunction()

# finops_fuzzer(<name> SOURCES <file>... DEPENDS <folder>...): a libFuzzer target, only where FINOPS_FUZZ is on. Every program
# in fuzzers/ is run by `make test`, beginning with the inputs of tests/fuzz/corpus/<name>.
function(finops_fuzzer name)
  if(NOT FINOPS_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND finops_)
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ${arg_LIBRARIES} finops_flags finops_sanitizer_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  add_dependencies(finops_fuzzers ${name})
endfunction()
