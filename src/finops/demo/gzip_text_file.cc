#include "finops/demo/gzip_text_file.h"

#include <libdeflate.h>

#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr int kLevel = 2;

}  // namespace

GzipTextFile::GzipTextFile(std::filesystem::path path)
    : file_(std::move(path)), compressor_(libdeflate_alloc_compressor(kLevel)) {
  if (compressor_ == nullptr) throw Error(ErrorKind::kInternal, "no memory for a compressor");
}

GzipTextFile::~GzipTextFile() { libdeflate_free_compressor(compressor_); }

void GzipTextFile::flush() {
  compressed_.resize(libdeflate_gzip_compress_bound(compressor_, text_.size()));
  const std::size_t size = libdeflate_gzip_compress(compressor_, text_.data(), text_.size(),
                                                    compressed_.data(), compressed_.size());
  if (size == 0) throw Error(ErrorKind::kInternal, "libdeflate needs more than its own bound");
  file_.write({compressed_.data(), size});
  text_.clear();
}

std::uint64_t GzipTextFile::finish() {
  if (!text_.empty() || file_.size() == 0) flush();
  return file_.finish();
}

}  // namespace finops
