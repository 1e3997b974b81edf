#include "finops/service/json_body.h"

#include <set>
#include <vector>

namespace finops {
namespace {

using Json = nlohmann::json;

/// Sees a document while it is read.
class DocumentWatch {
 public:
  /// False: the value is not kept.
  bool on_event(int depth, Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start: names_.emplace_back(); [[fallthrough]];
      case Json::parse_event_t::array_start:
        is_too_deep_ = is_too_deep_ || depth >= kMaxJsonDepth;
        return !is_too_deep_;
      case Json::parse_event_t::key:
        if (!names_.back().insert(parsed.get<std::string>()).second) has_name_twice_ = true;
        return true;
      case Json::parse_event_t::object_end: names_.pop_back(); return true;
      default: return true;
    }
  }
  bool is_too_deep() const { return is_too_deep_; }
  bool has_name_twice() const { return has_name_twice_; }

 private:
  std::vector<std::set<std::string>> names_;  // of the objects that are open
  bool is_too_deep_ = false, has_name_twice_ = false;
};

}  // namespace

std::optional<Json> read_json(std::string_view text, const std::string& field,
                              FieldMistakes& mistakes) {
  DocumentWatch watch;
  std::optional<Json> document;
  try {
    document = Json::parse(text, [&](int depth, Json::parse_event_t event, const Json& parsed) {
      return watch.on_event(depth, event, parsed);
    });
  } catch (const Json::parse_error& error) {
    mistakes.push_back({field, "is no JSON from byte " + std::to_string(error.byte) + " on"});
  } catch (const Json::exception&) {
    mistakes.push_back({field, "has a number that is too large"});
  }
  if (!document) return std::nullopt;
  if (watch.is_too_deep()) {
    mistakes.push_back({field, "has more than " + std::to_string(kMaxJsonDepth) +
                                   " objects and lists in each other"});
    return std::nullopt;
  }
  if (watch.has_name_twice()) {
    mistakes.push_back({field, "has a name twice in one object"});
    return std::nullopt;
  }
  return document;
}

}  // namespace finops
