#include "finops/tabular/gzip_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bill_delivery.h"
#include "tests/support/thrown.h"

namespace finops::bill {
namespace {

using ::testing::HasSubstr;

struct Inflated {
  std::string text, sha256;
  std::uint64_t compressed_bytes;
};

Inflated inflate(const std::string& bytes, std::size_t piece = SIZE_MAX,
                 std::size_t input_bytes = GzipStream::kInputBytes, std::size_t out_bytes = 1000) {
  GzipStream stream("part-1", std::make_unique<MemoryReader>(bytes, piece), input_bytes);
  Inflated result;
  for (;;) {
    std::string out(out_bytes, '\0');
    out.resize(stream.read(out.data(), out.size()));
    result.text += out;
    if (out.size() < out_bytes) break;
  }
  result.compressed_bytes = stream.compressed_bytes();
  result.sha256 = stream.sha256();
  return result;
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + ",x\n";
  return text;
}

Error failure_of(const std::string& bytes) {
  return error_thrown_by([&] { inflate(bytes); });
}

/// A member whose header has every optional field: extra, name, comment and header CRC.
std::string member_with_full_header(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string extra("ab\4\0wxyz", 8), name = "bill.csv", comment = "made by hand", in = text;
  gz_header header{};
  header.extra = reinterpret_cast<Bytef*>(extra.data());
  header.extra_len = static_cast<uInt>(extra.size());
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  header.hcrc = 1;
  deflateSetHeader(&stream, &header);
  std::string out(in.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(GzipStreamTest, GivesTheTextAndTheHashOfTheBytes) {
  const std::string text = long_text(), bytes = gzip_of(text);
  const Inflated result = inflate(bytes);
  EXPECT_EQ(result.text, text);
  EXPECT_EQ(result.sha256, sha256_of(bytes));
  EXPECT_EQ(result.compressed_bytes, bytes.size());
}

TEST(GzipStreamTest, GivesTheSameHoweverTheBytesCome) {
  const std::string text = long_text();
  const std::string bytes = gzip_of(text.substr(0, 50)) + gzip_of("") + gzip_of(text.substr(50));
  for (const std::size_t input : {1u, 2u, 3u, 7u, 100u, 4096u}) {
    EXPECT_EQ(inflate(bytes, 3, input).text, text) << input;
    EXPECT_EQ(inflate(bytes, SIZE_MAX, input, 1).text, text) << input;
  }
}

TEST(GzipStreamTest, ReadsHeadersWithEveryField) {
  const std::string bytes = member_with_full_header("a,b\n") + member_with_full_header("1,2\n");
  for (const std::size_t input : {1u, 5u, 1000u}) {
    EXPECT_EQ(inflate(bytes, SIZE_MAX, input).text, "a,b\n1,2\n") << input;
  }
}

TEST(GzipStreamTest, ChecksTheHeadersCrc) {
  std::string bytes = member_with_full_header("a,b\n");
  bytes[bytes.find("hand")] = 'H';
  EXPECT_THAT(failure_of(bytes).what(), HasSubstr("CRC-16"));
}

TEST(GzipStreamTest, SkipsZerosBetweenAndAfterMembers) {
  const std::string zeros(700, '\0');
  EXPECT_EQ(inflate(gzip_of("a") + zeros + gzip_of("b") + zeros, 100, 64).text, "ab");
}

TEST(GzipStreamTest, TakesAnObjectOfNoBytesAsAnEmptyText) {
  const Inflated result = inflate("");
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(result.sha256, sha256_of(""));
}

TEST(GzipStreamTest, RefusesEveryTruncation) {
  const std::string bytes = gzip_of("identity,cost\n1,2\n3,4\n");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const Error error = failure_of(bytes.substr(0, size));
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData) << size;
    EXPECT_THAT(error.what(), HasSubstr("'part-1'")) << size;
  }
}

TEST(GzipStreamTest, RefusesATruncatedSecondMember) {
  const std::string second = gzip_of("more");
  for (std::size_t size = 1; size < second.size(); ++size) {
    EXPECT_EQ(failure_of(gzip_of("text") + second.substr(0, size)).kind(), ErrorKind::kInvalidData)
        << size;
  }
}

TEST(GzipStreamTest, RefusesAWrongCrcOrLength) {
  const std::string bytes = gzip_of(long_text());
  for (std::size_t back = 1; back <= 8; ++back) {
    std::string broken = bytes;
    broken[broken.size() - back] = static_cast<char>(broken[broken.size() - back] ^ 1);
    EXPECT_THAT(failure_of(broken).what(), HasSubstr("wrong CRC-32 or length")) << back;
  }
}

TEST(GzipStreamTest, RefusesDamageAnywhere) {
  const std::string bytes = gzip_of(long_text());
  for (std::size_t at = 10; at < bytes.size(); at += 997) {
    std::string broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 0x10);
    EXPECT_EQ(failure_of(broken).kind(), ErrorKind::kInvalidData) << at;
  }
}

TEST(GzipStreamTest, RefusesWhatIsNotGzip) {
  EXPECT_THAT(failure_of("identity,cost\n1,2\n").what(), HasSubstr("not a gzip file"));
  EXPECT_EQ(failure_of(std::string(100, '\0')).kind(), ErrorKind::kInvalidData);
}

TEST(GzipStreamTest, RefusesGarbageAfterTheLastMember) {
  EXPECT_EQ(failure_of(gzip_of("a\n") + "garbage").kind(), ErrorKind::kInvalidData);
  EXPECT_EQ(failure_of(gzip_of("a\n") + std::string(9, '\0') + "x").kind(),
            ErrorKind::kInvalidData);
}

TEST(GzipStreamTest, LetsTheReadersErrorThrough) {
  class Failing final : public ByteReader {
   public:
    std::size_t read(std::span<std::byte>) override {
      throw Error(ErrorKind::kUnavailable, "the bucket is gone");
    }
  };
  GzipStream stream("part-1", std::make_unique<Failing>());
  char out[10];
  EXPECT_EQ(kind_thrown_by([&] { stream.read(out, sizeof(out)); }), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace finops::bill
