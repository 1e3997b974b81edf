#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace finops::bill {

/// Distinct strings, numbered by first appearance; code 0 is the empty string, which is there from
/// the start: in text columns it stands for NULL, so the hot loop has no branch for it. Lookups are
/// in kernels_body.h, one per instruction set; this class holds the storage and the rare path. Not
/// thread-safe.
///
/// Layout, chosen for lookups: `slots` is an open-addressing table of entry numbers with their
/// hashes; `heads` has the first 32 bytes of every string, zero-padded, so that nearly every cell
/// is decided by one 32-byte comparison. Entry 0 is a sentinel that equals nothing, so that a
/// vacant slot costs no test of its own. Code = entry number - 1.
class StringDictionary {
 public:
  static constexpr std::size_t kHead = 32;
  struct alignas(kHead) Head {  // never straddles a cache line
    char bytes[kHead];
  };
  struct Entry {
    std::uint32_t length;
    std::uint32_t offset;  // of the whole string in `bytes`
    std::uint32_t hash;
  };
  struct Slot {
    std::uint32_t number;  // 0: vacant
    std::uint32_t hash;    // whole, so that a collision is seen without touching the entry
  };

  StringDictionary() { clear(); }

  /// Forgets everything. The table keeps its size, unless it is large: the next row group's
  /// dictionary will be about as large.
  void clear() {
    heads.assign(1, Head{});
    entries.assign(1, Entry{UINT32_MAX, 0, 0});
    bytes.assign(kHead, '\0');
    value_bytes = 0;
    slots.assign(slots.empty() || slots.size() > kKeptSlots ? kFirstSlots : slots.size(), Slot{});
  }

  /// Adds a string that is not there; returns its entry number. `hash` is the lookup's.
  std::uint32_t insert(const char* data, std::uint32_t length, std::uint32_t hash) {
    if (entries.size() * (slots.size() < 65536 ? 4 : 2) > slots.size()) grow();
    const auto number = static_cast<std::uint32_t>(entries.size());
    Head head{};
    std::memcpy(head.bytes, data, length < kHead ? length : kHead);
    heads.push_back(head);
    entries.push_back({length, static_cast<std::uint32_t>(bytes.size()), hash});
    bytes.insert(bytes.end(), data, data + length);
    value_bytes += length + 4;
    place(number, hash);
    return number;
  }

  /// Distinct strings, the empty one included.
  std::size_t size() const { return entries.size() - 1; }
  std::string_view value(std::uint32_t code) const {
    const Entry& entry = entries[code + 1];
    return {bytes.data() + entry.offset, entry.length};
  }
  std::size_t memory() const {
    return slots.size() * sizeof(Slot) + heads.size() * (sizeof(Head) + sizeof(Entry)) +
           bytes.size();
  }

  std::vector<Slot> slots;
  std::vector<Head> heads;
  std::vector<Entry> entries;  // as heads
  std::vector<char> bytes;
  std::size_t value_bytes = 0;  // as a PLAIN dictionary page

 private:
  static constexpr std::size_t kFirstSlots = 256, kKeptSlots = 1 << 16;

  void place(std::uint32_t number, std::uint32_t hash) {
    const auto mask = static_cast<std::uint32_t>(slots.size() - 1);
    std::uint32_t slot = hash & mask;
    while (slots[slot].number != 0) slot = (slot + 1) & mask;
    slots[slot] = {number, hash};
  }
  void grow() {
    slots.assign(slots.size() * 4, Slot{});
    for (std::uint32_t number = 1; number < entries.size(); ++number) {
      place(number, entries[number].hash);
    }
  }
};

}  // namespace finops::bill
