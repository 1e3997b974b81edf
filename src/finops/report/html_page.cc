#include "finops/report/html_page.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "finops/core/base64.h"
#include "finops/core/sha256.h"
#include "finops/report/html_table.h"
#include "finops/report/page_style.h"
#include "finops/report/svg_plot.h"
#include "finops/report/texts.h"

namespace finops::report {
namespace {

/// Of 64 hex digits.
std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// Nothing is loaded or run, and no style applied but ours, whatever a cell may hold.
std::string policy() {
  return "default-src 'none'; style-src 'sha256-" + base64(bytes_of(sha256_of(kPageStyle))) +
         "'; base-uri 'none'; form-action 'none'";
}

std::string snapshot_text(const std::optional<std::int64_t>& snapshot) {
  return snapshot ? std::to_string(*snapshot) : "none";
}

std::string fact(const char* name, const std::string& value) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + escaped(value) + "</dd></div>";
}

std::string tile(std::int64_t count, const char* what, const char* of_class = "") {
  return "<li><b class=\"" + std::string(of_class) + "\">" + count_text(count) + "</b><span>" +
         what + "</span></li>";
}

std::string link_to(const std::string& id, const std::string& text) {
  return "<a href=\"#" + id + "\">" + escaped(text) + "</a>";
}

std::string model_id(const std::string& model) { return "gold-" + id_text(model); }
std::string anomaly_id(const std::string& model) { return "anomalies-" + id_text(model); }
std::string quarantine_id(const std::string& dataset) { return "quarantine-" + id_text(dataset); }

/// "the first 50 of 14,114 rows"; "3 rows".
std::string rows_text(const RowSample& sample, const std::string& which) {
  const auto shown = static_cast<std::int64_t>(sample.rows.size());
  const std::string all = count_text(sample.all_rows) + (sample.all_rows == 1 ? " row" : " rows");
  if (shown >= sample.all_rows) return all;
  return which + count_text(shown) + " of " + all;
}

std::string figure(const Plot& plot, const std::string& id) {
  std::string html = "<figure><figcaption>" + escaped(plot.title) + "</figcaption>";
  html += "<div class=\"plot\">" + svg_of(plot, "plot-" + id, description_of(plot)) + "</div>";
  if (plot.series.size() > 1) {
    html += "<ul class=\"legend\">";
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
      html += "<li><i class=\"" + series_class(plot, i) + "\"></i>" +
              escaped(shortened(plot.series[i], 60)) + "</li>";
    }
    html += "</ul>";
  }
  if (!plot.remark.empty()) html += "<p class=\"soft\">" + escaped(plot.remark) + "</p>";
  return html + "</figure>\n";
}

class Page {
 public:
  explicit Page(const ReportData& data) : data_(data) {}

  std::string write() {
    head();
    html_ += "<main>\n";
    quality();
    quarantine();
    anomalies();
    gold();
    html_ +=
        "</main>\n<footer>Made by <code>finops report</code> from the tables of the lake. "
        "Amounts in tables are exact; plots are drawn to the pixel, and what a pointer shows "
        "over them is exact again.</footer>\n</body>\n</html>\n";
    return std::move(html_);
  }

 private:
  void head() {
    const std::string title = data_.project + " (" + data_.semantics + ")";
    html_ =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
        policy() +
        "\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
        escaped(title) + "</title>\n<style>" + std::string(kPageStyle) +
        "</style>\n</head>\n<body>\n<header>\n"
        "<h1>" +
        escaped(data_.project) + "</h1>\n<p class=\"soft\">" + escaped(data_.description) +
        "</p>\n<dl class=\"facts\">" + fact("Semantics", data_.semantics) +
        fact("Tables made", data_.made_at + " UTC") +
        fact("Snapshot", snapshot_text(data_.snapshot_id)) + "</dl>\n";
    tiles();
    html_ += "<nav aria-label=\"Sections\"><ul><li>" + link_to("quality", "Quality") + "</li><li>" +
             link_to("quarantine", "Quarantine") + "</li>";
    if (!data_.anomalies.empty()) html_ += "<li>" + link_to("anomalies", "Anomalies") + "</li>";
    html_ += "<li>" + link_to("gold", "Gold") + "</li>";
    for (const auto& model : data_.models) {
      html_ += "<li>" + link_to(model_id(model.name), model.name) + "</li>";
    }
    html_ += "</ul></nav>\n</header>\n";
  }

  void tiles() {
    std::int64_t bronze = 0, valid = 0, quarantined = 0, anomalies = 0;
    for (const auto& dataset : data_.datasets) {
      bronze += dataset.quality.bronze_rows;
      valid += dataset.quality.valid_rows;
      quarantined += dataset.quality.quarantined_rows;
    }
    for (const auto& section : data_.anomalies) anomalies += section.anomalies;
    html_ += "<ul class=\"tiles\">" + tile(std::ssize(data_.datasets), "datasets") +
             tile(bronze, "rows in bronze") + tile(valid, "valid rows in silver") +
             tile(quarantined, "rows in quarantine", quarantined > 0 ? "warn" : "") +
             (data_.anomalies.empty() ? "" : tile(anomalies, "anomalies")) +
             tile(std::ssize(data_.models), "tables of gold") + "</ul>\n";
  }

  void quality() {
    html_ +=
        "<section id=\"quality\"><h2>Quality</h2>\n<p class=\"soft\">Every row that landed is "
        "in bronze, and from there either valid in silver or whole in quarantine.</p>\n";
    std::string all;
    for (const auto& dataset : data_.datasets) {
      const auto& rows = dataset.quality;
      const std::string quarantined = count_text(rows.quarantined_rows);
      all +=
          "<tr data-dataset=\"" + escaped(dataset.name) + "\">" + row_head(dataset.name) +
          number_cell(count_text(rows.bronze_rows)) + number_cell(count_text(rows.valid_rows)) +
          (rows.quarantined_rows == 0
               ? number_cell(quarantined)
               : "<td class=\"n\">" + link_to(quarantine_id(dataset.name), quarantined) + "</td>") +
          text_cell(dataset.built_at) + text_cell(dataset.description) + "</tr>\n";
    }
    html_ +=
        "<div class=\"card\">" +
        table("Rows by dataset",
              {"Dataset", "#Bronze", "#Valid", "#Quarantined", "Made (UTC)", "What it is"}, all) +
        "<div class=\"two\"><div>";
    codes("Reasons for quarantine", "reason", &medallion::RowCounts::reasons);
    html_ += "</div><div>";
    codes("Flags of valid rows", "flag", &medallion::RowCounts::flags);
    html_ += "</div></div></div>\n";
    money();
    waivers();
    html_ += "</section>\n";
  }

  void waivers() {
    if (data_.waivers.empty()) return;
    std::string rows;
    for (const auto& one : data_.waivers) {
      rows += "<tr data-waiver=\"" + escaped(one.dataset) + "\">" + row_head(one.dataset) +
              text_cell(one.code.empty() ? "all" : one.code) +
              text_cell(one.file.empty() ? "all" : one.file) + text_cell(one.reason) +
              text_cell(one.since) + number_cell(count_text(one.rows)) + "</tr>\n";
    }
    html_ += "<div class=\"card\" id=\"waivers\"><h3>Accepted as they are</h3>\n" +
             table("Waivers",
                   {"Dataset", "Reason for quarantine", "Landing file", "Why it is accepted",
                    "Since (UTC)", "#Rows then"},
                   rows) +
             "</div>\n";
  }

  void codes(const char* title, const char* kind,
             std::map<std::string, std::int64_t> medallion::RowCounts::* of) {
    html_ += "<h4>" + std::string(title) + "</h4>\n";
    std::string rows;
    for (const auto& dataset : data_.datasets) {
      for (const auto& [code, count] : dataset.quality.*of) {
        rows += "<tr data-" + std::string(kind) + "=\"" + escaped(code) + "\">" +
                row_head(dataset.name) + "<td><span class=\"chip\">" + escaped(code) +
                "</span></td>" + number_cell(count_text(count)) + "</tr>\n";
      }
    }
    if (rows.empty()) {
      html_ += "<p class=\"soft\">None.</p>\n";
      return;
    }
    html_ += table(title, {"Dataset", "Code", "#Rows"}, rows);
  }

  void money() {
    std::string rows;
    for (const auto& dataset : data_.datasets) {
      for (const auto& proof : dataset.quality.money) rows += money_row(dataset.name, proof);
    }
    if (rows.empty()) return;
    html_ +=
        "<div class=\"card\" id=\"money\"><h3>Money: bronze = silver + quarantine</h3>\n" +
        table("Money",
              {"Dataset", "Column", "Currency", "#Bronze", "#Silver", "#Quarantine", "Balance"},
              rows) +
        "</div>\n";
  }

  static std::string money_row(const std::string& dataset, const medallion::MoneyProof& proof) {
    const bool is_exact = proof.silver + proof.quarantined == proof.bronze;
    return "<tr>" + row_head(dataset) + text_cell(proof.column) +
           text_cell(proof.currency.empty() ? "(no currency)" : proof.currency) +
           number_cell(proof.bronze.to_string()) + number_cell(proof.silver.to_string()) +
           number_cell(proof.quarantined.to_string()) +
           (is_exact ? "<td class=\"good\">exact</td>" : "<td class=\"bad\">differs</td>") +
           "</tr>\n";
  }

  void quarantine() {
    html_ +=
        "<section id=\"quarantine\"><h2>Quarantine</h2>\n<p class=\"soft\">Rows that no rule "
        "lets pass, as they were delivered, with all reasons: some of each.</p>\n";
    bool is_empty = true;
    for (const auto& dataset : data_.datasets) {
      const auto& rows = dataset.quality;
      if (rows.quarantined_rows == 0) continue;
      is_empty = false;
      html_ += "<article id=\"" + quarantine_id(dataset.name) + "\" data-quarantine=\"" +
               escaped(dataset.name) + "\"><h3>" + escaped(dataset.name) + "</h3>\n" +
               sample_table(dataset.quarantine,
                            dataset.name + ": " + rows_text(dataset.quarantine, "")) +
               "</article>\n";
    }
    if (is_empty) html_ += "<p>No row is in quarantine.</p>\n";
    html_ += "</section>\n";
  }

  void anomalies() {
    if (data_.anomalies.empty()) return;
    html_ +=
        "<section id=\"anomalies\"><h2>Anomalies</h2>\n<p class=\"soft\">Rows whose amount is "
        "an outlier among those of their group.</p>\n";
    for (const auto& section : data_.anomalies) anomaly(section);
    html_ += "</section>\n";
  }

  void anomaly(const AnomalySection& section) {
    html_ += "<article id=\"" + anomaly_id(section.model) + "\" data-anomalies=\"" +
             escaped(section.model) + "\"><h3>" + escaped(section.model) +
             "</h3>\n<p class=\"soft\">" + escaped(section.description) + ": " +
             count_text(section.anomalies) + " anomalies among " + count_text(section.judged) +
             " rows.</p>\n";
    if (section.plot) html_ += figure(*section.plot, anomaly_id(section.model));
    html_ += "<div class=\"two\"><div><h4>By severity</h4>" +
             table("By severity", {"Severity", "Score", "#Rows", "#" + section.amount},
                   count_rows(section.severities, /*has_amounts=*/true)) +
             "</div>\n<div><h4>By method</h4>" +
             table("By method", {"Method", "Outliers are", "#Rows"},
                   count_rows(section.methods, /*has_amounts=*/false)) +
             "</div></div>\n<h4>The largest</h4>\n" +
             sample_table(section.largest,
                          section.model + ": " + rows_text(section.largest, "the largest ")) +
             "</article>\n";
  }

  static std::string count_rows(const std::vector<AnomalyCount>& counts, bool has_amounts) {
    std::string rows;
    for (const auto& one : counts) {
      rows += "<tr>" + row_head(one.name) + text_cell(one.description) +
              number_cell(count_text(one.rows)) +
              (has_amounts ? number_cell(trimmed_decimal(one.amount)) : "") + "</tr>\n";
    }
    return rows;
  }

  void gold() {
    html_ +=
        "<section id=\"gold\"><h2>Gold</h2>\n<p class=\"soft\">The tables that are made for "
        "their readers.</p>\n";
    for (const auto& section : data_.models) model(section);
    html_ += "</section>\n";
  }

  void model(const ModelSection& section) {
    html_ += "<article id=\"" + model_id(section.name) + "\" data-model=\"" +
             escaped(section.name) + "\"><h3>" + escaped(section.name) + "</h3>\n";
    if (!section.description.empty()) html_ += "<p>" + escaped(section.description) + "</p>\n";
    if (!section.is_made) {
      html_ += "<p class=\"warn\">No run has made this table yet.</p></article>\n";
      return;
    }
    html_ += "<dl class=\"facts\">" + fact("Rows", count_text(section.first.all_rows)) +
             fact("Table", section.table) + fact("Made", section.built_at + " UTC") +
             fact("Snapshot", snapshot_text(section.snapshot_id)) + "</dl>\n";
    if (section.plot) html_ += figure(*section.plot, model_id(section.name));
    if (section.has_anomalies) {
      html_ += "<p>" + link_to(anomaly_id(section.name), "Its anomalies") + "</p>\n";
    }
    html_ +=
        sample_table(section.first, section.name + ": " + rows_text(section.first, "the first "));
    columns(section);
    tests(section);
    html_ += "</article>\n";
  }

  void columns(const ModelSection& section) {
    std::string rows;
    for (const auto& column : section.columns) {
      rows += "<tr>" + row_head(column.name) + text_cell(column.type) +
              text_cell(column.description) + "</tr>\n";
    }
    html_ += "<details><summary>Columns (" + std::to_string(section.columns.size()) +
             ")</summary>" +
             table("Columns of " + section.name, {"Column", "Type", "What it is"}, rows) +
             "</details>\n";
  }

  void tests(const ModelSection& section) {
    if (section.tests.empty()) return;
    html_ += "<details><summary>Tests that hold (" + std::to_string(section.tests.size()) +
             ")</summary><ul class=\"tests\">";
    for (const auto& test : section.tests) html_ += "<li><code>" + escaped(test) + "</code></li>";
    html_ += "</ul></details>\n";
  }

  const ReportData& data_;
  std::string html_;
};

}  // namespace

std::string html_page(const ReportData& data) { return Page(data).write(); }

}  // namespace finops::report
