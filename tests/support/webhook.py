"""A receiver of webhooks that is as strict as Slack's incoming webhooks are by their documentation.

    with webhook() as hook: hook.url, hook.messages; hook.status = 503 makes it refuse
"""
import contextlib
import http.server
import json

from local_http import local_http


class Webhook:
    path = "/services/T00000000/B00000000/secretsecretsecretsecret"

    def __init__(self):
        self.messages, self.status, self.attempts = [], 200, 0


def reason_against(handler, hook, body):
    """What Slack would refuse it with ("Sending messages using incoming webhooks", "Handling errors"), or None."""
    if handler.path != hook.path:
        return 403, "invalid_token"
    if handler.headers.get("content-type") != "application/json":
        return 400, "invalid_payload"
    try:
        message = json.loads(body)
    except ValueError:
        return 400, "invalid_payload"
    if not isinstance(message.get("text"), str) or not message["text"]:
        return 400, "no_text"
    return None


def handler_of(hook):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            hook.attempts += 1
            body = self.rfile.read(int(self.headers["content-length"]))
            refusal = reason_against(self, hook, body)
            if refusal is None and hook.status != 200:
                refusal = hook.status, "rollup_error"
            if refusal is None:
                hook.messages.append(json.loads(body))
            status, text = refusal or (200, "ok")
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            pass

    return Handler


@contextlib.contextmanager
def webhook():
    hook = Webhook()
    with local_http(handler_of(hook)) as url:
        hook.url = url + hook.path
        yield hook
