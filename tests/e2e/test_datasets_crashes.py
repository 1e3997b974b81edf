"""kill -9 at every durable call of a run of datasets: the tables of before or of after, then the undisturbed end; and readers and
runs that meet."""
import concurrent.futures
import json
import shutil
import signal
import subprocess

import duckdb
import pytest
from datasets import Datasets, comparable
from project import BINARY, Project

RULES = """
[columns.cost]
required = true
"""
FILES = {
    "project.toml": 'name = "small"\n',
    "datasets/events.toml": 'key = ["id"]\n[landing]\npath = "events/*.jsonl"\nformat = "json_lines"\n'
                            '[columns]\nid = "text"\nday = "date"\ncost = "decimal"\n'
                            '[[money]]\ncolumn = "cost"\ncurrency = "USD"\n',
    "rules/events.toml": RULES,
    "models/daily.sql": "SELECT day, CAST(sum(cost) AS DECIMAL(38,18)) AS cost FROM silver.events GROUP BY day\n",
    "models/daily.toml": 'description = "Cost of each day"\nincremental_by = ["day"]\n\n[[test]]\nunique = ["day"]\n\n[[test]]\nsum_equals = { column = "cost", source = "silver.events.cost" }\n',
}
SUMS = ("SELECT (SELECT count(*) FROM small_bronze.events), (SELECT count(*) FROM small_silver.events), "
        "(SELECT count(*) FROM small_silver.events_quarantine), (SELECT sum(cost) FROM small_silver.events), "
        "(SELECT sum(cost) FROM small_gold.daily)")


class Small(Datasets):
    def name_space(self, layer, semantics="corrected"):
        return f"small_{layer}"


def line(number, cost, day="2026-05-01"):
    return json.dumps({"id": f"e{number}", "day": day, "cost": cost}) + "\n"


PARTITIONED = {
    "datasets/events.toml": 'partition_by = ["date"]\n' + FILES["datasets/events.toml"],
    "rules/events.toml": RULES + '[[derive]]\ncolumn = "date"\ntype = "text"\nsql = "CAST(day AS VARCHAR)"\n',
}


def prepared(top, name, files=FILES):
    """A lake with three files, then one new, one changed, one gone; and another rule."""
    home = top / name
    (home / "landing" / "events").mkdir(parents=True)
    for path, text in files.items():
        (home / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (home / "small" / path).write_text(text)
    events = home / "landing" / "events"
    for number in range(3):
        (events / f"{number}.jsonl").write_text("".join(line(10 * number + i, f"{i}.5") for i in range(4)) + line(99, None))
    project = Project(home)
    datasets = Small(project, home / "landing", home / "small")
    datasets.run(expect=3)
    (events / "0.jsonl").write_text(line(1, "7") + line(2, "8", "2026-05-02") + "no json\n")
    (events / "1.jsonl").unlink()
    (events / "3.jsonl").write_text(line(2, "9") + line(31, "10"))
    return datasets


def sums(datasets):
    with duckdb.connect(str(datasets.project.database), read_only=True) as connection:
        return connection.execute(SUMS).fetchone()


def run_killed(datasets, fault):
    return datasets.project.run("dataset", "run", "--project", datasets.folder, "--landing", datasets.landing, expect=None,
                                env={"FINOPS_FAULT": fault})


@pytest.mark.parametrize("moment", ["kill-before", "kill-after"])
@pytest.mark.parametrize("files", [FILES, FILES | PARTITIONED], ids=["whole", "partitions"])
def test_killed_at_each_durable_call_the_next_run_ends_like_an_undisturbed_one(tmp_path, moment, files):
    undisturbed = prepared(tmp_path, "calm", files)
    before = sums(undisturbed)
    count = tmp_path / "count"
    undisturbed.project.run("dataset", "run", "--project", undisturbed.folder, "--landing", undisturbed.landing, expect=3,
                            env={"FINOPS_FAULT_COUNT": str(count)})
    after, wanted, calls = sums(undisturbed), comparable(undisturbed), int(count.read_text())
    assert before != after and calls > 10
    assert all(one[0] == one[1] + one[2] and one[3] == one[4] for one in (before, after))
    seen = set()
    for number in range(1, calls + 1):
        datasets = prepared(tmp_path, f"{moment}-{number}", files)
        done = run_killed(datasets, f"{moment}:{number}")
        assert done.code == -signal.SIGKILL, f"call {number}: {done.out} {done.err}"
        seen.add(sums(datasets))
        assert seen <= {before, after}, f"call {number}"
        datasets.run()
        assert comparable(datasets) == wanted, f"call {number}"
        datasets.project.run("lake", "check")
        shutil.rmtree(datasets.project.folder)
    assert before in seen


def test_readers_never_see_silver_and_quarantine_that_do_not_add_up(tmp_path):
    datasets = prepared(tmp_path, "readers")
    events = datasets.landing / "events"
    is_over = False
    seen = set()

    def read():
        while not is_over:
            one = sums(datasets)
            assert one[0] == one[1] + one[2] and one[3] == one[4], one
            seen.add(one)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        for number in range(6):
            (events / "new.jsonl").write_text("".join(line(1000 + i, number + i) for i in range(20 + number)))
            datasets.run()
        is_over = True
        reader.result()
    assert len(seen) > 2


def test_the_second_of_two_runs_at_once_is_told_that_it_is_locked(tmp_path):
    datasets = prepared(tmp_path, "both")
    command = [str(BINARY), "dataset", "run", "--project", str(datasets.folder), "--landing", str(datasets.landing)]
    runs = [subprocess.Popen(command, cwd=datasets.project.folder, env=datasets.project.environment(), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [run.communicate(timeout=60) for run in runs]
    assert {run.returncode for run in runs} <= {0, 3, 5} and 3 in {run.returncode for run in runs}, told
    for run, (_, err) in zip(runs, told):
        if run.returncode == 5:
            assert "another run of finops" in err
    datasets.run()
    one = sums(datasets)
    assert one[0] == one[1] + one[2] and one[3] == one[4]
