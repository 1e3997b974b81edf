#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace finops {

/// The text of a file below tests/golden. The target defines FINOPS_GOLDEN_DIR.
inline std::string golden_text(const std::string& name) {
  std::ifstream file(std::string(FINOPS_GOLDEN_DIR) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << "no golden file " << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace finops
