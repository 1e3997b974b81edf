"""The files of deploy/: that the services take them, and that they allow no more than is needed. There is no Docker, no AWS and no
Google Cloud here; what is checked is the services' own descriptions of their requests, and what systemd says."""
import json
import pathlib
import re
import shutil
import subprocess

import botocore.session
import botocore.validate
import pytest
from release import ROOT

DEPLOY = ROOT / "deploy"
POLICIES = sorted((DEPLOY / "aws/policies").glob("*.json"))
TRUSTS = [path for path in POLICIES if path.name.startswith("trust-")]
GRANTS = [path for path in POLICIES if path not in TRUSTS]
# ECR's log-in is for the whole registry, AWS gives it no resource.
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken"}


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements(path):
    policy = json.loads(path.read_text())
    assert policy.keys() == {"Version", "Statement"} and policy["Version"] == "2012-10-17"
    return policy["Statement"]


def yaml_document(path):
    """PyYAML is in the environment of the servers."""
    program = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"
    done = subprocess.run([ROOT / ".deps/venv/servers/bin/python", "-c", program, path], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def ids(path):
    return path.stem


@pytest.mark.parametrize("path", GRANTS, ids=ids)
def test_a_policy_names_its_actions_and_resources(path):
    for statement in statements(path):
        assert statement["Effect"] == "Allow" and statement["Sid"].isalnum() and "Principal" not in statement
        assert not statement.keys() & {"NotAction", "NotResource"}
        actions = as_list(statement["Action"])
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in actions), f"{actions}: no wildcards"
        for resource in as_list(statement["Resource"]):
            if set(actions) <= WITHOUT_RESOURCE:
                assert resource == "*"
                continue
            assert re.fullmatch(r"arn:aws:[a-z0-9]+:[A-Za-z]*:[A-Z_]*:[^*]+(\*)?", resource), resource
            assert any(word in resource for word in ("_BUCKET", "ACCOUNT_ID")), f"{resource} names nobody's"


@pytest.mark.parametrize("path", TRUSTS, ids=ids)
def test_a_role_trusts_one_service_or_one_role(path):
    [statement] = statements(path)
    assert statement["Effect"] == "Allow" and statement["Action"] == "sts:AssumeRole"
    [(kind, principal)] = statement["Principal"].items()
    if kind == "Service":
        assert principal in ("ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com")
        # An instance profile is bound to its account by itself; the others act for all accounts.
        conditions = json.dumps(statement.get("Condition", {}))
        assert principal == "ec2.amazonaws.com" or ("aws:SourceAccount" in conditions and "aws:SourceArn" in conditions)
    else:
        assert kind == "AWS" and principal == "arn:aws:iam::ACCOUNT_ID:role/finops-job"
        assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "EXTERNAL_ID"}}


def actions_of(name):
    return {action for statement in statements(DEPLOY / f"aws/policies/{name}.json") for action in as_list(statement["Action"])}


def test_each_policy_allows_what_its_part_does_and_nothing_else():
    assert actions_of("read-bills") == {"s3:ListBucket", "s3:GetObject"}
    assert actions_of("read-bills-kms") == {"kms:Decrypt"}
    assert actions_of("write-lake") == {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}
    assert actions_of("write-lake-kms") == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert actions_of("read-secret") == {"secretsmanager:GetSecretValue"}
    assert actions_of("assume-bill-reader") == {"sts:AssumeRole"}
    assert actions_of("start-task") == {"ecs:RunTask", "iam:PassRole"}
    for name in ("read-bills", "write-lake"):
        for statement in statements(DEPLOY / f"aws/policies/{name}.json"):
            assert ("s3:ListBucket" in as_list(statement["Action"])) == ("s3:prefix" in json.dumps(statement.get("Condition", {})))
    for name in ("read-bills-kms", "write-lake-kms"):
        [statement] = statements(DEPLOY / f"aws/policies/{name}.json")
        assert "kms:ViaService" in statement["Condition"]["StringEquals"]
    [secret] = statements(DEPLOY / "aws/policies/read-secret.json")
    assert "*" not in secret["Resource"]
    [_, passing] = statements(DEPLOY / "aws/policies/start-task.json")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def aws_faults(service, operation, parameters):
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    return botocore.validate.ParamValidator().validate(parameters, shape).generate_report()


def task_definition():
    return json.loads((DEPLOY / "aws/task-definition.json").read_text())


def schedule():
    return json.loads((DEPLOY / "aws/schedule.json").read_text())


def test_aws_knows_every_key_of_task_and_schedule():
    assert aws_faults("ecs", "RegisterTaskDefinition", task_definition()) == ""
    assert aws_faults("scheduler", "CreateSchedule", schedule()) == ""
    assert "Unknown parameter" in aws_faults("ecs", "RegisterTaskDefinition", task_definition() | {"famly": "x"})


def test_the_task_has_no_rights_on_its_host_and_its_data_stays_there():
    task = task_definition()
    [container] = task["containerDefinitions"]
    assert container["user"] == "10001:10001" and container["readonlyRootFilesystem"] and not container["privileged"]
    assert container["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    assert container["stopTimeout"] >= 10
    mounts = {mount["sourceVolume"]: mount for mount in container["mountPoints"]}
    volumes = {volume["name"]: volume for volume in task["volumes"]}
    assert volumes["data"]["host"]["sourcePath"] and mounts["data"]["containerPath"] == "/app/data"
    assert mounts["config"]["readOnly"]
    variables = {variable["name"]: variable["value"] for variable in container["environment"]}
    assert variables["FINOPS_DATA_DIR"] == "/app/data"
    assert variables["CONFIG_PATH"].startswith(mounts["config"]["containerPath"] + "/")
    assert task["requiresCompatibilities"] == ["EC2"] and "attribute:finops.data" in task["placementConstraints"][0]["expression"]


def test_the_schedule_starts_one_task_with_the_roles_that_its_policy_passes():
    target = schedule()["Target"]
    assert target["EcsParameters"]["TaskCount"] == 1 and target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    running, passing = statements(DEPLOY / "aws/policies/start-task.json")
    assert target["EcsParameters"]["TaskDefinitionArn"] in running["Resource"]
    assert running["Condition"]["ArnEquals"]["ecs:cluster"] == target["Arn"]
    task = task_definition()
    assert sorted(passing["Resource"]) == sorted([task["taskRoleArn"], task["executionRoleArn"]])


def test_the_cloud_run_job_runs_once_and_ends_before_the_next_one():
    job = yaml_document(DEPLOY / "gcp/cloud-run-job.yaml")
    assert (job["apiVersion"], job["kind"]) == ("run.googleapis.com/v1", "Job")
    execution = job["spec"]["template"]["spec"]
    assert execution["taskCount"] == execution["parallelism"] == 1
    task = execution["template"]["spec"]
    assert task["maxRetries"] == 0 and task["timeoutSeconds"] < 6 * 3600  # the schedule of docs/deployment.md
    [container] = task["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in task["volumes"]}
    for variable in container["env"]:
        assert ("SECRET" in variable["name"] or "KEY_ID" in variable["name"]) == ("valueFrom" in variable)


def instructions(path):
    text = re.sub(r"\\\n", " ", "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#")))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def test_the_image_is_pinned_small_and_without_rights_or_secrets():
    parsed = instructions(DEPLOY / "docker/Dockerfile")
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "STOPSIGNAL", "CMD"}
    assert {word for word, _ in parsed} <= known
    stages = [rest.split() for word, rest in parsed if word == "FROM"]
    names = {stage[2] for stage in stages if len(stage) == 3 and stage[1].upper() == "AS"}
    for base in (stage[0] for stage in stages):
        assert base == "${RELEASE}" or base in names or re.search(r":(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$", base), base
    assert {"source", "tarball"} <= names and ("ARG", "RELEASE=source") in parsed
    last = parsed[max(i for i, (word, _) in enumerate(parsed) if word == "FROM"):]
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    assert [word for word, _ in last][-1] == "CMD" and json.loads(last[-1][1]) == ["finops", "aws", "run-pipeline"]
    assert [rest for word, rest in last if word == "COPY"] == ["--from=release /opt/finops /opt/finops"]
    assert ("STOPSIGNAL", "SIGTERM") in last
    assert not re.search(r"(?i)secret|password|token|access_key", "\n".join(f"{word} {rest}" for word, rest in parsed))
    assert "CONFIG_PATH=/app/config.toml" in dict(last)["ENV"]
    ignored = (DEPLOY / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert {".git", ".deps", "build/*", "!build/dist", "**/config.toml"} <= set(ignored)


def test_the_tarball_stage_unpacks_what_the_release_is(tarball, tmp_path):
    """The stage's own commands, in a folder instead of a container."""
    run = next(rest for word, rest in instructions(DEPLOY / "docker/Dockerfile") if word == "RUN" and "/tmp/release/" in rest)
    (tmp_path / "release").mkdir()
    shutil.copy(tarball, tmp_path / "release")
    command = run.replace("/opt/finops", str(tmp_path / "finops")).replace("/tmp/release", str(tmp_path / "release"))
    subprocess.run(command, shell=True, check=True)
    assert (tmp_path / "finops/bin/finops").is_file()


def unit(name):
    settings = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            settings.setdefault(line.partition("=")[0], []).append(line.partition("=")[2])
    return settings


def test_the_service_stops_and_fails_as_documented():
    service = unit("finops.service")
    assert service["Type"] == ["oneshot"] and service["KillSignal"] == ["SIGTERM"] and int(service["TimeoutStopSec"][0]) >= 10
    assert service["SuccessExitStatus"] == ["130"]
    assert service["StateDirectory"] == ["finops"] and "FINOPS_DATA_DIR=/var/lib/finops" in service["Environment"]
    assert f"u {service['User'][0]} " in (DEPLOY / "systemd/finops.sysusers").read_text()


@pytest.fixture
def units(tmp_path):
    """The units, with a program that is there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    for name in ("finops.service", "finops.timer"):
        text = (DEPLOY / "systemd" / name).read_text()
        assert name.endswith("timer") or "ExecStart=/opt/finops/bin/finops aws run-pipeline\n" in text
        (tmp_path / name).write_text(text.replace("/opt/finops/bin/finops", "/bin/true"))
    return tmp_path


def analyze(*arguments):
    done = subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_systemd_takes_the_units(units):
    code, said = analyze("verify", units / "finops.service", units / "finops.timer")
    assert (code, [line for line in said.splitlines() if "finops." in line]) == (0, [])
    (units / "finops.service").write_text((units / "finops.service").read_text().replace("ProtectHome=yes", "ProtectHom=yes"))
    assert "ProtectHom" in analyze("verify", units / "finops.service")[1]


def test_systemd_finds_the_service_little_exposed(units):
    assert analyze("security", "--offline=true", "--no-pager", "--threshold=20", units / "finops.service")[0] == 0


def test_cron_gets_a_whole_line_and_no_percent_sign():
    path = DEPLOY / "cron/finops"
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert path.read_text().endswith("\n") and "." not in path.name
    *variables, job = lines
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in variables)
    minute, hour, day, month, weekday, user, command = job.split(None, 6)
    assert (minute, hour, day, month, weekday, user) == ("20", "*/6", "*", "*", "*", "finops")
    assert "%" not in command  # cron makes line feeds of them


@pytest.mark.parametrize("code", [0, 1, 3, 5])
def test_cron_says_what_a_run_said_only_when_it_did_not_end_well(tmp_path, code):
    command = (DEPLOY / "cron/finops").read_text().splitlines()[-1].split(None, 6)[6]
    program = tmp_path / "bin/finops"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho payer-a 2026-01; echo why >&2; exit {code}\n")
    program.chmod(0o755)
    done = subprocess.run(["/bin/sh", "-c", command.replace("/var/lib/finops", str(tmp_path))], capture_output=True, text=True,
                          env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    assert done.stderr == ""
    assert done.stdout == ("" if code == 0 else f"payer-a 2026-01\nwhy\nfinops: exit code {code}\n")


def test_the_documentation_names_every_file():
    text = "".join(file.read_text() for file in (ROOT / "docs/deployment.md", DEPLOY / "README.md"))
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name not in ("README.md", "Dockerfile.dockerignore"):
            name = path.relative_to(DEPLOY).as_posix()
            assert name in text or path.name in text, name


def test_what_the_documentation_names_is_there():
    text = (ROOT / "docs/deployment.md").read_text()
    for name in re.findall(r"file://([\w./-]+\.json)", text):
        assert (DEPLOY / "aws" / name).is_file(), name
    for name in re.findall(r"`(deploy/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
    for link in re.findall(r"\]\(([\w.-]+\.md)", text):
        assert (pathlib.Path(ROOT) / "docs" / link).is_file(), link
