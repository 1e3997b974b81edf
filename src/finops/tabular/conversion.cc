#include "finops/tabular/conversion.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "finops/core/error.h"

namespace finops::bill {
namespace {

constexpr std::size_t kLeastMemory = 64 << 20;
constexpr std::size_t kUsualBlockMemory = 5 << 19;  // text, positions, numbers
constexpr std::size_t kUsualMemory = 256 << 20;     // below, parts are read one after the other
constexpr std::size_t kMostStreams = 4;
constexpr std::size_t kSliceRows = 16'384;  // that a page may grow by at once

unsigned thread_count(unsigned wanted) {
  return wanted != 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

std::function<ConvertOutput::Named()> one_at_a_time(const ConvertOutput& output,
                                                    std::mutex& mutex) {
  return [&output, &mutex] {
    const std::lock_guard lock(mutex);
    return output.next_parquet();
  };
}

}  // namespace

MemoryPlan::MemoryPlan(const ConvertOptions& options, std::size_t columns, unsigned threads) {
  const std::size_t memory = std::max<std::size_t>(options.memory_bytes, kLeastMemory);
  const std::size_t spare = memory - kLeastMemory / 4 * 3;  // beyond what a load needs anyhow
  const std::size_t most_blocks = memory / 8 / kUsualBlockMemory;
  blocks = std::min<std::size_t>(std::max(6u, 3 * threads), std::max<std::size_t>(most_blocks, 3));
  giant_block_bytes = memory / 4;
  // A group is kept as compressed pages, which are smaller than what was delivered for them; up to
  // three are in memory for a while: one being filled, one complete, one being written.
  group_delivered_bytes = spare / 8 * 7;
  most_streams = memory < kUsualMemory ? 1 : kMostStreams;
  const std::size_t lanes = columns / kLaneColumns + 1;
  lane_dictionary_bytes = std::max<std::size_t>(memory / 4 / lanes, 1 << 20);
  lane_plain_bytes = std::max<std::size_t>(memory / 8 / lanes, 1 << 19);
  // Readers take the longer for a page the fewer rows it has.
  const std::size_t code_bytes = sizeof(std::uint32_t) * (columns + 1);
  encoding.page_rows =
      std::clamp<std::size_t>(spare / 8 * 5 / code_bytes, 1024, encoding.page_rows);
}

Conversion::Conversion(const std::vector<BillPart>& parts, const BillLayout& layout,
                       const ConvertOptions& options, const ConvertOutput& output,
                       std::stop_token stop)
    : options_(options),
      output_(output),
      stop_(std::move(stop)),
      threads_(thread_count(options.threads)),
      shape_(layout),
      plan_(options, layout.delivered.size() + layout.added.size(), threads_),
      schema_(file_columns(layout)),
      columns_(output_columns(shape_, plan_.encoding)),
      files_(schema_, std::max<std::int64_t>(options.file_rows, 1),
             one_at_a_time(output, sink_mutex_)),
      part_counts_(parts.size()),
      slots_(plan_.blocks) {
  if (columns_.empty()) {
    throw Error(ErrorKind::kUnsupported, "a bill cannot be converted to a table without columns");
  }
  options_.row_group_rows = std::max<std::int64_t>(options.row_group_rows, 1);
  options_.file_rows = std::max<std::int64_t>(options.file_rows, 1);
  open_streams(parts, options.cell_limit);
  make_lanes();
}

void Conversion::open_streams(const std::vector<BillPart>& parts, std::size_t cell_limit) {
  const bool are_by_column = std::ranges::any_of(
      parts, [](const BillPart& part) { return part.format == BillFormat::kParquet; });
  // An open Parquet file needs some pages of every column.
  const std::size_t count = std::min(parts.size(), are_by_column ? 1 : plan_.most_streams);
  for (std::size_t i = 0; i < count; ++i) {
    streams_.push_back({std::make_unique<BillReader>(parts, PartChoice{i, count}, shape_,
                                                     plan_.block_bytes, cell_limit)});
  }
  streams_left_ = count;
}

void Conversion::make_lanes() {
  const std::vector<Column> columns = file_columns(*shape_.layout);
  std::size_t leaf = 0;
  for (std::size_t first = 0; first < columns.size(); first += MemoryPlan::kLaneColumns) {
    Lane lane{first, std::min(first + MemoryPlan::kLaneColumns, columns.size()), leaf};
    for (std::size_t c = lane.first; c < lane.last; ++c) leaf += is_map(columns[c].type) ? 2 : 1;
    lanes_.push_back(lane);
  }
  unfinished_lanes_ = lanes_.size();
}

/// The one whose turn it is. Turns depend on the input only: whoever's it is has come back from its
/// last one, so it is known whether it has ended.
Conversion::Stream* Conversion::stream_to_read() {
  if (streams_left_ == 0 || slot_of(next_read_).state != Slot::State::kFree) return nullptr;
  if (is_writing_ && !complete_groups_.empty()) return nullptr;  // the disk is slower than we are
  if (charged_bytes_ > plan_.giant_block_bytes) return nullptr;
  while (streams_[turn_].has_ended) turn_ = (turn_ + 1) % streams_.size();
  return streams_[turn_].is_busy ? nullptr : &streams_[turn_];
}

bool Conversion::try_read(Lock& lock) {
  Stream* const stream = stream_to_read();
  if (stream == nullptr) return false;
  Slot& slot = slot_of(next_read_);
  turn_ = (turn_ + 1) % streams_.size();
  slot.sequence = next_read_++;
  slot.state = Slot::State::kReading;
  slot.is_settled = false;
  slot.charge = 0;
  stream->is_busy = true;
  lock.unlock();
  const bool has_block = stream->reader->read(slot.block);
  lock.lock();
  stream->is_busy = false;
  if (!has_block) {
    stream->has_ended = true;
    --streams_left_;
    pass_empty(slot);
    return true;
  }
  slot.state = Slot::State::kRead;
  // What a giant record makes of the block: the positions of its separators are four bytes each.
  const std::size_t text = slot.block.text.capacity();
  slot.charge = (text > 4 * plan_.block_bytes ? 5 * text : text) + slot.block.delivered.memory();
  for (const CellColumn& column : slot.block.by_column) slot.charge += column.memory();
  charged_bytes_ += slot.charge;
  return true;
}

/// The turn at which a stream was found to have ended.
void Conversion::pass_empty(Slot& slot) {
  slot.block.plan = nullptr;
  slot.block.rows = 0;
  slot.lanes_left = lanes_.size();
  slot.state = Slot::State::kParsed;
}

bool Conversion::try_parse(Lock& lock, BlockParser& parser) {
  std::uint64_t at = next_settle_;  // what was settled was parsed
  while (at < next_read_ && slot_of(at).state != Slot::State::kRead) ++at;
  if (at == next_read_) return false;
  Slot& slot = slot_of(at);
  slot.state = Slot::State::kParsing;
  lock.unlock();
  parser.parse(slot.block);
  lock.lock();
  slot.lanes_left = lanes_.size();
  slot.state = Slot::State::kParsed;
  return true;
}

bool Conversion::try_settle(Lock& lock) {
  Slot& slot = slot_of(next_settle_);
  if (is_settling_ || next_settle_ == next_read_ || slot.state != Slot::State::kParsed)
    return false;
  is_settling_ = true;
  lock.unlock();
  if (slot.block.plan != nullptr) settle(slot.block);
  lock.lock();
  is_settling_ = false;
  ++next_settle_;
  slot.is_settled = true;
  free_if_done(slot);
  return true;
}

void Conversion::settle(RowBlock& block) {
  block.fitting_money->add_to(report_.source, report_.absolute_cost);
  block.rejected_money->add_to(report_.source, report_.absolute_cost);
  block.rejected_money->add_to(report_.rejected, report_.rejected_absolute_cost);
  PartReport& counts = part_counts_[block.plan->part];
  counts.rejected += block.rejected.size();
  counts.rows += block.rows + block.rejected.size();
  report_.rejected_rows += block.rejected.size();
  report_.rows += block.rows + block.rejected.size();
  const std::lock_guard lock(sink_mutex_);
  for (RejectedRow& row : block.rejected) {
    if (output_.on_rejected) output_.on_rejected(std::move(row));
  }
  compressed_bytes_ += block.compressed_bytes;
  if (output_.on_progress) output_.on_progress(compressed_bytes_, report_.rows);
}

void Conversion::free_if_done(Slot& slot) {
  if (!slot.is_settled || slot.lanes_left != 0) return;
  if (slot.block.text.capacity() > 4 * plan_.block_bytes) {
    slot.block.text.release();
    slot.block.positions.release();
  }
  for (CellColumn& column : slot.block.by_column) column.texts.reset();
  charged_bytes_ -= slot.charge;
  slot.state = Slot::State::kFree;
}

bool Conversion::has_work(const Lane& lane) {
  if (lane.is_busy || lane.is_finished) return false;
  const Slot& slot = slot_of(lane.next);
  return is_at_end(lane) || (slot.state == Slot::State::kParsed && slot.sequence == lane.next);
}

/// The lane that is behind the most; among several the first from `first_lane` on, which is the
/// thread's own: the dictionaries of a lane stay in the cache of one processor.
bool Conversion::try_fill(Lock& lock, std::size_t first_lane) {
  Lane* oldest = nullptr;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[(first_lane + i) % lanes_.size()];
    if ((oldest == nullptr || lane.next < oldest->next) && has_work(lane)) oldest = &lane;
  }
  if (oldest == nullptr) return false;
  Lane& lane = *oldest;
  const bool is_last = is_at_end(lane);
  Slot& slot = slot_of(lane.next);
  lane.is_busy = true;
  lock.unlock();
  if (!is_last) fill(lane, slot.block);
  if (is_last && lane.group_rows > 0) finish_group(lane);
  lock.lock();
  lane.is_busy = false;
  if (is_last) {
    lane.is_finished = true;
    --unfinished_lanes_;
  } else {
    ++lane.next;
    --slot.lanes_left;
    free_if_done(slot);
  }
  write_complete_groups(lock);
  return true;
}

std::int64_t Conversion::rows_until_cut(const Lane& lane) const {
  return std::min(options_.row_group_rows, options_.file_rows - lane.file_rows) - lane.group_rows;
}

void Conversion::fill(Lane& lane, const RowBlock& block) {
  for (std::size_t first = 0; first < block.rows;) {
    const std::size_t rows =
        std::min({block.rows - first, kSliceRows, static_cast<std::size_t>(rows_until_cut(lane))});
    for (std::size_t c = lane.first; c < lane.last; ++c) columns_[c].append(block, first, rows);
    limit_memory(lane);
    first += rows;
    lane.group_rows += static_cast<std::int64_t>(rows);
    lane.group_delivered += block.compressed_bytes * rows / block.rows;
    const bool is_large = lane.group_delivered >= plan_.group_delivered_bytes;
    if (rows_until_cut(lane) <= 0 || is_large) finish_group(lane);
  }
}

/// What a lane does depends on its blocks only.
void Conversion::limit_memory(const Lane& lane) {
  keep_within(plan_.lane_dictionary_bytes, lane, &OutputColumn::dictionary_memory,
              &OutputColumn::give_up_dictionary);
  keep_within(plan_.lane_plain_bytes, lane, &OutputColumn::plain_memory,
              &OutputColumn::end_plain_page);
}

/// The column that holds most gives it first.
void Conversion::keep_within(std::size_t limit, const Lane& lane,
                             std::size_t (OutputColumn::*held)() const,
                             void (OutputColumn::*give)()) {
  for (;;) {
    std::size_t total = 0, largest = lane.first, most = 0;
    for (std::size_t c = lane.first; c < lane.last; ++c) {
      const std::size_t bytes = (columns_[c].*held)();
      total += bytes;
      if (bytes > most) largest = c, most = bytes;
    }
    if (total <= limit || most == 0) return;
    (columns_[largest].*give)();
  }
}

void Conversion::finish_group(Lane& lane) {
  std::vector<ColumnChunk> chunks;
  for (std::size_t c = lane.first; c < lane.last; ++c) columns_[c].finish_chunk(chunks);
  const std::lock_guard lock(mutex_);
  PendingGroup& pending = pending_groups_[lane.group];
  if (pending.group.chunks.empty()) {
    pending.chunks_left = schema_.leaves().size();
    pending.group.chunks.resize(pending.chunks_left);
    pending.group.rows = lane.group_rows;
  }
  std::move(chunks.begin(), chunks.end(),
            pending.group.chunks.begin() + static_cast<std::ptrdiff_t>(lane.first_leaf));
  pending.chunks_left -= chunks.size();
  if (pending.chunks_left == 0) {  // in order, as every lane goes through its groups in order
    complete_groups_.push_back(std::move(pending.group));
    pending_groups_.erase(lane.group);
  }
  ++lane.group;
  lane.file_rows += lane.group_rows;
  if (lane.file_rows >= options_.file_rows) lane.file_rows = 0;
  lane.group_rows = 0;
  lane.group_delivered = 0;
}

void Conversion::write_complete_groups(Lock& lock) {
  if (is_writing_) return;
  is_writing_ = true;
  while (!complete_groups_.empty()) {
    RowGroup group = std::move(complete_groups_.front());
    complete_groups_.pop_front();
    lock.unlock();
    files_.write(group);
    lock.lock();
    changed_.notify_all();
  }
  is_writing_ = false;
}

void Conversion::work(unsigned thread) {
  const std::size_t first_lane = lanes_.size() * thread / threads_;
  Lock lock(mutex_);
  try {
    BlockParser parser(shape_);
    while (!failure_ && !is_done()) {
      if (stop_.stop_requested())
        throw Error(ErrorKind::kCancelled, "the conversion was cancelled");
      const bool did_work = try_read(lock) || try_settle(lock) || try_fill(lock, first_lane) ||
                            try_parse(lock, parser);
      if (did_work) {
        changed_.notify_all();
      } else {
        changed_.wait(lock);
      }
    }
  } catch (...) {  // is thrown again by run(), on the caller's thread
    if (!lock.owns_lock()) lock.lock();
    if (!failure_) failure_ = std::current_exception();
  }
  changed_.notify_all();
}

ConvertReport Conversion::run() {
  {
    std::vector<std::jthread> threads;
    try {
      for (unsigned i = 1; i < threads_; ++i) threads.emplace_back([this, i] { work(i); });
    } catch (const std::system_error&) {  // fewer threads do the same work
    }
    work(0);
  }
  if (failure_) std::rethrow_exception(failure_);
  if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "the conversion was cancelled");
  report_.files = files_.finish();
  for (std::size_t i = 0; i < part_counts_.size(); ++i) {
    auto& of_stream = streams_[i % streams_.size()].reader->reports();
    report_.parts.push_back(std::move(of_stream[i / streams_.size()]));
  }
  for (std::size_t i = 0; i < report_.parts.size(); ++i) {
    report_.parts[i].rows = part_counts_[i].rows;
    report_.parts[i].rejected = part_counts_[i].rejected;
  }
  return std::move(report_);
}

}  // namespace finops::bill

namespace finops {

ConvertReport convert_bill(const std::vector<BillPart>& parts, const BillLayout& layout,
                           const ConvertOptions& options, const ConvertOutput& output,
                           std::stop_token stop) {
  return bill::Conversion(parts, layout, options, output, std::move(stop)).run();
}

}  // namespace finops
