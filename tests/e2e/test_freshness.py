"""Sources that nothing new comes from are told, and change no exit code."""
import datetime
import os
import time

from deliveries import deliver_v1, small_bill, v1_range

HOUR = 3600


def age(bucket, hours, period=None):
    """Makes the manifests of a folder so old."""
    then = time.time() - hours * HOUR
    for manifest in bucket.rglob("*-Manifest.json"):
        if period is None or v1_range(period) in str(manifest):
            os.utime(manifest, (then, then))
    return then


def test_a_source_without_a_newer_delivery_is_stale(project):
    old, new = project.add_export("payer-a"), project.add_export("payer-b")
    for bucket in (old, new):
        for period in ("2026-04", "2026-05"):
            deliver_v1(bucket, period, [small_bill(5, period)], f"v-{period}")
    then = age(old, 40)
    age(old, 400, "2026-05")
    age(new, 400, "2026-05")
    report = project.json("aws", "run-pipeline")
    assert [one["source"] for one in report["stale"]] == ["payer-a"]
    stale = report["stale"][0]
    told = datetime.datetime.fromisoformat(stale["newest_delivery"].replace("Z", "+00:00")).timestamp()
    assert abs(told - then) < 0.01, "the newest of all periods counts"
    assert 40 * HOUR <= stale["age_seconds"] < 41 * HOUR and stale["max_age_seconds"] == 36 * HOUR
    result = project.run("aws", "run-pipeline")
    assert "warning: payer-a is stale: its newest delivery came" in result.err and "1 d 16 h ago" in result.err
    assert "payer-b is stale" not in result.err
    checks = {check["subject"]: check for check in project.json("doctor")["checks"]}
    assert checks["export payer-a"]["result"] == "warning" and "stale" in checks["export payer-a"]["finding"]
    assert checks["export payer-b"]["result"] == "good"


def test_max_age_is_of_each_export(project):
    for name in ("payer-a", "payer-b"):
        bucket = project.add_export(name)
        deliver_v1(bucket, "2026-05", [small_bill(5)], "v1")
        age(bucket, 100)
    env = {"FINOPS__AWS__EXPORTS__0__MAX_AGE": "1w", "FINOPS__AWS__EXPORTS__1__MAX_AGE": "0s"}
    assert project.json("aws", "run-pipeline", env=env)["stale"] == []


def test_a_source_without_any_delivery_is_told_as_one(project):
    bucket = project.add_export("payer-a")
    (bucket / "cur/report/20260501-20260601").mkdir(parents=True)
    (bucket / "cur/report/20260501-20260601/note").write_text("no manifest yet")
    report = project.json("aws", "run-pipeline")
    assert report["stale"] == [{"source": "payer-a", "newest_delivery": None, "age_seconds": None,
                                "max_age_seconds": 36 * HOUR}]
    assert "payer-a is stale: there is no delivery" in project.run("aws", "run-pipeline").err


def test_a_look_at_old_periods_only_does_not_judge(project):
    bucket = project.add_export("payer-a")
    deliver_v1(bucket, "2026-05", [small_bill(5)], "v1")
    age(bucket, 100)
    assert project.json("aws", "run-pipeline", "--end-date", "2020-01")["stale"] == []
    assert len(project.json("aws", "run-pipeline", "--start-date", "2020-01")["stale"]) == 1
    assert project.json("aws", "load-billing-local")["stale"] == [], "what lies here says nothing of deliveries"
