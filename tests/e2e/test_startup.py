"""What happens before a command does its work: only the libraries that it needs are loaded."""
import os
import re
import shutil

import pytest

from deliveries import deliver_v1, small_bill
from project import BINARY, ROOT


def loaded(project, *command):
    """The libraries that the dynamic linker was asked for, as it tells itself."""
    told = project.run(*command, env={"LD_DEBUG": "files"}).err
    return set(re.findall(r"file=(lib\w+)\S* \[0\];  generating link map", told))


def test_the_library_for_sql_is_loaded_by_commands_that_need_sql(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(3)], "v1")
    project.run("aws", "run-pipeline")
    for command in (["--version"], ["config"], ["history"], ["aws", "discover-manifests"], ["aws", "export-parquet"]):
        libraries = loaded(project, *command)
        assert "libarrow" in libraries and "libduckdb" not in libraries, command
    assert "libduckdb" in loaded(project, "query", "SELECT 1")


@pytest.mark.skipif("FINOPS_BIN" in os.environ and not BINARY.is_relative_to(ROOT), reason="another program's libraries")
def test_without_that_library_sql_fails_and_says_why(project):
    deliver_v1(project.add_export("payer-a"), "2026-05", [small_bill(3)], "v1")
    project.run("aws", "run-pipeline")
    shutil.copy(BINARY, project.folder / "finops")  # which finds its libraries beside itself
    only_arrow = {"LD_LIBRARY_PATH": str(ROOT / ".deps/arrow/lib")}
    assert project.run("history", env=only_arrow, program=project.folder / "finops").code == 0
    failed = project.run("query", "SELECT 1", env=only_arrow, program=project.folder / "finops", expect=None)
    assert failed.code == 1 and "cannot load DuckDB's library: libduckdb.so" in failed.err
