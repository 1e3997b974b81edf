#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/exception.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/byte_stream.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops {

/// Where our bytes meet Arrow, whose types stay inside this folder. Our own Error cannot travel
/// through Arrow's code, so the streams below keep the first one, answer with a failed Status, and
/// across_arrow() throws the kept one again on our side.

/// The first Error that a stream met. Safe to call from any thread.
class KeptError {
 public:
  arrow::Status keep(const Error& error);
  void rethrow_if_any() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

/// A finops object as Arrow's file. ReadAt may be called from any thread.
class ArrowInput final : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowInput(std::shared_ptr<const RandomAccessBytes> bytes);

  const KeptError& kept_error() const { return error_; }

  arrow::Result<std::int64_t> GetSize() override;
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length,
                                     void* out) override;
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length,
                                     bool allow_short_read, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position,
                                                       std::int64_t length) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length,
                                                       bool allow_short_read) override;
  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override;
  arrow::Status Seek(std::int64_t position) override;
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return is_closed_; }

 private:
  std::shared_ptr<const RandomAccessBytes> bytes_;
  std::int64_t size_ = 0, position_ = 0;
  bool is_closed_ = false;
  KeptError error_;
};

/// A finops writer as Arrow's sink, which hashes what passes. Close() does not finish the writer:
/// its owner does, when all went well.
class ArrowOutput final : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(ByteWriter& writer) : writer_(writer) {}

  const KeptError& kept_error() const { return error_; }
  std::string sha256() { return hash_.finish(); }  // once, after the last write

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* bytes, std::int64_t length) override;
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return is_closed_; }

 private:
  ByteWriter& writer_;
  std::int64_t position_ = 0;
  bool is_closed_ = false;
  Sha256 hash_;
  KeptError error_;
};

/// Runs `work`, which may use PARQUET_THROW_NOT_OK and everything that throws in Arrow. A kept
/// Error goes on unchanged; what Arrow says becomes an Error of `kind`, "<tried>: <Arrow's words>".
template <typename Work>
auto across_arrow(std::string_view tried, ErrorKind kind,
                  std::initializer_list<const KeptError*> kept, Work work) {
  const auto rethrow_kept = [&] {
    for (const KeptError* error : kept) error->rethrow_if_any();
  };
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    rethrow_kept();
    throw Error(ErrorKind::kUnavailable, std::string(tried) + ": not enough memory");
  } catch (const std::exception& e) {
    rethrow_kept();
    throw Error(kind, std::string(tried) + ": " + e.what());
  }
}

}  // namespace finops
