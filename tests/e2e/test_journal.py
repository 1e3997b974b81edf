"""`finops journal migrate` with a SQLite file; tests/servers/test_journal_in_mariadb.py has it with a server."""
import sqlite3


def columns(file, table):
    with sqlite3.connect(file) as database:
        return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def test_the_journal_is_made_once_with_the_references_tables(project):
    project.write_config()
    file = project.folder / "data/journal.db"
    made = project.json("journal", "migrate")
    assert made == {"journal": f"sqlite:{file}", "changed": True, "from_version": 0, "to_version": 2}
    assert columns(file, "etl_jobs")[:7] == ["id", "organization_id", "job_id", "status", "created_at", "updated_at", "error_message"]
    assert columns(file, "client_billing_config")[:7] == ["id", "organization_id", "source_dataset", "destination_dataset",
                                                         "destination_table", "last_successful_run", "created_at"]
    assert project.json("journal", "migrate") == made | {"changed": False, "from_version": 2}
    assert "nothing was changed" in project.run("journal", "migrate").out


def test_a_newer_journal_is_refused(project):
    project.write_config()
    project.run("journal", "migrate")
    with sqlite3.connect(project.folder / "data/journal.db") as database:
        database.execute("INSERT INTO finops_journal_versions (version) VALUES (7)")
    refused = project.run("journal", "migrate", "--json", expect=1)
    assert "unsupported" in refused.out and "of version 7" in refused.out


def test_a_file_that_is_no_database_is_told_by_its_key(project):
    project.write_config()
    (project.folder / "data").mkdir()
    (project.folder / "data/journal.db").write_bytes(b"x" * 5000)
    assert "check service.journal" in project.run("journal", "migrate", expect=1).err


def test_what_a_server_needs_is_asked_for_only_when_the_journal_is_opened(project):
    project.write_config()
    missing = project.run("journal", "migrate", env={"DB_HOST": "127.0.0.1:1", "DB_NAME": "jobs"}, expect=2)
    assert "'service.db_user' is missing" in missing.err
    project.run("history", env={"DB_HOST": "not/a host"})
