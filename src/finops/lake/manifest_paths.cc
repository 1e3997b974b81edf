#include "finops/lake/manifest_paths.h"

#include <vector>

#include "finops/core/error.h"
#include "finops/lake/avro.h"
#include "finops/lake/manifest_schema.h"

namespace finops::lake {
namespace {

/// Encodes a field anew; false: it stays as it is, and the cursor did not move.
using FieldCopy = std::function<bool(const avro::Field&, avro::Decoder&, avro::Encoder&)>;

void copy_record(const avro::Schema& schema, avro::Decoder& in, avro::Encoder& out,
                 const FieldCopy& copy_field) {
  if (schema.type != avro::Schema::Type::kRecord) {
    throw Error(ErrorKind::kInvalidData, "manifest: its rows are no records");
  }
  for (const auto& field : schema.fields) {
    if (copy_field(field, in, out)) continue;
    const auto start = in.position();
    in.skip(*field.type);
    out.append(in.since(start));
  }
}

std::string copy_container(std::string_view file, const FieldCopy& copy_field) {
  avro::ContainerReader container(file);
  const auto schema = parsed_schema(container.schema_text());
  std::vector<std::string> rows;
  container.for_each([&](avro::Decoder& in) {
    avro::Encoder out;
    copy_record(*schema, in, out, copy_field);
    rows.push_back(std::move(out.out()));
  });
  std::map<std::string, std::string> header;
  for (const auto& [key, value] : container.metadata()) {
    if (!key.starts_with("avro.")) header[key] = value;
  }
  return avro::write_container(container.schema_text(), header, rows, avro::Codec::kDeflate);
}

/// A text that may be null.
void copy_uri(const avro::Field& field, avro::Decoder& in, avro::Encoder& out,
              const NewPlace& new_place) {
  auto value = in.read(*field.type);
  if (!value.is_null()) value = new_place(value.as_string());
  out.write(*field.type, value);
}

}  // namespace

std::string manifest_with_new_paths(std::string_view manifest, const NewPlace& new_place) {
  constexpr int kDataFile = 2, kFilePath = 100, kReferencedDataFile = 143;
  const FieldCopy in_data_file = [&](const avro::Field& field, avro::Decoder& in,
                                     avro::Encoder& out) {
    if (field.id != kFilePath && field.id != kReferencedDataFile) return false;
    copy_uri(field, in, out, new_place);
    return true;
  };
  return copy_container(manifest,
                        [&](const avro::Field& field, avro::Decoder& in, avro::Encoder& out) {
                          if (field.id != kDataFile) return false;
                          copy_record(*field.type, in, out, in_data_file);
                          return true;
                        });
}

std::string manifest_list_with_new_paths(std::string_view list,
                                         const std::map<std::string, MovedManifest>& moved) {
  constexpr int kPath = 500, kLength = 501;
  const MovedManifest* current = nullptr;  // of the row; kPath stands before kLength
  return copy_container(list, [&](const avro::Field& field, avro::Decoder& in, avro::Encoder& out) {
    if (field.id == kPath) {
      const auto path = in.read(*field.type).as_string();
      const auto it = moved.find(path);
      if (it == moved.end()) {
        throw Error(ErrorKind::kInvalidData, "the manifest list names '" + path + "' anew");
      }
      current = &it->second;
      out.write(*field.type, it->second.uri);
      return true;
    }
    if (field.id != kLength) return false;
    if (current == nullptr) {
      throw Error(ErrorKind::kUnsupported, "the manifest list has no path before the length");
    }
    in.skip(*field.type);
    out.write(*field.type, current->bytes);
    return true;
  });
}

}  // namespace finops::lake
