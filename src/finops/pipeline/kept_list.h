#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "finops/stores/object_store.h"

namespace finops {

/// A list that runs leave to the next one: the JSON objects under `name` of one object of a store.
class KeptList {
 public:
  using Json = nlohmann::ordered_json;

  KeptList(ObjectStore& store, const char* key, const char* name)
      : store_(store), key_(key), name_(name) {}

  /// Its members that are objects; none when it is not there or broken.
  std::vector<Json> read() const;
  /// In place of what was kept.
  void write(Json list);
  void remove() { store_.remove(key_); }

 private:
  ObjectStore& store_;
  const char* key_;
  const char* name_;
};

/// The text that `json` has at `key`; empty when it has none.
std::string text_in(const KeptList::Json& json, const char* key);

}  // namespace finops
