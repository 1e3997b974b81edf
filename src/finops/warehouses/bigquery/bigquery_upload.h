#pragma once

#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/warehouses/bigquery/bigquery_jobs.h"

namespace finops::bigquery {

/// The bytes of a load job, sent in pieces while they are made, by the protocol of resumable
/// uploads: a piece whose answer was lost is asked for and sent again from where the server is. It
/// holds one piece. The job begins with finish(); destroyed before that, there is none.
class ResumableUpload : public ByteWriter {
 public:
  /// Pieces are a multiple of 256 KiB, as the protocol wants.
  static constexpr std::size_t kPieceBytes = 8u << 20;

  ResumableUpload(Jobs& jobs, const Json& configuration, std::string job_id, std::string tried);

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

  std::uint64_t bytes() const { return sent_; }
  /// After finish(). Emulators give a job another id than was asked for.
  const std::string& job_id() const { return job_id_; }

 private:
  void send_piece(bool is_last);
  void begin(const Json& configuration);
  RetriedResponse put(std::span<const std::byte> piece, const std::string& range);
  /// Both: how many bytes the server has then; nothing when it has made the job.
  std::optional<std::uint64_t> send_rest(std::span<const std::byte> rest, const std::string& total);
  std::optional<std::uint64_t> received(const std::string& total);

  Jobs& jobs_;
  std::string job_id_;
  const std::string tried_;
  std::string session_;
  std::vector<std::byte> piece_;
  std::uint64_t sent_ = 0;
};

}  // namespace finops::bigquery
