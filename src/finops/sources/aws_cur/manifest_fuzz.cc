#include <cstddef>
#include <cstdint>
#include <string_view>

#include "finops/core/error.h"
#include "finops/sources/aws_cur/manifest.h"

/// Any text is either a manifest or an Error that says why it is none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  for (const char* layout : {"v1", "v2"}) {
    try {
      finops::aws_cur::parse_manifest(json, {"m.json", layout, std::nullopt, ""});
    } catch (const finops::Error& error) {  // an expected answer, unless it speaks of a defect
      if (error.kind() == finops::ErrorKind::kInternal) __builtin_trap();
    }
  }
  return 0;
}
