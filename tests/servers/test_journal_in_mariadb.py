"""`finops journal migrate` with a real MariaDB; the journal itself is proved by tests/contract."""
import itertools
import json

import pytest
from mysql_login import WELCOME, log_in
from project import Project

NUMBERS = itertools.count(1)


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    project.write_config()
    return project


@pytest.fixture
def database(mariadb):
    name = f"jobs_{next(NUMBERS)}"
    mariadb.sql(f"CREATE DATABASE {name}")
    return name


def variables(server, database):
    return {"DB_HOST": f"{server.host}:{server.port}", "DB_NAME": database, "DB_USER": server.user, "DB_PASSWORD": server.password}


def test_the_references_variables_lead_to_the_journal(project, mariadb, database):
    project.variables = variables(mariadb, database)
    made = project.json("journal", "migrate")
    assert made == {"journal": f"mysql://127.0.0.1:{mariadb.port}/{database}", "changed": True, "from_version": 0, "to_version": 2}
    assert project.json("journal", "migrate")["changed"] is False
    assert "etl_jobs" in mariadb.sql(f"SHOW TABLES IN {database}")


def test_rows_of_the_reference_stay(project, mariadb, database):
    mariadb.sql(f"""USE {database};
        CREATE TABLE etl_jobs (id INT AUTO_INCREMENT PRIMARY KEY, organization_id VARCHAR(255), job_id VARCHAR(255),
            status ENUM('IN_PROGRESS', 'SUCCESS', 'FAILED'), created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, error_message TEXT);
        INSERT INTO etl_jobs (organization_id, job_id, status) VALUES ('7', 'a', 'SUCCESS')""")
    project.variables = variables(mariadb, database)
    project.run("journal", "migrate")
    assert mariadb.sql(f"SELECT job_id, state FROM {database}.etl_jobs").split() == ["a", "succeeded"]


def test_an_address_in_the_configuration_and_a_certificate_that_must_fit(project, mariadb, database):
    lines = (f'[service]\njournal = "mysql://localhost:{mariadb.port}/{database}"\ndb_user = "{mariadb.user}"\n'
             f'db_password = "env:SECRET"\ndb_ssl_mode = "verify_identity"\n')
    project.variables = {"SECRET": mariadb.password}
    project.write_config(lines)
    unknown = project.run("journal", "migrate", "--json", expect=1)
    assert json.loads(unknown.out)["error"]["kind"] == "permission_denied" and "db_ssl_ca" in unknown.out
    project.write_config(lines + f'db_ssl_ca = "{mariadb.ca}"\n')
    assert project.json("journal", "migrate")["changed"]


def test_a_wrong_password_is_told_and_not_repeated(project, mariadb, database):
    project.variables = variables(mariadb, database) | {"DB_PASSWORD": "not-the-one"}
    refused = project.run("journal", "migrate", expect=1)
    assert "service.db_password" in refused.err and "not-the-one" not in refused.err


def test_it_logs_in_as_mysql_8_wants_it(project):
    told, log_ins = log_in(lambda variables: project.run("journal", "migrate", expect=1, env=variables))
    assert WELCOME in told and log_ins > 0
