#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "finops/stores/object_store.h"
#include "tests/support/thrown.h"

namespace finops {

/// Where one ObjectStore may differ from the contract, each with its reason. Every field is a debt:
/// the suite asserts the deviation (kUnsupported), so that a store that gets better makes its test
/// fail and the line goes away.
struct ObjectStoreQuirks {
  /// An object "a" beside an object "a/b". A file system has one name for both.
  bool holds_objects_beside_folders = true;
  /// Keys with an empty name, "." or ".." between slashes, or a slash at an end. In a file system
  /// they mean another file, or one outside the root.
  bool holds_odd_slashes = true;
  /// Keys with a line end; a server that reads requests by lines may not.
  bool holds_line_ends = true;
  /// A name of more than 255 bytes between slashes.
  bool holds_long_names = true;
  /// An object that gets its old content back gets an ETag of its own. S3's is a hash of the
  /// content.
  bool etags_are_new = true;
  /// The server behind the store looks at a condition, then opens the object, and lists what is
  /// half replaced under a name of its own: a replacement in between is seen, and no client can
  /// help it.
  bool server_shows_replacements = false;
  /// The server behind the store looks whether an object is there and then makes it, in two steps:
  /// of several that create it at once more than one may be told that it did.
  bool server_creates_in_two_steps = false;
};

/// One implementation under test. `make` returns an empty store, or nullptr when the server that it
/// needs is not there.
struct ObjectStoreCase {
  std::string name;
  std::function<std::shared_ptr<ObjectStore>()> make;
  ObjectStoreQuirks quirks = {};
  int many_objects = 10'000;  // more than a page of a listing

  /// Without this GoogleTest prints the struct as bytes into every test name.
  friend void PrintTo(const ObjectStoreCase& store, std::ostream* out) { *out << store.name; }
};

inline std::string name_of(const ::testing::TestParamInfo<ObjectStoreCase>& test) {
  return test.param.name;
}

/// What every ObjectStore does. A new store adds one ObjectStoreCase to
/// object_store_contract_test.cc.
class ObjectStoreContract : public ::testing::TestWithParam<ObjectStoreCase> {
 protected:
  void SetUp() override;

  void put(std::string_view key, std::string_view text) { put_text(*store_, key, text); }
  std::string get(std::string_view key, const ReadOptions& options = {});
  std::string etag(std::string_view key) { return store_->stat(key).value().etag; }
  std::vector<std::string> keys(std::string_view prefix);
  const ObjectStoreQuirks& quirks() const { return GetParam().quirks; }

  /// Puts the key and reads it back where the store can hold it, else expects the refusal.
  void expect_held(bool can_hold, std::string_view key);

  std::shared_ptr<ObjectStore> store_;
};

/// What a store does with keys that are no paths. Not for a store before a server that changes such
/// keys, which no client can see.
class OddSlashesContract : public ObjectStoreContract {};

}  // namespace finops
