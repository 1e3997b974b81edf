"""What people wait for when nothing is loaded: the program's start, and which deliveries there are."""
import json
import shutil

from contender import Contender, Goals, clean_environment, headline, keep, machine, plain_table, run_all
from deliveries import deliver_v1, small_bill
from finops_folder import FinopsFolder, export_of
from s3_server import S3Server

PAYERS, FIRST_YEAR, YEARS = 3, 2021, 5
STARTS = 20
GOAL_START, GOAL_DISCOVER = 0.020, 1.0


def report(part, title, contenders, limit, about, repeat, results):
    """Tells and keeps what was measured; all of it is to be below `limit` seconds. Returns what failed."""
    print(f"\n{title}; {headline(about, repeat)}\n\n{plain_table(contenders)}\n")
    told = Goals()
    for one in contenders:
        if one.is_right:
            told.add(f"{one.title} in less than {limit * 1e3:.0f} ms", f"{one.best() * 1e3:.1f} ms", one.best() < limit)
    print(told)
    print(f"\nkept in {keep(results, part, about, {'contenders': [one.as_json() for one in contenders]})}", flush=True)
    return [one for one in contenders if one.failure]


def startup(options):
    about, repeat = machine(), max(options.repeat, STARTS)
    contenders = [Contender(word, f"finops {word}", [options.finops, word], env=clean_environment()) for word in ("--version", "--help")]
    run_all(contenders, repeat)
    return report("startup", "Start of the program", contenders, GOAL_START, about, repeat, options.results)


def deliver_all(folder):
    """{payer: bucket} with a small delivery of each month."""
    periods = [f"{year}-{month:02d}" for year in range(FIRST_YEAR, FIRST_YEAR + YEARS) for month in range(1, 13)]
    buckets = {f"payer-{number}": folder / f"payer-{number}" for number in range(PAYERS)}
    for bucket in buckets.values():
        for period in periods:
            deliver_v1(bucket, period, [small_bill(1, period)], "v1")
    return buckets


def discovering(name, title, finops):
    one = Contender(name, title, finops.command("aws", "discover-manifests", "--json"), env=finops.env, right="all found")

    def problem():
        found = json.loads(one.runs[-1].output)["manifests"]
        return None if len(found) == PAYERS * YEARS * 12 else f"found {len(found)} deliveries instead of {PAYERS * YEARS * 12}"

    one.check = problem
    return one


def discover(options):
    work, about = options.work_dir.resolve() / "discover", machine()
    shutil.rmtree(work, ignore_errors=True)
    buckets = deliver_all(work / "buckets")
    here = FinopsFolder(options.finops, work / "finops",
                        [export_of(bucket, payer, "report") for payer, bucket in buckets.items()])
    contenders = [discovering("folder", "finops: discover-manifests in folders", here)]
    if options.s3:
        server = S3Server()
        for payer, bucket in buckets.items():
            server.upload(bucket, f"discover-{payer}")
        remote = FinopsFolder(options.finops, work / "finops-s3", env=server.env(),
                              exports=[export_of(f"discover-{payer}", payer, "report", lines=server.lines()) for payer in buckets])
        contenders.append(discovering("s3", "finops: discover-manifests on a local S3 server", remote))
    run_all(contenders, options.repeat)
    failed = report("discover", f"{YEARS * 12} billing periods × {PAYERS} payers", contenders, GOAL_DISCOVER, about, options.repeat,
                    options.results)
    shutil.rmtree(work, ignore_errors=True)
    return failed
