"""`finops serve` in tests: a process of its own, asked over HTTP.

    with job_service(project) as service:
        service.push({"org_id": "1"}, message_id="m1")          # Answer(status, headers, body); body of JSON is parsed
        service.ask("GET", "/v1/jobs?limit=2")
    service.log                                                  # the lines that it wrote, parsed
"""
import base64
import contextlib
import http.client
import json
import signal
import threading
import time
import types


class JobService:
    def __init__(self, project, *arguments, env=None):
        self.log, self.errors = [], []
        self.process = project.start("serve", "--listen", "127.0.0.1:0", *arguments, env=env)
        self.readers = [threading.Thread(target=self.read_log, daemon=True), threading.Thread(target=self.read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()
        self.port = self.wait_for_line("the service listens")["metadata"]["port"]

    def read_log(self):
        for line in self.process.stdout:
            self.log.append(json.loads(line))

    def read_errors(self):
        self.errors.extend(self.process.stderr)

    def lines(self, message):
        return [line for line in list(self.log) if line["message"] == message]

    def wait_for_line(self, message, seconds=30):
        for _ in range(seconds * 50):
            if self.lines(message):
                return self.lines(message)[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no line '{message}': {self.log} {self.errors} {self.process.poll()}")

    def ask(self, method, target, body=None, headers=None, timeout=600):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            sent = None if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
            given = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, target, sent, given | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            if "json" in answer.headers.get("Content-Type", ""):
                content = json.loads(content)
            return types.SimpleNamespace(status=answer.status, headers=answer.headers, body=content)

    def push(self, message, message_id=None, headers=None, timeout=600):
        """As Pub/Sub pushes it."""
        data = base64.b64encode(json.dumps(message).encode()).decode()
        envelope = {"message": {"data": data} | ({"messageId": message_id} if message_id else {}), "subscription": "projects/p/subscriptions/s"}
        return self.ask("POST", "/", envelope, headers, timeout)

    def stop(self, how=signal.SIGTERM):
        """The exit code."""
        self.process.send_signal(how)
        code = self.process.wait(60)
        for reader in self.readers:
            reader.join(10)
        return code


@contextlib.contextmanager
def job_service(project, *arguments, env=None):
    service = JobService(project, *arguments, env=env)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.stop(signal.SIGKILL)
