#include "finops/engines/duckdb/result_type.h"

#include <string_view>

#include "finops/core/error.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

struct PlainType {
  duckdb_type id;
  std::string_view name;
  CellForm form;
};

constexpr PlainType kPlainTypes[] = {
    {DUCKDB_TYPE_BOOLEAN, "BOOLEAN", CellForm::kBoolean},
    {DUCKDB_TYPE_TINYINT, "TINYINT", CellForm::kNumber},
    {DUCKDB_TYPE_SMALLINT, "SMALLINT", CellForm::kNumber},
    {DUCKDB_TYPE_INTEGER, "INTEGER", CellForm::kNumber},
    {DUCKDB_TYPE_BIGINT, "BIGINT", CellForm::kNumber},
    {DUCKDB_TYPE_HUGEINT, "HUGEINT", CellForm::kNumber},
    {DUCKDB_TYPE_UTINYINT, "UTINYINT", CellForm::kNumber},
    {DUCKDB_TYPE_USMALLINT, "USMALLINT", CellForm::kNumber},
    {DUCKDB_TYPE_UINTEGER, "UINTEGER", CellForm::kNumber},
    {DUCKDB_TYPE_UBIGINT, "UBIGINT", CellForm::kNumber},
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT", CellForm::kNumber},
    {DUCKDB_TYPE_FLOAT, "FLOAT", CellForm::kNumber},
    {DUCKDB_TYPE_DOUBLE, "DOUBLE", CellForm::kNumber},
    {DUCKDB_TYPE_VARCHAR, "VARCHAR", CellForm::kText},
    {DUCKDB_TYPE_BLOB, "BLOB", CellForm::kText},
    {DUCKDB_TYPE_UUID, "UUID", CellForm::kText},
    {DUCKDB_TYPE_DATE, "DATE", CellForm::kText},
    {DUCKDB_TYPE_TIME, "TIME", CellForm::kText},
    {DUCKDB_TYPE_INTERVAL, "INTERVAL", CellForm::kText},
    {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP", CellForm::kText},
    {DUCKDB_TYPE_TIMESTAMP_S, "TIMESTAMP_S", CellForm::kText},
    {DUCKDB_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS", CellForm::kText},
    {DUCKDB_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS", CellForm::kText},
    {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE", CellForm::kText},
    {DUCKDB_TYPE_SQLNULL, "NULL", CellForm::kText},
};

const PlainType* plain_type(duckdb_type id) {
  for (const PlainType& plain : kPlainTypes) {
    if (plain.id == id) return &plain;
  }
  return nullptr;
}

ResultType child_type(duckdb_logical_type owned, const std::string& column) {
  return result_type(DuckdbType(owned).get(), column);
}

ResultType decimal_type(duckdb_logical_type type) {
  ResultType made{.id = DUCKDB_TYPE_DECIMAL};
  made.scale = duckdb_decimal_scale(type);
  made.stored_as = duckdb_decimal_internal_type(type);
  made.name = "DECIMAL(" + std::to_string(duckdb_decimal_width(type)) + "," +
              std::to_string(made.scale) + ")";
  return made;
}

ResultType enum_type(duckdb_logical_type type) {
  ResultType made{.id = DUCKDB_TYPE_ENUM, .name = "ENUM"};
  made.stored_as = duckdb_enum_internal_type(type);
  for (idx_t i = 0; i < duckdb_enum_dictionary_size(type); ++i) {
    made.child_names.push_back(owned_text(duckdb_enum_dictionary_value(type, i)));
  }
  return made;
}

ResultType struct_type(duckdb_logical_type type, const std::string& column) {
  ResultType made{.id = DUCKDB_TYPE_STRUCT, .name = "STRUCT("};
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
    made.child_names.push_back(owned_text(duckdb_struct_type_child_name(type, i)));
    made.children.push_back(child_type(duckdb_struct_type_child_type(type, i), column));
    made.name += (i > 0 ? ", " : "") + duckdb_sql::quoted_identifier(made.child_names.back()) +
                 " " + made.children.back().name;
  }
  made.name += ")";
  return made;
}

ResultType map_type(duckdb_logical_type type, const std::string& column) {
  ResultType made{.id = DUCKDB_TYPE_MAP};
  made.children.push_back(child_type(duckdb_map_type_key_type(type), column));
  made.children.push_back(child_type(duckdb_map_type_value_type(type), column));
  made.name = "MAP(" + made.children[0].name + ", " + made.children[1].name + ")";
  return made;
}

ResultType list_type(duckdb_logical_type type, const std::string& column) {
  ResultType made{.id = duckdb_get_type_id(type)};
  if (made.id == DUCKDB_TYPE_LIST) {
    made.children.push_back(child_type(duckdb_list_type_child_type(type), column));
    made.name = made.children[0].name + "[]";
  } else {
    made.size = duckdb_array_type_array_size(type);
    made.children.push_back(child_type(duckdb_array_type_child_type(type), column));
    made.name = made.children[0].name + "[" + std::to_string(made.size) + "]";
  }
  return made;
}

}  // namespace

CellForm ResultType::form() const {
  if (const PlainType* plain = plain_type(id)) return plain->form;
  if (id == DUCKDB_TYPE_DECIMAL) return CellForm::kNumber;
  return id == DUCKDB_TYPE_ENUM ? CellForm::kText : CellForm::kJson;
}

ResultType result_type(duckdb_logical_type type, const std::string& column) {
  const duckdb_type id = duckdb_get_type_id(type);
  if (const PlainType* plain = plain_type(id)) return {.id = id, .name = std::string(plain->name)};
  switch (id) {
    case DUCKDB_TYPE_DECIMAL: return decimal_type(type);
    case DUCKDB_TYPE_ENUM: return enum_type(type);
    case DUCKDB_TYPE_STRUCT: return struct_type(type, column);
    case DUCKDB_TYPE_MAP: return map_type(type, column);
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY: return list_type(type, column);
    default:
      throw Error(
          ErrorKind::kUnsupported,
          "the column '" + column +
              "' has a type that finops does not show; write CAST(… AS VARCHAR) in the query");
  }
}

}  // namespace finops
