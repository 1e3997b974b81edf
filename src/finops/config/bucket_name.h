#pragma once

#include <string>
#include <string_view>

namespace finops {

/// General purpose buckets, "Bucket naming rules" of the S3 user guide.
bool is_bucket_name(std::string_view name);

/// What is wrong with a bucket's name, and what to write: "is not a bucket's name: …".
std::string advice_for_bucket(const std::string& name);

/// "a/../b", "./a": a key may hold them, a configured prefix that does is a mistake.
bool has_dot_segment(std::string_view prefix);

}  // namespace finops
