#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>

#include "tests/support/bill_delivery.h"

namespace finops {

/// The low bytes of a number, the lowest first.
inline std::string little(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

/// How an archive is written that has one file.
struct ZipForm {
  bool is_stored = false, has_descriptor = false, has_signature = true, is_64 = false;
  std::uint32_t crc_error = 0;
  std::uint64_t length_error = 0;
  std::string comment, behind;
};

inline std::string raw_deflate(const std::string& text) {
  const std::string gzip = gzip_of(text);  // a header of 10 bytes, a trailer of 8
  return gzip.substr(10, gzip.size() - 18);
}

/// An archive with the same file `files` times.
inline std::string zip_of(const std::string& text, const ZipForm& form = {}, int files = 1) {
  const std::string name = "report-00001.csv";
  const std::string packed = form.is_stored ? text : raw_deflate(text);
  const std::uint64_t crc =
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())) ^
      form.crc_error;
  const std::uint64_t length = text.size() + form.length_error;
  const std::string method = little(form.is_stored ? 0 : 8, 2);
  const int wide = form.is_64 ? 8 : 4;
  const std::string sizes =
      form.is_64 ? std::string(8, '\xFF') : little(packed.size(), 4) + little(length, 4);
  const std::string extra =
      form.is_64 ? little(1, 2) + little(16, 2) + little(length, 8) + little(packed.size(), 8) : "";
  const std::string flags = little(form.has_descriptor ? 8 : 0, 2);
  std::string archive, directory;
  for (int i = 0; i < files; ++i) {
    const std::uint64_t offset = archive.size();
    archive += "PK\3\4" + little(45, 2) + flags + method + little(0, 4);
    archive += form.has_descriptor ? std::string(12, '\0') : little(crc, 4) + sizes;
    archive += little(name.size(), 2) + little(form.has_descriptor ? 0 : extra.size(), 2) + name;
    archive += (form.has_descriptor ? "" : extra) + packed;
    if (form.has_descriptor) {
      archive += (form.has_signature ? "PK\7\10" : "") + little(crc, 4) +
                 little(packed.size(), wide) + little(length, wide);
    }
    directory += "PK\1\2" + little(45, 2) + little(45, 2) + flags + method + little(0, 4) +
                 little(crc, 4) + sizes + little(name.size(), 2) + little(extra.size(), 2) +
                 little(0, 2) + little(0, 8) + little(offset, 4) + name + extra;
  }
  const std::uint64_t at = archive.size();
  archive += directory;
  if (form.is_64) {
    archive += std::string("PK\6\6") + little(44, 8) + little(45, 2) + little(45, 2) +
               little(0, 8) + little(1, 8) + little(1, 8) + little(directory.size(), 8) +
               little(at, 8);
    archive +=
        std::string("PK\6\7") + little(0, 4) + little(at + directory.size(), 8) + little(1, 4);
  }
  archive += std::string("PK\5\6") + little(0, 4) + little(static_cast<std::uint64_t>(files), 2) +
             little(static_cast<std::uint64_t>(files), 2) + little(directory.size(), 4) +
             little(at, 4) + little(form.comment.size(), 2) + form.comment;
  return archive + form.behind;
}

}  // namespace finops
