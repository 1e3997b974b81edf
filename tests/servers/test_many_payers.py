"""Many payers and months at once, from S3 into a lake on S3: each lands once, a broken one fails alone, and what a run names
columns does not depend on who was faster."""
import os
import subprocess

import pytest

from conftest import S3Project
from deliveries import SMALL_HEADER, csv_bytes, deliver_v1, small_bill, small_row
from test_lake_on_s3 import totals
from project import BINARY

PAYERS = ("payer-a", "payer-b", "payer-c")
PERIODS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
ALL = ("--start-date", PERIODS[0], "--end-date", PERIODS[-1])


@pytest.fixture
def project(tmp_path, server):
    project = S3Project(tmp_path, server)
    project.put_lake_on_s3()
    return project


def outcomes(report):
    counts = {}
    for one in report["deliveries"]:
        counts[one["source"], one["outcome"]] = counts.get((one["source"], one["outcome"]), 0) + 1
    return counts


def test_three_payers_of_24_months_and_one_that_is_broken(project):
    for number, payer in enumerate(PAYERS):
        bucket = project.add_export(payer)
        for at, period in enumerate(PERIODS):
            files = deliver_v1(bucket, period, [small_bill(1 + number + at, period)], f"{payer}-{period}")
            if (payer, period) == ("payer-b", "2024-07"):
                os.remove(files[0])
    project.exports.append('[[aws.exports]]\nname = "denied"\nbucket = "not-ours-at-all"\n'
                           f'endpoint_url = "{project.server.endpoint}"\nexport_name = "x"')
    project.write_config()
    report = project.json("aws", "run-pipeline", *ALL, expect=3)
    assert outcomes(report) == {("payer-a", "loaded"): 24, ("payer-b", "loaded"): 23, ("payer-b", "failed"): 1,
                                ("payer-c", "loaded"): 24, ("denied", "failed"): 1}
    order = [(d["billing_period"], d["source"]) for d in report["deliveries"]]
    assert order == sorted(order, key=lambda one: (one[0] or "", one[1]))
    expected = [(payer, period, f"{payer}-{period}", 1 + number + at)
                for number, payer in enumerate(PAYERS) for at, period in enumerate(PERIODS)
                if (payer, period) != ("payer-b", "2024-07")]
    assert [row[:4] for row in totals(project)] == expected
    again = project.json("aws", "run-pipeline", *ALL, expect=None)
    assert {k: n for k, n in outcomes(again).items() if k[1] != "failed"} == {
        ("payer-a", "unchanged"): 24, ("payer-b", "unchanged"): 23, ("payer-c", "unchanged"): 24}
    assert [row[:4] for row in totals(project)] == expected
    assert len(project.json("history")["deliveries"]) == 71


@pytest.mark.parametrize("server", ["versitygw"], indirect=True)
def test_columns_get_the_names_of_the_oldest_month_whoever_is_faster(project):
    names = ["resourceTags/user:Team", "resourceTags/user:team"]
    for at, period in enumerate(PERIODS[:8]):
        header = SMALL_HEADER + [names[at % 2]]
        rows = [small_row(i, period) + ["x"] for i in range(3 if at else 20_000)]  # the first one is the slowest
        deliver_v1(project.add_export(f"p{at}"), period, [csv_bytes(header, rows)], "v1")
    project.run("aws", "run-pipeline", *ALL)
    counts = project.query("SELECT count(resource_tags_user_team) AS plain FROM aws_billing_data WHERE billing_period = '2024-01'")
    assert int(counts[0]["plain"]) == 20_000


@pytest.mark.parametrize("server", ["versitygw"], indirect=True)
def test_several_at_once_keep_to_the_memory_limit(project):
    rows = [small_row(i, "2024-01") for i in range(2000)]
    part = csv_bytes(SMALL_HEADER, rows * 60)
    for number in range(4):
        deliver_v1(project.add_export(f"p{number}"), "2024-01", [part, part], "v1")
    project.upload()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FINOPS_", "AWS_"))}
    environment |= {"CONFIG_PATH": str(project.folder / "config.toml"), "FINOPS__MEMORY_LIMIT": "400MB",
                    "AWS_ACCESS_KEY_ID": project.server.key, "AWS_SECRET_ACCESS_KEY": project.server.secret}
    child = subprocess.Popen([BINARY, "aws", "run-pipeline", *ALL], env=environment, cwd=project.folder)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    assert usage.ru_maxrss * 1024 < 400e6
