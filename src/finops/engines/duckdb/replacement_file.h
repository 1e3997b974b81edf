#pragma once

#include <filesystem>
#include <string>

namespace finops {

/// A file that DuckDB writes under a temporary path beside the final one, and that then takes its
/// place at once and durably: who opens the final path finds the old file or the new one. Destroyed
/// before publish(), it leaves nothing. The folder is made when it is missing.
class ReplacementFile {
 public:
  /// `mark` tells apart those that may be made at once for one path.
  ReplacementFile(std::filesystem::path final_path, const std::string& mark);
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  const std::string& temporary_path() const { return temporary_path_; }
  void publish();

 private:
  const std::filesystem::path final_path_;
  std::string temporary_path_;
};

/// With those above it. Says which folder cannot be made, and why.
void make_folder(const std::filesystem::path& folder);

/// Writes small files of ours in the same way.
void replace_text_file(const std::filesystem::path& path, const std::string& text);

/// Held until destruction, or until the process ends in any way: one holder per path on a machine.
/// The empty file stays.
class FileLock {
 public:
  /// Waits for the one who holds it.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace finops
