"""The service's files of deploy/: that Google's own descriptions take them, what the script asks for and of whom, and that nobody gets more
than is needed. There is no Docker and no Google Cloud here: the script's gcloud is one that writes down what it is asked."""
import contextlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from release import ROOT

sys.path.insert(0, str(ROOT / "tests/support"))
from local_http import local_http  # noqa: E402

DEPLOY = ROOT / "deploy"
DISCOVERY = ROOT / ".deps/venv/deploy/bin/python"
# What `finops serve` reads beside the keys of the configuration.


def yaml_document(path):
    program = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)"
    done = subprocess.run([ROOT / ".deps/venv/servers/bin/python", "-c", program, path], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


# ---- Google's own descriptions


def description(api):
    program = ("import json, sys; from googleapiclient import discovery_cache; "
               "sys.stdout.write(discovery_cache.get_static_doc(*sys.argv[1].split('.')))")
    return json.loads(subprocess.run([DISCOVERY, "-c", program, api], capture_output=True, text=True, check=True).stdout)["schemas"]


TYPES = {"string": str, "integer": int, "boolean": bool, "number": (int, float), "object": dict, "array": list}


def faults(schemas, schema, value, path=""):
    """What the API would not take of `value`, as texts."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type", "any")
    if schema.get("format") == "int64" and isinstance(value, int):
        return []  # of 64 bits: a text or a number
    if kind != "any" and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [f"{path}: {value!r} is no {kind}"]
    if kind == "array":
        return [fault for i, item in enumerate(value) for fault in faults(schemas, schema["items"], item, f"{path}[{i}]")]
    if kind != "object":
        return [f"{path}: {value!r} is none of {schema['enum']}"] if value not in schema.get("enum", [value]) else []
    result = []
    for name, item in value.items():
        part = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        result += [f"{path}.{name} is unknown"] if part is None else faults(schemas, part, item, f"{path}.{name}")
    return result


@pytest.fixture(scope="module")
def run_api():
    return description("run.v1")


def service():
    return yaml_document(DEPLOY / "gcp/cloud-run-service.yaml")


def test_google_knows_every_key_of_service_and_job(run_api):
    assert faults(run_api, {"$ref": "Service"}, service()) == []
    assert faults(run_api, {"$ref": "Job"}, yaml_document(DEPLOY / "gcp/cloud-run-job.yaml")) == []
    broken = service()
    broken["spec"]["template"]["spec"]["timeoutSecond"] = 1
    broken["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "8080"
    assert len(faults(run_api, {"$ref": "Service"}, broken)) == 2


def test_the_service_waits_longer_than_finops_and_works_between_requests():
    document = service()
    template = document["spec"]["template"]
    annotations, spec = template["metadata"]["annotations"], template["spec"]
    assert annotations["run.googleapis.com/cpu-throttling"] == "false"
    assert 1 <= int(annotations["autoscaling.knative.dev/minScale"]) <= int(annotations["autoscaling.knative.dev/maxScale"])
    assert document["metadata"]["annotations"]["run.googleapis.com/ingress"] == "internal"
    assert 540 < spec["timeoutSeconds"] <= 600 and spec["serviceAccountName"].startswith("finops-service@")
    [container] = spec["containers"]
    port = container["ports"][0]["containerPort"]
    assert container["args"] == ["serve", "--listen", f"0.0.0.0:{port}"] and container["resources"]["limits"]["memory"] == "512Mi"
    probes = {name: container[f"{name}Probe"] for name in ("startup", "liveness")}
    assert {name: probe["httpGet"] for name, probe in probes.items()} == {
        "startup": {"path": "/readyz", "port": port}, "liveness": {"path": "/healthz", "port": port}}
    assert all(probe["timeoutSeconds"] <= probe["periodSeconds"] for probe in probes.values())
    for variable in container["env"]:
        assert ("PASSWORD" in variable["name"]) == ("valueFrom" in variable)


# ---- names of the environment


def values_of(environment):
    return {variable["name"]: variable.get("value", "a secret") for variable in environment}


def check_known(environment, tmp_path):
    """finops itself says which of its names it knows."""
    done = subprocess.run([os.environ["FINOPS_BIN"], "config", "--json"], cwd=tmp_path, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"]} | environment)
    assert done.returncode == 0, done.stderr
    given = done.stdout
    for name, value in environment.items():
        assert not value or name in given, f"finops takes nothing from {name}"
    return given


def test_finops_knows_the_names_in_the_environment(tmp_path):
    check_known(values_of(service()["spec"]["template"]["spec"]["containers"][0]["env"]), tmp_path)
    with pytest.raises(AssertionError):
        check_known({"FINOPS__SERVICE__DB_SLL_MODE": "required"}, tmp_path)
    with pytest.raises(AssertionError):
        check_known({"DB_PASS": "x"}, tmp_path)


# ---- the script

GCLOUD = """#!/bin/sh
python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@" >>"$GCLOUD_LOG"
case "$*" in
  *"services describe finops-service"*) echo https://finops-service-1.run.app; exit 0 ;;
  "projects describe"*) echo 1234; exit 0 ;;
  *" describe "*) exit $GCLOUD_MISSING ;;
  "run services replace"*) cp "$4" "$GCLOUD_LOG.yaml" ;;
esac
"""


def set_up(tmp_path, missing, expect=0, **more):
    """What the script asks of gcloud: lists of words. `missing`: nothing is there yet."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    gcloud = tmp_path / "bin/gcloud"
    gcloud.write_text(GCLOUD)
    gcloud.chmod(0o755)
    log = tmp_path / "calls"
    log.write_text("")
    variables = {"PROJECT_ID": "ours-1", "REGION": "europe-west1", "VERSION": "1.2.3", "NETWORK": "vpc", "SUBNETWORK": "subnet",
                 "DATABASE_ADDRESS": "10.0.0.5", "ORGANISATIONS": "12 client-b", "LAKE_JOB": "finops"} | more
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "GCLOUD_LOG": str(log), "GCLOUD_MISSING": str(int(missing))}
    done = subprocess.run([DEPLOY / "gcp/service.sh"], env=environment | variables, capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return [json.loads(line) for line in log.read_text().splitlines()]


def options_of(call):
    return dict(zip([word for word in call if word.startswith("--")], [call[i + 1] if i + 1 < len(call) else None
                                                                      for i, word in enumerate(call) if word.startswith("--")]))


def one(calls, *words):
    found = [call for call in calls if call[:len(words)] == list(words)]
    assert len(found) == 1, f"{words}: {found}"
    return found[0], options_of(found[0])


def grants(calls):
    """{(what, role, whom)}"""
    result = set()
    for call in calls:
        if "add-iam-policy-binding" in call:
            place = call.index("add-iam-policy-binding")
            options = options_of(call)
            result.add((" ".join(call[:place]) + " " + call[place + 1], options["--role"], options["--member"].removeprefix("serviceAccount:")))
    return result


def test_each_account_gets_what_its_part_does_and_nothing_else(tmp_path):
    service_account, push = (f"finops-{name}@ours-1.iam.gserviceaccount.com" for name in ("service", "push"))
    agent = "service-1234@gcp-sa-pubsub.iam.gserviceaccount.com"
    calls = set_up(tmp_path, missing=True)
    assert grants(calls) == {
        ("projects ours-1", "roles/bigquery.user", service_account),
        ("secrets finops-db-password", "roles/secretmanager.secretAccessor", service_account),
        ("run services finops-service", "roles/run.invoker", push),
        ("run jobs finops", "roles/run.invoker", "finops-schedule@ours-1.iam.gserviceaccount.com"),
        ("pubsub topics finops-jobs-dead", "roles/pubsub.publisher", agent),
        ("pubsub subscriptions finops-jobs", "roles/pubsub.subscriber", agent),
        (f"iam service-accounts {push}", "roles/iam.serviceAccountTokenCreator", agent)}
    documented = (ROOT / "docs/deployment.md").read_text()
    for _, role, _ in grants(calls):
        assert f"`{role}`" in documented, f"docs/deployment.md does not tell of {role}"
    assert not any("allUsers" in word or "allow-unauthenticated" in word for call in calls for word in call)


def test_messages_are_pushed_with_a_token_and_are_not_lost(tmp_path):
    calls = set_up(tmp_path, missing=True)
    _, push = one(calls, "pubsub", "subscriptions", "create", "finops-jobs")
    assert push["--topic"] == "finops-jobs" and push["--push-endpoint"] == "https://finops-service-1.run.app/"
    assert push["--push-auth-token-audience"] == "https://finops-service-1.run.app"
    assert push["--push-auth-service-account"] == "finops-push@ours-1.iam.gserviceaccount.com"
    assert int(push["--ack-deadline"]) == 600 == service()["spec"]["template"]["spec"]["timeoutSeconds"]
    assert push["--dead-letter-topic"] == "finops-jobs-dead" and 5 <= int(push["--max-delivery-attempts"]) <= 100
    assert 10 <= int(push["--min-retry-delay"][:-1]) < int(push["--max-retry-delay"][:-1]) <= 600
    _, dead = one(calls, "pubsub", "subscriptions", "create", "finops-jobs-dead")
    assert dead["--topic"] == "finops-jobs-dead" and dead["--expiration-period"] == push["--expiration-period"] == "never"
    # The topic of the dead is there before the subscription that names it.
    assert calls.index(["pubsub", "topics", "create", "finops-jobs-dead"]) < calls.index(one(calls, "pubsub", "subscriptions", "create", "finops-jobs")[0])


def test_each_organisation_has_a_message_of_its_own_and_the_lake_its_run(tmp_path):
    calls = set_up(tmp_path, missing=True)
    for organisation in ("12", "client-b"):
        _, options = one(calls, "scheduler", "jobs", "create", "pubsub", f"finops-organisation-{organisation}")
        assert options["--topic"] == "finops-jobs" and json.loads(options["--message-body"]) == {"org_id": organisation}
        assert options["--schedule"] == "30 */6 * * *" and options["--time-zone"] == "Etc/UTC"
    _, lake = one(calls, "scheduler", "jobs", "create", "http", "finops-lake")
    assert lake["--uri"].endswith("/projects/ours-1/locations/europe-west1/jobs/finops:run") and lake["--max-retry-attempts"] == "0"
    assert set_up(tmp_path, missing=True, expect=2, ORGANISATIONS='12 x","y') == [], "something was done before the mistake was found"


def test_what_is_deployed_has_no_placeholder_and_its_tables_are_made_before(tmp_path, run_api):
    calls = set_up(tmp_path, missing=True)
    deployed = yaml_document(tmp_path / "calls.yaml")
    assert faults(run_api, {"$ref": "Service"}, deployed) == []
    text = json.dumps(deployed)
    assert not re.search(r"OUR_|REGION|VERSION|NETWORK|_ADDRESS", text)
    assert deployed["spec"]["template"]["spec"]["containers"][0]["image"] == "europe-west1-docker.pkg.dev/ours-1/finops/finops:1.2.3"
    assert json.loads(deployed["spec"]["template"]["metadata"]["annotations"]["run.googleapis.com/network-interfaces"]) == [
        {"network": "vpc", "subnetwork": "subnet"}]
    migration, options = one(calls, "run", "jobs", "deploy", "finops-journal")
    assert options["--args"] == "journal,migrate" and "--wait" in migration
    replace, _ = one(calls, "run", "services", "replace")
    assert calls.index(migration) < calls.index(replace)


def test_a_second_time_it_changes_what_is_there_and_makes_nothing(tmp_path):
    calls = set_up(tmp_path, missing=False)
    assert not [call for call in calls if "create" in call]
    assert [call for call in calls if call[:4] == ["pubsub", "subscriptions", "update", "finops-jobs"]]
    assert "--topic" not in one(calls, "pubsub", "subscriptions", "update", "finops-jobs")[1], "a subscription's topic cannot be changed"
    assert [call for call in calls if call[:5] == ["scheduler", "jobs", "update", "pubsub", "finops-organisation-12"]]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_script_is_clean():
    subprocess.run(["shellcheck", DEPLOY / "gcp/service.sh"], check=True)


# ---- compose


@pytest.fixture(scope="module")
def compose():
    return yaml_document(DEPLOY / "compose/compose.yaml")


def test_what_compose_names_is_there(compose):
    assert compose.keys() <= {"name", "services", "networks", "volumes", "secrets"}
    for name, one_service in compose["services"].items():
        assert set(one_service["networks"]) <= compose["networks"].keys(), name
        assert set(one_service.get("secrets", [])) <= compose["secrets"].keys(), name
        for volume in one_service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"], name
        for other, condition in one_service.get("depends_on", {}).items():
            depended = compose["services"][other]
            assert condition["condition"] != "service_healthy" or "healthcheck" in depended, f"{name} waits for {other}'s health"
            assert condition["condition"] != "service_completed_successfully" or depended["restart"] == "no"
    build = compose["services"]["finops"]["build"]
    assert (DEPLOY / "compose" / build["context"]).resolve() == ROOT and (ROOT / build["dockerfile"]).is_file()


def test_only_the_service_is_reached_and_from_this_machine_alone(compose):
    published = {name: one_service["ports"] for name, one_service in compose["services"].items() if "ports" in one_service}
    assert published == {"finops": ["127.0.0.1:${PORT:-8080}:8080"]}
    assert compose["networks"]["journal"]["internal"] is True and compose["services"]["mariadb"]["networks"] == ["journal"]
    for name, one_service in compose["services"].items():
        assert "privileged" not in one_service and "network_mode" not in one_service
        assert one_service["security_opt"] == ["no-new-privileges:true"], name
        assert one_service["image"] == "finops" or re.search(r":(?!latest)[\w.-]+$", one_service["image"])
    for name in ("finops", "journal"):
        ours = compose["services"][name]
        assert ours["user"] == "10001:10001" and ours["read_only"] and ours["cap_drop"] == ["ALL"] and ours["image"] == "finops"


def test_secrets_are_files(compose):
    assert compose["secrets"] == {name: {"file": f"./secrets/{name}"} for name in ("db_password", "api_token")}
    for name, one_service in compose["services"].items():
        for variable, value in one_service.get("environment", {}).items():
            if "PASSWORD" in variable and variable != "MARIADB_RANDOM_ROOT_PASSWORD":
                folder, _, secret = value.removeprefix("file:").rpartition("/")
                assert folder == "/run/secrets" and secret in one_service["secrets"], name


def without_variables(value):
    """"${NAME:-default}" as compose makes it where NAME is not set, or "p" where it must be."""
    return re.sub(r"\$\{\w+(?::([-?])([^}]*))?\}", lambda match: match[2] if match[1] == "-" else "p", value)


def test_finops_knows_the_names_in_compose(compose, tmp_path):
    environment = {name: without_variables(value) for name, value in compose["services"]["finops"]["environment"].items()}
    assert "file:/run/secrets/db_password" in check_known(environment, tmp_path)
    check_known(environment | {"FINOPS__SERVICE__ENDPOINT_URL": "http://bigquery:9050"}, tmp_path)


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_whether_it_is_ready(compose, status, is_healthy):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append((self.path, self.headers["host"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    kind, *command = compose["services"]["finops"]["healthcheck"]["test"]
    assert kind == "CMD"
    with local_http(Handler) as url:
        port = url.rsplit(":", 1)[1]
        command = [word.replace("$$", "$").replace("/8080", f"/{port}") for word in command]
        assert (subprocess.run(command, timeout=5).returncode == 0) == is_healthy
    assert asked == [("/readyz", "localhost")]
    with contextlib.suppress(subprocess.TimeoutExpired):
        assert subprocess.run(command, timeout=5, capture_output=True).returncode != 0, "nobody is there"
