#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "finops/core/error.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// A folder of its own as current folder with a project p/, which each test changes.
class ProjectTest : public ::testing::Test {
 public:
  ProjectTest()
      : before_(std::filesystem::current_path()),
        folder_(std::filesystem::temp_directory_path() /
                ("finops_project_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
    write("project.toml", "name = \"shop\"\n");
    write("datasets/orders.toml", kOrders);
    write("datasets/shops.toml", kShops);
  }
  ~ProjectTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

 protected:
  static constexpr const char* kOrders =
      "key = [\"order_id\"]\n"
      "version_column = \"version\"\n"
      "[landing]\n"
      "path = \"orders/*.csv\"\n"
      "format = \"csv\"\n"
      "[columns]\n"
      "order_id = \"text\"\n"
      "shop_id = \"text\"\n"
      "paid_at = \"timestamp\"\n"
      "amount = { type = \"decimal\", description = \"Price\" }\n"
      "currency = \"text\"\n"
      "version = \"decimal\"\n"
      "discount = { type = \"decimal\", since_version = 2 }\n"
      "is_gift = \"boolean\"\n"
      "[[money]]\n"
      "column = \"amount\"\n"
      "currency_column = \"currency\"\n";
  static constexpr const char* kShops =
      "key = [\"shop_id\"]\n"
      "[landing]\n"
      "path = \"shops.jsonl\"\n"
      "format = \"json_lines\"\n"
      "deleted_files = \"keep\"\n"
      "[columns]\n"
      "shop_id = \"text\"\n"
      "\"Shop Name\" = \"text\"\n";

  static void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = "p/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  static Project read(const std::string& semantics = "") { return read_project("p", semantics); }

  static std::string mistakes(ErrorKind kind = ErrorKind::kInvalidConfig,
                              const std::string& semantics = "") {
    try {
      read_project("p", semantics);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      return error.what();
    }
    return "no mistake";
  }

  /// What is wrong with one file of the project.
  static std::string mistakes_of(const std::string& file, const std::string& text) {
    write(file, text);
    return mistakes();
  }
  static std::string of_rules(const std::string& text) {
    return mistakes_of("rules/orders.toml", text);
  }
  static std::string of_model(const std::string& text) {
    write("models/daily.sql", "SELECT 1 AS day, 2 AS total");
    return mistakes_of("models/daily.toml", "description = \"d\"\n" + text);
  }

 private:
  std::filesystem::path before_, folder_;
};

}  // namespace finops::datasets
