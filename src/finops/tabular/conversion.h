#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "finops/tabular/bill_converter.h"
#include "finops/tabular/bill_reader.h"
#include "finops/tabular/block_parser.h"
#include "finops/tabular/output_column.h"
#include "finops/tabular/parquet_files.h"

namespace finops::bill {

/// What the options' memory is spent on. Depends on options and layout only, as the output does.
struct MemoryPlan {
  MemoryPlan(const ConvertOptions& options, std::size_t columns, unsigned threads);

  std::size_t block_bytes = 512 << 10;
  std::size_t blocks;                 // in flight
  std::size_t giant_block_bytes;      // text in flight beyond which reading waits
  std::size_t group_delivered_bytes;  // a row group ends after so much of the delivered files
  std::size_t lane_dictionary_bytes;
  std::size_t lane_plain_bytes;  // of its texts that are in no dictionary and in no page yet
  std::size_t most_streams;
  EncodingOptions encoding;
  static constexpr std::size_t kLaneColumns = 8;
};

/// One conversion. Work of four kinds is taken by whichever thread is free, so that one huge part
/// keeps all threads busy as well as many parts do:
///   read    the next block of a stream       one at a time of each stream, as gzip is serial
///   settle  a parsed block: totals, rows     one at a time, in order
///           that do not fit, progress
///   fill    a lane of columns with a block   any lanes at once, blocks in order within a lane
///   parse   a block                          any blocks at once
/// Streams read a few parts at once, each every so-many-th, and their blocks take turns, which
/// hides the waiting of each and lets many threads read.
/// Reading comes first, as everything else waits for it; the ring of slots holds it back. A lane
/// that reaches the end of a row group encodes its chunks there and then; the lane that completes a
/// group writes it. All lanes cut at the same rows, because they count the same rows: what is
/// written depends on the input only, not on timing. No lock is held while working.
class Conversion {
 public:
  Conversion(const std::vector<BillPart>& parts, const BillLayout& layout,
             const ConvertOptions& options, const ConvertOutput& output, std::stop_token stop);
  ConvertReport run();

 private:
  using Lock = std::unique_lock<std::mutex>;

  /// Columns that are filled together: by one thread at a time, block after block.
  struct Lane {
    std::size_t first, last;  // output columns
    std::size_t first_leaf;
    std::uint64_t next = 0;  // block
    bool is_busy = false, is_finished = false;
    std::size_t group = 0;
    std::uint64_t group_delivered = 0;           // bytes
    std::int64_t group_rows = 0, file_rows = 0;  // of the group; of the file, before the group
  };
  struct Stream {
    std::unique_ptr<BillReader> reader;
    bool is_busy = false, has_ended = false;
  };
  /// A place for a block in flight: free, reading, read, parsing, parsed, and free again when every
  /// lane has it and it is settled.
  struct Slot {
    enum class State { kFree, kReading, kRead, kParsing, kParsed } state = State::kFree;
    std::uint64_t sequence = 0;
    std::size_t lanes_left = 0, charge = 0;
    bool is_settled = false;
    RowBlock block;
  };
  struct PendingGroup {
    RowGroup group;
    std::size_t chunks_left = 0;
  };

  void open_streams(const std::vector<BillPart>& parts, std::size_t cell_limit);
  void make_lanes();
  void work(unsigned thread);
  bool is_done() const {
    return streams_left_ == 0 && unfinished_lanes_ == 0 && next_settle_ == next_read_;
  }
  // Each does one piece of its kind, without the lock, and returns true; false if there is none
  // now.
  bool try_read(Lock& lock);
  bool try_settle(Lock& lock);
  bool try_fill(Lock& lock, std::size_t first_lane);
  bool try_parse(Lock& lock, BlockParser& parser);

  Slot& slot_of(std::uint64_t sequence) { return slots_[sequence % slots_.size()]; }
  Stream* stream_to_read();
  void pass_empty(Slot& slot);
  bool has_work(const Lane& lane);
  bool is_at_end(const Lane& lane) const { return streams_left_ == 0 && lane.next == next_read_; }
  void settle(RowBlock& block);
  void fill(Lane& lane, const RowBlock& block);
  std::int64_t rows_until_cut(const Lane& lane) const;
  void limit_memory(const Lane& lane);
  void keep_within(std::size_t limit, const Lane& lane, std::size_t (OutputColumn::*held)() const,
                   void (OutputColumn::*give)());
  void finish_group(Lane& lane);
  void write_complete_groups(Lock& lock);
  void free_if_done(Slot& slot);

  ConvertOptions options_;
  const ConvertOutput& output_;
  std::stop_token stop_;
  unsigned threads_;
  BillShape shape_;
  MemoryPlan plan_;
  ParquetSchema schema_;
  std::vector<OutputColumn> columns_;
  std::mutex sink_mutex_;  // the output's functions are called one at a time
  ParquetFiles files_;
  std::vector<PartReport> part_counts_;  // rows and rejected rows only
  std::uint64_t compressed_bytes_ = 0;   // of settled blocks
  ConvertReport report_;

  std::mutex mutex_;  // guards what follows; blocks and columns belong to whoever took the work
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::vector<Stream> streams_;
  std::vector<Lane> lanes_;
  std::size_t turn_ = 0, streams_left_ = 0;
  std::uint64_t next_read_ = 0, next_settle_ = 0;
  bool is_settling_ = false, is_writing_ = false;
  std::size_t unfinished_lanes_ = 0, charged_bytes_ = 0;
  std::map<std::size_t, PendingGroup> pending_groups_;
  std::deque<RowGroup> complete_groups_;
  std::exception_ptr failure_;
};

}  // namespace finops::bill
