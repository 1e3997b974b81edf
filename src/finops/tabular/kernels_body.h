// The dictionary lookups, included by kernels_avx2.cc and kernels_portable.cc inside their
// namespaces; no header of its own right. Each defines before: Head (the first 32 bytes of a
// string, zero-padded), load_head, load_full, equal_head and fold (32 bytes and a length to 64
// well-mixed bits).

inline std::uint32_t hash_cell(const char* data, std::uint32_t length, const Head& head) {
  std::uint64_t h = fold(head, length);
  if (length > StringDictionary::kHead) [[unlikely]] {
    std::uint32_t at = StringDictionary::kHead;
    for (; at + 32 < length; at += 32) {
      h = h * 0x9E3779B97F4A7C15ull ^ fold(load_full(data + at), at);
    }
    h = h * 0x9E3779B97F4A7C15ull ^ fold(load_full(data + length - 32), 0);
  }
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

inline bool matches(const StringDictionary& d, std::uint32_t number, const char* data,
                    std::uint32_t length, const Head& head) {
  const StringDictionary::Entry& e = d.entries[number];
  if (!equal_head(head, d.heads[number].bytes) || e.length != length) return false;
  if (length <= StringDictionary::kHead) return true;
  // In steps of 32 bytes, the last one overlapping: a string of more than 32 bytes has 32 to spare.
  const char* known = d.bytes.data() + e.offset;
  for (std::uint32_t at = 32; at + 32 < length; at += 32) {
    if (!equal_head(load_full(data + at), known + at)) return false;
  }
  return equal_head(load_full(data + length - 32), known + length - 32);
}

inline std::uint32_t find_or_insert(StringDictionary& d, const char* data, std::uint32_t length,
                                    const Head& head, std::uint32_t hash) {
  const auto mask = static_cast<std::uint32_t>(d.slots.size() - 1);
  for (std::uint32_t at = hash & mask;; at = (at + 1) & mask) {
    const StringDictionary::Slot slot = d.slots[at];
    if (slot.hash == hash && matches(d, slot.number, data, length, head)) [[likely]] {
      return slot.number;
    }
    if (slot.number == 0) return d.insert(data, length, hash);
  }
}

template <bool kRaw>
inline Cell get_cell(const CellRange& cells, std::size_t row, std::string& scratch) {
  if constexpr (kRaw) return raw_cell_at(cells, row);
  return cell_at(cells, row, scratch);
}

/// A dictionary larger than the cache: 32 cells go through hashing, slot and entry together, so
/// that their cache misses overlap.
template <bool kRaw>
void encode_large(StringDictionary& d, const CellRange& cells, std::uint32_t* codes) {
  constexpr std::size_t kBatch = 32;
  std::string scratch[kBatch];
  Cell cell[kBatch];
  std::uint32_t hash[kBatch], number[kBatch];
  for (std::size_t first = 0; first < cells.rows; first += kBatch) {
    const std::size_t n = cells.rows - first < kBatch ? cells.rows - first : kBatch;
    const auto mask = static_cast<std::uint32_t>(d.slots.size() - 1);
    for (std::size_t i = 0; i < n; ++i) {
      cell[i] = get_cell<kRaw>(cells, first + i, scratch[i]);
      hash[i] = hash_cell(cell[i].data, cell[i].length, load_head(cell[i].data, cell[i].length));
      __builtin_prefetch(&d.slots[hash[i] & mask]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      number[i] = d.slots[hash[i] & mask].number;
      __builtin_prefetch(&d.heads[number[i]]);
      __builtin_prefetch(&d.entries[number[i]]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Head head = load_head(cell[i].data, cell[i].length);
      if (!matches(d, number[i], cell[i].data, cell[i].length, head)) {
        number[i] = find_or_insert(d, cell[i].data, cell[i].length, head, hash[i]);
      }
      codes[first + i] = number[i] - 1;
    }
  }
}

std::uint32_t find_string(StringDictionary& d, const char* data, std::uint32_t length) {
  const Head head = load_head(data, length);
  return find_or_insert(d, data, length, head, hash_cell(data, length, head));
}

/// The empty string is code 0.
void begin_dictionary(StringDictionary& d) {
  static constexpr char kNothing[kTextPadding] = {};
  if (d.entries.size() == 1) find_string(d, kNothing, 0);
}

template <bool kRaw>
std::size_t encode_cells(StringDictionary& d, const CellRange& cells, bool use_last,
                         std::uint32_t* codes) {
  if (d.entries.size() > 2048 && !use_last) {
    encode_large<kRaw>(d, cells, codes);
    return 0;
  }
  std::string scratch;
  std::size_t repeats = 0;
  std::uint32_t last = 1;
  for (std::size_t i = 0; i < cells.rows; ++i) {
    const auto [data, length] = get_cell<kRaw>(cells, i, scratch);
    const Head head = load_head(data, length);
    std::uint32_t number;
    if (use_last && matches(d, last, data, length, head)) {
      number = last;
    } else {
      number = find_or_insert(d, data, length, head, hash_cell(data, length, head));
    }
    repeats += number == last ? 1 : 0;
    last = number;
    codes[i] = number - 1;
  }
  return repeats;
}

std::size_t encode(StringDictionary& d, const CellRange& cells, bool is_raw, bool use_last,
                   std::uint32_t* codes) {
  begin_dictionary(d);
  return is_raw ? encode_cells<true>(d, cells, use_last, codes)
                : encode_cells<false>(d, cells, use_last, codes);
}

std::uint32_t lookup(StringDictionary& d, const char* data, std::uint32_t length) {
  begin_dictionary(d);
  return find_string(d, data, length) - 1;
}
