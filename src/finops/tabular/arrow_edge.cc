#include "finops/tabular/arrow_edge.h"

#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace finops {

arrow::Status KeptError::keep(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = error;
  return arrow::Status::IOError(error.what());
}

void KeptError::rethrow_if_any() const {
  const std::lock_guard lock(mutex_);
  if (error_) throw Error(*error_);
}

ArrowInput::ArrowInput(std::shared_ptr<const RandomAccessBytes> bytes)
    : bytes_(std::move(bytes)), size_(static_cast<std::int64_t>(bytes_->size())) {}

arrow::Result<std::int64_t> ArrowInput::GetSize() { return size_; }

arrow::Result<std::int64_t> ArrowInput::ReadAt(std::int64_t position, std::int64_t length,
                                               void* out) {
  if (position < 0 || length < 0) return arrow::Status::Invalid("negative position or length");
  const std::int64_t taken = std::min(length, std::max<std::int64_t>(size_ - position, 0));
  if (taken == 0) return 0;
  try {
    bytes_->read_at(static_cast<std::uint64_t>(position),
                    {static_cast<std::byte*>(out), static_cast<std::size_t>(taken)});
  } catch (const Error& e) {
    return error_.keep(e);
  }
  return taken;
}

arrow::Result<std::int64_t> ArrowInput::ReadAt(std::int64_t position, std::int64_t length,
                                               bool allow_short_read, void* out) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t taken, ReadAt(position, length, out));
  if (!allow_short_read && taken != length) return arrow::Status::IOError("the file is too short");
  return taken;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::ReadAt(std::int64_t position,
                                                                 std::int64_t length) {
  // A damaged footer may ask for any length: never allocate more than there is to read.
  const std::int64_t most = std::max<std::int64_t>(size_ - std::max<std::int64_t>(position, 0), 0);
  ARROW_ASSIGN_OR_RAISE(auto buffer,
                        arrow::AllocateResizableBuffer(std::clamp<std::int64_t>(length, 0, most),
                                                       arrow::system_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(const std::int64_t taken,
                        ReadAt(position, std::min(length, most), buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(taken));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::ReadAt(std::int64_t position,
                                                                 std::int64_t length,
                                                                 bool allow_short_read) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position, length));
  if (!allow_short_read && buffer->size() != length) {
    return arrow::Status::IOError("the file is too short");
  }
  return buffer;
}

arrow::Result<std::int64_t> ArrowInput::Read(std::int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t taken, ReadAt(position_, length, out));
  position_ += taken;
  return taken;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ArrowInput::Read(std::int64_t length) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
  position_ += buffer->size();
  return buffer;
}

arrow::Status ArrowInput::Seek(std::int64_t position) {
  if (position < 0) return arrow::Status::Invalid("negative position");
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ArrowInput::Close() {
  is_closed_ = true;
  return arrow::Status::OK();
}

arrow::Status ArrowOutput::Write(const void* bytes, std::int64_t length) {
  const std::span piece{static_cast<const std::byte*>(bytes), static_cast<std::size_t>(length)};
  try {
    writer_.write(piece);
  } catch (const Error& e) {
    return error_.keep(e);
  }
  hash_.update(piece);
  position_ += length;
  return arrow::Status::OK();
}

arrow::Status ArrowOutput::Close() {
  is_closed_ = true;
  return arrow::Status::OK();
}

}  // namespace finops
