#include <zlib.h>

#include <algorithm>
#include <new>
#include <random>

#include "finops/core/error.h"
#include "finops/lake/avro.h"

namespace finops::avro {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);
constexpr std::size_t kSyncSize = 16;
constexpr std::size_t kBlockBytes = 64 << 10;  // the customary block size; readers need no other
/// A thousand times the customary block: a small file cannot make us fill the memory.
constexpr std::size_t kLongestBlock = 64 << 20;

// Avro's "deflate" is a raw RFC 1951 stream: no zlib header, hence negative window bits.
constexpr int kRawDeflate = -15;

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorKind::kInvalidData, "Avro: " + what);
}

std::string inflate_block(std::string_view block) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  stream.avail_in = static_cast<uInt>(block.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK) {
    const auto done = out.size();
    if (done >= kLongestBlock) invalid("a block is larger than 64 MiB");
    out.resize(std::max<std::size_t>(done * 2, kBlockBytes));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(out.size() - done);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  if (status != Z_STREAM_END) invalid("a deflate block is damaged");
  return out;
}

std::string deflate_block(std::string_view block) {
  z_stream stream{};
  // Level 1: manifests are dominated by repeated paths and bounds; higher levels cost more commit
  // latency than they save bytes.
  if (deflateInit2(&stream, 1, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, deflateEnd);
  std::string out(deflateBound(&stream, block.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  stream.avail_in = static_cast<uInt>(block.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    throw Error(ErrorKind::kInternal, "Avro: deflate failed");
  }
  out.resize(stream.total_out);
  return out;
}

std::string random_sync() {
  std::string sync(kSyncSize, '\0');
  std::random_device random;
  for (auto& byte : sync) byte = static_cast<char>(random());
  return sync;
}

}  // namespace

ContainerReader::ContainerReader(std::string_view file) : file_(file), in_(file) {
  if (file.substr(0, kMagic.size()) != kMagic) invalid("this is not an object container file");
  in_.take(kMagic.size());
  for (auto count = in_.read_block_count(); count != 0; count = in_.read_block_count()) {
    for (; count > 0; --count) {
      std::string key(in_.read_bytes());
      metadata_[std::move(key)] = in_.read_bytes();
    }
  }
  const auto codec = metadata_.find("avro.codec");
  const std::string name = codec == metadata_.end() ? "null" : codec->second;
  if (name != "null" && name != "deflate") {
    throw Error(ErrorKind::kUnsupported,
                "Avro: codec '" + name +
                    "'; finops reads null and deflate (set the table property"
                    " write.avro.compression-codec, and rewrite the manifests)");
  }
  codec_ = name == "null" ? Codec::kNull : Codec::kDeflate;
}

const std::string& ContainerReader::schema_text() const {
  const auto it = metadata_.find("avro.schema");
  if (it == metadata_.end()) invalid("the header has no avro.schema");
  return it->second;
}

void ContainerReader::for_each(const std::function<void(Decoder&)>& row) {
  auto in = in_;
  const auto sync = in.take(kSyncSize);
  while (!in.at_end()) {
    const auto count = in.read_long();
    const auto bytes = in.read_bytes();
    if (in.take(kSyncSize) != sync) invalid("a block does not end in the sync marker");
    const auto inflated = codec_ == Codec::kDeflate ? inflate_block(bytes) : std::string();
    Decoder rows(codec_ == Codec::kDeflate ? std::string_view(inflated) : bytes);
    for (std::int64_t i = 0; i < count; ++i) row(rows);
    if (!rows.at_end()) invalid("a block holds more bytes than rows");
  }
}

std::string write_container(std::string_view schema_text,
                            const std::map<std::string, std::string>& metadata,
                            const std::vector<std::string>& rows, Codec codec) {
  auto header = metadata;
  header["avro.schema"] = schema_text;
  header["avro.codec"] = codec == Codec::kDeflate ? "deflate" : "null";
  const auto sync = random_sync();

  Encoder out;
  out.append(kMagic);
  out.write_long(static_cast<std::int64_t>(header.size()));
  for (const auto& [key, value] : header) {
    out.write_bytes(key);
    out.write_bytes(value);
  }
  out.write_long(0);
  out.append(sync);

  std::string block;
  std::int64_t count = 0;
  const auto flush = [&] {
    if (count == 0) return;
    out.write_long(count);
    out.write_bytes(codec == Codec::kDeflate ? deflate_block(block) : block);
    out.append(sync);
    block.clear();
    count = 0;
  };
  for (const auto& row : rows) {
    block += row;
    ++count;
    if (block.size() >= kBlockBytes) flush();
  }
  flush();
  return std::move(out.out());
}

}  // namespace finops::avro
