#include "finops/lake/file_metrics.h"

#include <gtest/gtest.h>

#include "finops/lake/truncated_bounds.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

TEST(TruncatedBoundsTest, ShortTextStaysAsItIs) {
  EXPECT_EQ(truncate_lower("abc", 16), "abc");
  EXPECT_EQ(truncate_upper("abc", 16), "abc");
  EXPECT_EQ(truncate_upper("abc", 3), "abc");
  EXPECT_EQ(truncate_upper("", 3), "");
}

TEST(TruncatedBoundsTest, TheUpperBoundIsRaisedBecauseItMustNotLieBelowAValue) {
  EXPECT_EQ(truncate_lower("abcd", 3), "abc");
  EXPECT_EQ(truncate_upper("abcd", 3), "abd");
}

TEST(TruncatedBoundsTest, CodePointsAreCountedNotBytes) {
  EXPECT_EQ(truncate_lower("äöüß", 2), "äö");
  EXPECT_EQ(truncate_upper("äöüß", 2), "ä÷");
  EXPECT_EQ(truncate_upper("a\x7f"
                           "b",
                           2),
            "a\xc2\x80");  // 1 to 2 bytes
  EXPECT_EQ(truncate_upper("a\xdf\xbf"
                           "b",
                           2),
            "a\xe0\xa0\x80");  // 2 to 3 bytes
  EXPECT_EQ(truncate_upper("a\xef\xbf\xbf"
                           "b",
                           2),
            "a\xf0\x90\x80\x80");  // 3 to 4 bytes
  EXPECT_EQ(truncate_upper("a\xed\x9f\xbf"
                           "b",
                           2),
            "a\xee\x80\x80");  // over the surrogates
}

TEST(TruncatedBoundsTest, TheLastCodePointOfAllCannotBeRaised) {
  const std::string last = "\xf4\x8f\xbf\xbf";
  EXPECT_EQ(truncate_upper("a" + last + "b", 2), "b");
  EXPECT_EQ(truncate_upper(last + last + "b", 2), std::nullopt);
}

class FileMetricsTest : public ::testing::Test {
 protected:
  FileMetricsTest() {
    auto columns = bill_columns();
    columns.push_back(tag("team", "user:team"));
    columns.push_back(tag("env", "user:env"));
    metadata_ = TableMetadata::create(
        "file:///lake/t",
        {columns, kPartitionBy, {{"write.metadata.metrics.column.env", "truncate(16)"}}}, 1);
  }
  std::string encoded(const std::string& column, const std::string& lower,
                      const std::string& upper) {
    const WrittenParquet file{.key = "k",
                              .bytes = 1,
                              .rows = 5,
                              .sha256 = {},
                              .split_offsets = {4, 99},
                              .columns = {{.field_id = metadata_->field_id(column),
                                           .values = 5,
                                           .nulls = 0,
                                           .bytes = 10,
                                           .lower = lower,
                                           .upper = upper}}};
    const auto metrics = encoded_metrics(file, *metadata_);
    check_metrics(metrics);
    return metrics;
  }
  using Bounds = std::pair<std::string, std::string>;
  Bounds bounds(const std::string& column, const std::string& lower, const std::string& upper) {
    const auto metrics = encoded(column, lower, upper);
    const int id = metadata_->field_id(column);
    return {std::string(lower_bound_of(metrics, id).value_or("none")),
            std::string(upper_bound_of(metrics, id).value_or("none"))};
  }

  std::optional<TableMetadata> metadata_;
};

TEST_F(FileMetricsTest, BoundsThatSayWhatIsLoadedAreWhole) {
  const std::string id = "20260501T000000Z-00000001-1111-2222-3333-444444444444";
  EXPECT_EQ(bounds("execution_id", id, id), Bounds(id, id));
  EXPECT_EQ(bounds("source", id, id), Bounds(id, id));
}

TEST_F(FileMetricsTest, OtherTextIsCut) {
  EXPECT_EQ(bounds("source_file", "cur/20260501T000000Z/a", "cur/20260501T000000Z/b"),
            Bounds("cur/20260501T000", "cur/20260501T001"));
  EXPECT_EQ(bounds("env", std::string(20, 'a'), std::string(20, 'b')),
            Bounds(std::string(16, 'a'), std::string(15, 'b') + "c"));
}

TEST_F(FileMetricsTest, TagsAndMapsHaveNone) {
  EXPECT_EQ(bounds("team", "a", "b"), Bounds("none", "none"));
  EXPECT_EQ(bounds("tags", "a", "b"), Bounds("none", "none"));
}

TEST_F(FileMetricsTest, MoneyAndNumbersHaveTheirs) {
  EXPECT_EQ(bounds("cost", "\x80", "\x7f"), Bounds("\x80", "\x7f"));
  EXPECT_EQ(bounds("source_line", "12345678", "87654321"), Bounds("12345678", "87654321"));
}

TEST_F(FileMetricsTest, SizesTellWhichColumnsAFileHas) {
  const auto columns = metadata_->known_columns().columns;
  WrittenParquet file;
  for (const Column& column : columns) {
    if (!is_map(column.type)) file.columns.push_back(text_metrics(column.field_id, 1, "x"));
  }
  EXPECT_NE(columns_of(encoded_metrics(file, *metadata_)), columns_mark(columns));
  file.columns.push_back(text_metrics(metadata_->known_columns().find("tags")->value_id, 1, "x"));
  file.columns.push_back(text_metrics(metadata_->known_columns().find("tags")->key_id, 1, "x"));
  EXPECT_EQ(columns_of(encoded_metrics(file, *metadata_)), columns_mark(columns));
  file.columns.erase(file.columns.begin());
  EXPECT_NE(columns_of(encoded_metrics(file, *metadata_)), columns_mark(columns));
  file.columns.clear();
  EXPECT_EQ(columns_of(encoded_metrics(file, *metadata_)), 0u);
}

TEST_F(FileMetricsTest, AnUnknownColumnIsLeftOut) {
  const WrittenParquet file{.key = "k",
                            .bytes = 1,
                            .rows = 1,
                            .sha256 = {},
                            .split_offsets = {},
                            .columns = {text_metrics(4711, 1, "x")}};
  EXPECT_EQ(lower_bound_of(encoded_metrics(file, *metadata_), 4711), std::nullopt);
}

TEST_F(FileMetricsTest, AFileSaysThatItIsUnsorted) {
  // At the end: sort_order_id, the second branch of its union and 0; no referenced_data_file.
  EXPECT_TRUE(encoded("source", "a", "b").ends_with(std::string_view("\x02\0\0", 3)));
}

TEST_F(FileMetricsTest, DamagedMetricsAreInvalid) {
  const auto metrics = encoded("source", "a", "b");
  for (std::size_t size = 0; size < metrics.size(); ++size) {
    EXPECT_EQ(kind_thrown_by([&] { check_metrics(metrics.substr(0, size)); }),
              ErrorKind::kInvalidData);
  }
  EXPECT_EQ(kind_thrown_by([&] { check_metrics(metrics + "x"); }), ErrorKind::kInvalidData);
}

}  // namespace
}  // namespace finops::lake
