// Linked into every test and fuzzer of a sanitizer build, so that they behave alike however they are started.
// libarrow, libparquet and libduckdb come without instrumentation: what happens wholly inside them is not ours to judge.

extern "C" {

const char* __asan_default_options();
const char* __lsan_default_suppressions();
const char* __tsan_default_options();
const char* __tsan_default_suppressions();
const char* __ubsan_default_options();

const char* __asan_default_options() {
  return "detect_stack_use_after_return=1:strict_string_checks=1"
         ":external_symbolizer_path=" FINOPS_SYMBOLIZER;
}

// libparquet keeps process-wide objects that it never frees.
const char* __lsan_default_suppressions() { return "leak:libparquet.so\n"; }

const char* __tsan_default_options() {
  return "second_deadlock_stack=1:external_symbolizer_path=" FINOPS_SYMBOLIZER;
}

// They order their threads by atomics, which ThreadSanitizer cannot see in code that it did not compile.
const char* __tsan_default_suppressions() {
  return "race:libarrow.so\nrace:libarrow_compute.so\nrace:libparquet.so\nrace:libduckdb.so\n";
}

const char* __ubsan_default_options() {
  return "print_stacktrace=1:external_symbolizer_path=" FINOPS_SYMBOLIZER;
}
}
