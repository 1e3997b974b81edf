#include "finops/engines/duckdb/trino_functions.h"

namespace finops {
namespace {

constexpr const char* kDecimal = "decimal(38, 18)";

// Trino's division and remainder are exact within 256 bits, and the quotient is rounded half-up: it
// differs from half-even at a tie only, where the rest is half of what the last decimal is worth.
// A product is the sum of its whole and its broken parts, since all of its 36 decimals do not fit.
constexpr const char* kDecimalProduct =
    R"sql(FUNCTION decimal_product(a decimal(38, 18), b decimal(38, 18)) RETURNS decimal(38, 18) BEGIN
  DECLARE near decimal(38, 18);
  DECLARE far decimal(38, 36);
  DECLARE half decimal(38, 36) DEFAULT DECIMAL '0.0000000000000000005';
  DECLARE unit decimal(38, 18) DEFAULT DECIMAL '0.000000000000000001';
  IF a IS NULL OR b IS NULL THEN RETURN NULL; END IF;
  SET far = CAST(a - truncate(a) AS decimal(18, 18)) * CAST(b - truncate(b) AS decimal(18, 18));
  SET near = CAST(truncate(a) AS decimal(20, 0)) * b
    + CAST(a - truncate(a) AS decimal(18, 18)) * CAST(truncate(b) AS decimal(20, 0)) + CAST(truncate(far, 18) AS decimal(18, 18));
  SET far = abs(far - truncate(far, 18));
  IF far > half OR (far = half AND near % DECIMAL '0.000000000000000002' <> 0) THEN
    RETURN near + CAST(sign(a) * sign(b) AS decimal(1, 0)) * unit;
  END IF;
  RETURN near;
END)sql";

constexpr const char* kDecimalQuotient =
    R"sql(FUNCTION decimal_quotient(a decimal(38, 18), b decimal(38, 18)) RETURNS decimal(38, 18) BEGIN
  DECLARE half_up decimal(38, 18);
  DECLARE unit_of_b decimal(38, 36);
  DECLARE rest decimal(38, 36);
  IF a IS NULL OR b IS NULL OR b = 0 THEN RETURN NULL; END IF;
  SET half_up = a / b;
  SET unit_of_b = b * DECIMAL '0.000000000000000001';
  SET rest = a % unit_of_b;
  IF abs(rest) = abs(unit_of_b) - abs(rest) AND half_up % DECIMAL '0.000000000000000002' <> 0 THEN
    RETURN half_up - CAST(sign(half_up) AS decimal(1, 0)) * DECIMAL '0.000000000000000001';
  END IF;
  RETURN half_up;
END)sql";

constexpr const char* kFinopsDaysBetween =
    R"sql(FUNCTION finops_days_between(first date, last date) RETURNS bigint
RETURN date_diff('day', first, last))sql";

constexpr const char* kFinopsMonth = R"sql(FUNCTION finops_month(day date) RETURNS date
RETURN date_trunc('month', day))sql";

constexpr const char* kFinopsMonthText = R"sql(FUNCTION finops_month_text(day date) RETURNS varchar
RETURN substr(CAST(day AS varchar), 1, 7))sql";

constexpr const char* kFinopsPercentile =
    R"sql(FUNCTION finops_percentile(amounts array(decimal(38, 18)), share decimal(38, 18)) RETURNS decimal(38, 18) BEGIN
  DECLARE sorted array(decimal(38, 18));
  IF share < 0 OR share > 1 THEN RETURN NULL; END IF;
  SET sorted = array_sort(filter(amounts, amount -> amount IS NOT NULL));
  RETURN element_at(sorted, greatest(1, CAST(ceiling(share * cardinality(sorted)) AS bigint)));
END)sql";

constexpr const char* kFinopsTextList =
    R"sql(FUNCTION finops_text_list(texts array(varchar), separator varchar) RETURNS varchar
RETURN IF(cardinality(filter(texts, text -> text IS NOT NULL)) > 0,
  array_join(array_sort(filter(texts, text -> text IS NOT NULL)), separator)))sql";

constexpr const char* kReadBoolean = R"sql(FUNCTION read_boolean(x varchar) RETURNS boolean
RETURN CASE lower(x) WHEN 'true' THEN true WHEN 'false' THEN false END)sql";

constexpr const char* kReadDate = R"sql(FUNCTION read_date(x varchar) RETURNS date
RETURN IF(regexp_like(x, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z') AND x NOT LIKE '0000%', TRY(CAST(x AS date))))sql";

constexpr const char* kReadDecimal =
    R"sql(FUNCTION read_decimal(x varchar) RETURNS decimal(38, 18) BEGIN
  DECLARE exponent varchar;
  DECLARE digits varchar;
  DECLARE point bigint;
  DECLARE value decimal(38, 18);
  IF x IS NULL OR NOT regexp_like(x, '\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z') THEN RETURN NULL; END IF;
  SET exponent = regexp_replace(coalesce(regexp_extract(x, '[eE]([+-]?[0-9]+)\z', 1), '0'), '\A\+?(-?)0*([0-9])', '$1$2');
  SET exponent = CASE WHEN length(exponent) < 10 THEN exponent WHEN exponent LIKE '-%' THEN '-99999999' ELSE '99999999' END;
  SET digits = regexp_extract(x, '\A[+-]?([0-9.]+)', 1);
  SET point = length(regexp_extract(digits, '\A[0-9]*')) + CAST(exponent AS bigint);
  SET digits = replace(digits, '.', '');
  SET point = point - length(digits);
  SET digits = regexp_replace(digits, '\A0+', '');
  SET point = point + length(digits);
  SET digits = regexp_replace(digits, '0+\z', '');
  IF digits = '' THEN RETURN 0; END IF;
  IF point > 20 OR length(digits) - point > 2000 THEN RETURN NULL; END IF;
  IF point < 0 THEN
    SET digits = lpad(digits, length(digits) - point, '0');
    SET point = 0;
  END IF;
  IF length(digits) < point + 18 THEN SET digits = rpad(digits, point + 18, '0'); END IF;
  SET value = CAST('0' || substr(digits, 1, point) || '.' || substr(digits, point + 1, 18) AS decimal(38, 18));
  IF substr(digits, point + 19) > '5'
    OR (substr(digits, point + 19) = '5' AND substr(digits, point + 18, 1) IN ('1', '3', '5', '7', '9')) THEN
    IF value = DECIMAL '99999999999999999999.999999999999999999' THEN RETURN NULL; END IF;
    SET value = value + DECIMAL '0.000000000000000001';
  END IF;
  RETURN IF(x LIKE '-%', -value, value);
END)sql";

constexpr const char* kReadText = R"sql(FUNCTION read_text(x varchar) RETURNS varchar
RETURN nullif(regexp_replace(x, '\A[ \t]+|[ \t]+\z', ''), ''))sql";

constexpr const char* kReadTimestamp =
    R"sql(FUNCTION read_timestamp(x varchar) RETURNS timestamp(6) BEGIN
  DECLARE t varchar DEFAULT x;
  DECLARE fraction varchar;
  DECLARE clock varchar;
  DECLARE zone varchar;
  DECLARE value timestamp(6);
  IF regexp_like(t, '\A[0-9]{8}[T ][0-9]{4}') THEN
    SET t = regexp_replace(t, '\A([0-9]{8}[T ][0-9]{2})([0-9]{2})', '$1:$2');
    SET t = regexp_replace(t, '\A([0-9]{8}[T ][0-9]{2}:[0-9]{2})([0-9]{2})', '$1:$2');
  END IF;
  SET t = regexp_replace(t, '\A([0-9]{4})([0-9]{2})([0-9]{2})', '$1-$2-$3');
  IF t IS NULL OR t LIKE '0000%' OR NOT regexp_like(t,
    '\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6}0*)?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?\z') THEN
    RETURN NULL;
  END IF;
  SET fraction = rpad(coalesce(regexp_extract(t, '\.([0-9]{1,6})', 1), ''), 6, '0');
  SET clock = coalesce(regexp_extract(t, '\A.{11}([0-9:]+)', 1), '');
  SET value = TRY(CAST(substr(t, 1, 10) || ' ' || clock || substr('00:00:00', length(clock) + 1) || '.' || fraction
    AS timestamp(6)));
  SET zone = replace(regexp_extract(t, '\A.{11}[0-9:.]+([+-][0-9:]+)\z', 1), ':', '');
  IF zone IS NULL THEN RETURN value; END IF;
  SET zone = rpad(zone, 5, '0');
  RETURN date_add('minute', IF(zone LIKE '-%', 1, -1) *
    (CAST(substr(zone, 2, 2) AS bigint) * 60 + CAST(substr(zone, 4, 2) AS bigint)), value);
END)sql";

}  // namespace

const std::map<std::string, TrinoFunction>& trino_functions() {
  static const std::map<std::string, TrinoFunction> functions = {
      {"decimal_product", {{kDecimal, kDecimal}, kDecimalProduct}},
      {"decimal_quotient", {{kDecimal, kDecimal}, kDecimalQuotient}},
      {"finops_days_between", {{"date", "date"}, kFinopsDaysBetween}},
      {"finops_month", {{"date"}, kFinopsMonth}},
      {"finops_month_text", {{"date"}, kFinopsMonthText}},
      {"finops_percentile", {{"array(decimal(38, 18))", kDecimal}, kFinopsPercentile}},
      {"finops_text_list", {{"array(varchar)", "varchar"}, kFinopsTextList}},
      {"read_boolean", {{""}, kReadBoolean}},
      {"read_date", {{""}, kReadDate}},
      {"read_decimal", {{""}, kReadDecimal}},
      {"read_text", {{""}, kReadText}},
      {"read_timestamp", {{""}, kReadTimestamp}},
  };
  return functions;
}

}  // namespace finops
