// What a client sends is read or its mistakes are told; the first byte of an input says what the
// rest is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "finops/service/media_type.h"
#include "finops/service/push_message.h"
#include "finops/service/request_target.h"

namespace {

template <typename Result>
void expect_value_or_mistakes(const Result& result) {
  if (result.value.has_value() != result.mistakes.empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'm': finops::MediaType::parse(text); break;
    case 't': finops::RequestTarget::parse(text); break;
    case 'j': expect_value_or_mistakes(finops::read_job_message(text, "body")); break;
    default: expect_value_or_mistakes(finops::read_push_message(text));
  }
  return 0;
}
