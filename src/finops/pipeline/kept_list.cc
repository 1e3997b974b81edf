#include "finops/pipeline/kept_list.h"

#include <utility>

namespace finops {

std::vector<KeptList::Json> KeptList::read() const {
  constexpr std::uint64_t kLongest = 16 << 20;
  std::vector<Json> members;
  if (!store_.stat(key_)) return members;
  const Json document = Json::parse(read_all(store_, key_, kLongest), nullptr, false);
  if (!document.is_object() || !document.contains(name_)) return members;
  for (const Json& one : document[name_]) {
    if (one.is_object()) members.push_back(one);
  }
  return members;
}

void KeptList::write(Json list) {
  Json document;
  document[name_] = std::move(list);
  put_text(store_, key_, document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string text_in(const KeptList::Json& json, const char* key) {
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}

}  // namespace finops
