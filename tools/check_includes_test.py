#!/usr/bin/env python3
"""The include checker must be able to fail."""
import unittest

from check_includes import complaint


class CheckIncludesTest(unittest.TestCase):
    def test_takes_lower_rows_and_own_folder(self):
        for here, included in [("lake/a.cc", "finops/core/error.h"), ("lake/a.cc", "finops/lake/b.h"),
                               ("stores/local/a.cc", "finops/stores/object_store.h"), ("lake/a.cc", "vector"),
                               ("stores/local/a.cc", "finops/stores/local/a.h"), ("tabular/a.cc", "arrow/api.h"),
                               ("engines/duckdb/a.cc", "duckdb.h"), ("app/a.cc", "finops/stores/local/a.h")]:
            self.assertIsNone(complaint(here, included), (here, included))

    def test_refuses_the_same_row_and_higher_ones(self):
        self.assertIn("not below", complaint("core/a.h", "finops/lake/b.h"))
        self.assertIn("not below", complaint("tabular/a.h", "finops/config/b.h"))

    def test_refuses_vendors_of_others(self):
        self.assertIn("vendor", complaint("lake/a.h", "finops/stores/local/a.h"))
        self.assertIn("vendor", complaint("stores/a.h", "finops/stores/local/a.h"))
        self.assertIn("vendor", complaint("stores/memory/a.h", "finops/stores/local/a.h"))

    def test_refuses_library_headers_outside_their_adapter(self):
        self.assertIn("engines/duckdb", complaint("cli/a.cc", "duckdb.h"))
        self.assertIn("tabular", complaint("pipeline/a.cc", "arrow/api.h"))
        self.assertIn("anomaly", complaint("core/a.cc", "boost/multiprecision/cpp_int.hpp"))

    def test_refuses_unknown_folders(self):
        self.assertIn("no layer", complaint("cli/a.cc", "finops/util/a.h"))


if __name__ == "__main__":
    unittest.main()
