"""Back to an older delivery, held there, and forward again; whatever happens, what is in the lake is one delivery."""
import decimal
import json

import pytest

from deliveries import deliver_v1, small_bill
from test_faults_and_refusals import with_bad_rows
from test_loading import outcomes, totals

D = decimal.Decimal
MAY = ("--period", "2026-05", "--source", "payer-a")


@pytest.fixture
def replaced(project):
    """v1 (10 rows and one in quarantine) was replaced by v2 (4 rows); payer-b stands beside it."""
    deliver_v1(project.add_export("payer-a"), "2026-05", [with_bad_rows(10, [b"bad,row"])], "v1-first")
    deliver_v1(project.add_export("payer-b"), "2026-05", [small_bill(3)], "b")
    project.write_config("[quarantine]\nthreshold_cost = 1\nthreshold_rows = 1\n")
    project.run("aws", "run-pipeline", expect=3)
    deliver_v1(project.folder / "buckets/payer-a", "2026-05", [small_bill(4)], "v2-second")
    project.run("aws", "run-pipeline")
    return project


def of_payer_a(project):
    return [(version, n) for source, _, version, n, _ in totals(project) if source == "payer-a"]


def quarantined(project):
    return [(q["execution_id"], q["rows"], q["current"]) for q in project.json("quarantine", "ls")["deliveries"]]


def test_the_older_delivery_is_current_again_with_its_quarantine_and_a_proof(replaced):
    other = [row for row in totals(replaced) if row[0] == "payer-b"]
    report = replaced.json("rollback", *MAY, "--to", "v1", "--reason", "wrong rates")
    assert report["changed"] is True and report["replaced"] == "v2-second" and report["revision"] == 2
    assert of_payer_a(replaced) == [("v1-first", 10)]
    assert [row for row in totals(replaced) if row[0] == "payer-b"] == other
    assert quarantined(replaced) == [("v1-first", 1, True)]
    verdicts = replaced.json("receipt", "verify", "--source", "payer-a")["deliveries"]
    assert [(v["execution_id"], v["differences"]) for v in verdicts] == [("v1-first", [])]
    history = [(d["execution_id"], d["revision"], d["state"], (d["hold"] or {}).get("reason"))
               for d in replaced.json("history", *MAY)["deliveries"]]
    assert history == [("v1-first", 1, "superseded", None), ("v2-second", 1, "superseded", None),
                       ("v1-first", 2, "current", "wrong rates")]


def test_newer_deliveries_wait_until_they_are_released(replaced):
    replaced.run("rollback", *MAY, "--to", "v1-first")
    held = replaced.json("aws", "run-pipeline")
    assert held["changed"] is False and outcomes(held)[("payer-a", "2026-05")] == "held"
    assert "held" in replaced.run("aws", "run-pipeline", "--dry-run").out
    deliver_v1(replaced.folder / "buckets/payer-a", "2026-05", [small_bill(7)], "v3-third")
    assert outcomes(replaced.json("aws", "run-pipeline", "--overwrite"))[("payer-a", "2026-05")] == "held"
    assert of_payer_a(replaced) == [("v1-first", 10)]
    released = replaced.json("release", *MAY)
    assert [r["execution_id"] for r in released["released"]] == ["v1-first"] and released["changed"] is True
    assert replaced.json("release", *MAY)["changed"] is False
    assert outcomes(replaced.json("aws", "run-pipeline"))[("payer-a", "2026-05")] == "replaced"
    assert of_payer_a(replaced) == [("v3-third", 7)]
    assert quarantined(replaced) == []


def test_other_bytes_under_the_held_version_wait_too(replaced):
    deliver_v1(replaced.folder / "buckets/payer-a", "2026-05", [small_bill(10)], "v1-first")
    replaced.run("rollback", *MAY, "--to", "v1-first")
    assert outcomes(replaced.json("aws", "run-pipeline"))[("payer-a", "2026-05")] == "held"
    assert of_payer_a(replaced) == [("v1-first", 10)]


def test_back_and_forth_keeps_every_version_whole(replaced):
    for version, rows in (("v1", 10), ("v2", 4), ("v1", 10)):
        replaced.run("rollback", *MAY, "--to", version)
        assert [n for _, n in of_payer_a(replaced)] == [rows]
        replaced.run("receipt", "verify", "--source", "payer-a", expect=None)
    assert replaced.json("rollback", *MAY, "--to", "v1")["changed"] is False


def test_a_dry_run_changes_nothing(replaced):
    before = sorted((replaced.folder / "data").rglob("*"))
    report = replaced.json("rollback", *MAY, "--to", "v1", "--dry-run")
    assert report["dry_run"] is True and report["changed"] is False and report["rows"]["loaded"] == 10
    after = sorted((replaced.folder / "data").rglob("*"))
    assert [p for p in after if p not in before and p.suffix != ".lock" and "locks" not in p.parts] == []
    assert of_payer_a(replaced) == [("v2-second", 4)]


def test_what_cannot_be_gone_back_to_is_told(replaced):
    assert "no delivery is called 'v9'; there are v1-first, v2-second" in \
        replaced.run("rollback", *MAY, "--to", "v9", expect=1).err
    assert "begins both" in replaced.run("rollback", *MAY, "--to", "v", expect=2).err
    assert "the ledger has no delivery of payer-x" in replaced.run(
        "rollback", "--period", "2026-05", "--source", "payer-x", "--to", "v", expect=1).err
    assert "say what to release" in replaced.run("release", expect=2).err


def test_an_expired_snapshot_is_told_with_what_to_do(replaced):
    catalog = replaced.catalog
    import sqlite3
    with sqlite3.connect(catalog) as db:
        location = db.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = 'aws_billing_data'"
                              ).fetchone()[0].removeprefix("file://")
    metadata = json.loads(open(location).read())
    metadata["snapshots"] = [s for s in metadata["snapshots"] if s["snapshot-id"] == metadata["current-snapshot-id"]]
    metadata["snapshot-log"] = metadata["snapshot-log"][-1:]
    open(location, "w").write(json.dumps(metadata))
    told = replaced.run("rollback", *MAY, "--to", "v1", expect=1).err
    assert "have expired" in told and "run-pipeline" in told
    assert of_payer_a(replaced) == [("v2-second", 4)]


def test_killed_at_each_durable_call_it_is_the_old_state_or_the_new(replaced, tmp_path):
    import shutil
    counted = replaced.run("rollback", *MAY, "--to", "v1", "--dry-run")
    assert counted.code == 0
    saved = tmp_path / "saved"
    shutil.copytree(replaced.folder / "data", saved)
    calls = 0
    for call in range(1, 60):
        done = replaced.run("rollback", *MAY, "--to", "v1", expect=None, env={"FINOPS_FAULT": f"kill-after:{call}"})
        state = of_payer_a(replaced)
        assert state in ([("v2-second", 4)], [("v1-first", 10)])
        assert len(quarantined(replaced)) == (1 if state == [("v1-first", 10)] else 0)
        again = replaced.json("rollback", *MAY, "--to", "v1")
        assert of_payer_a(replaced) == [("v1-first", 10)] and again["execution_id"] == "v1-first"
        assert [d["differences"] for d in replaced.json("receipt", "verify", "--source", "payer-a")["deliveries"]] == [[]]
        if done.code == 0:
            break
        calls += 1
        shutil.rmtree(replaced.folder / "data")
        shutil.copytree(saved, replaced.folder / "data")
    assert calls > 5
