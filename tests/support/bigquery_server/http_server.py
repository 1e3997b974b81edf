"""Sockets: requests in, answers out, faults between. What is answered is found by `routes`, functions of a Request."""
import contextlib
import dataclasses
import http.server
import json
import re
import socket
import struct
import threading
import time
import traceback
import urllib.parse

from .errors import ApiError, OAuthError

CONTROL = "/_control/"


@dataclasses.dataclass
class Request:
    method: str
    path: str
    parameters: dict
    headers: object
    body: bytes
    groups: dict = None
    token: object = None  # who asks, where a route needs to know
    notes: dict = dataclasses.field(default_factory=dict)  # for the log

    @property
    def principal(self):
        return self.token.email

    def json(self):
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as failure:
            raise ApiError("parseError", f"Parse Error: {failure}", code=400) from None
        if not isinstance(value, dict):
            raise ApiError("parseError", "Parse Error: the body is a JSON object", code=400)
        return value

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode()))

    def flag(self, name):
        return self.parameters.get(name, "").lower() == "true"

    def number(self, name):
        value = self.parameters.get(name)
        if value is None:
            return None
        if not value.isdigit():
            raise ApiError("invalid", f"Invalid value for {name}: {value}")
        return int(value)


@dataclasses.dataclass
class Answer:
    body: object = None  # a value to write as JSON, text, or None
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)

    def content(self):
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body, separators=(",", ":")).encode()


def answer_of(routes, request):
    """Asks the first route that fits; errors become their documents."""
    try:
        for method, pattern, function in routes:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                request.groups = {name: urllib.parse.unquote(value) for name, value in match.groupdict().items() if value is not None}
                return function(request)
        raise ApiError("notFound", f"Not found: {request.method} {request.path}")
    except ApiError as failure:
        return refusal(failure)
    except OAuthError as failure:
        return Answer(failure.document(), failure.code)
    except Exception:
        return refusal(ApiError("internalError", traceback.format_exc()))


def refusal(failure):
    return Answer(failure.document(), failure.code, failure.headers)


def handler_of(routes, faults):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self):
            split = urllib.parse.urlsplit(self.path)
            request = Request(self.command, split.path, dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True)), self.headers,
                              self.read_body())
            if request.path.startswith(CONTROL):
                return self.send(answer_of(routes, request), None)
            fault = faults.of_request(request.method, self.path)
            answer = self.answered(request, fault)
            faults.note({"method": request.method, "path": request.path, "query": split.query, "bytes": len(request.body),
                         "status": answer.status if answer else None, "fault": fault and fault.kind,
                         "principal": request.token and request.token.email} | request.notes)
            if answer is None or (fault and (fault.kind == "lose_answer" or fault.kind == "reset")):
                return self.reset()
            self.send(answer, fault)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

        def answered(self, request, fault):
            if fault is None:
                return answer_of(routes, request)
            if fault.kind == "slow":
                time.sleep(fault.seconds)
            if fault.phase == "before" and fault.kind == "reset":
                return None
            refused = fault.error()
            if refused is not None:
                if fault.phase == "after":
                    answer_of(routes, request)
                return refusal(refused)
            return answer_of(routes, request)

        def read_body(self):
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():  # trailers
                pass
            return b"".join(parts)

        def send(self, answer, fault):
            kind, content = fault.kind if fault else None, answer.content()
            if kind == "broken_json":
                content = content[:len(content) // 2] + b"\x00<"
            if kind == "alter":
                content = content.replace(fault.find.encode(), fault.put.encode(), 1)
            self.send_response_only(answer.status)
            headers = {"Content-Type": "application/json; charset=UTF-8"} if content else {}
            for name, value in (headers | answer.headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if kind == "drip":
                for begin in range(0, len(content), 64):
                    self.wfile.write(content[begin:begin + 64])
                    time.sleep(fault.seconds / max(1, len(content) / 64))
            elif kind == "truncate":
                self.wfile.write(content[:len(content) // 2])
                self.reset()
            else:
                self.wfile.write(content)

        def reset(self):
            with contextlib.suppress(OSError):
                self.wfile.flush()
                # A close with a linger of 0 seconds sends RST.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            self.close_connection = True

        def finish(self):
            with contextlib.suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *arguments):
            pass

    return Handler


class HttpServer:
    """Listens from its making on; answers between start() and stop()."""

    def __init__(self, port=0):
        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, *arguments):
                pass  # connections that are reset on purpose

        self.listener = Listener(("127.0.0.1", port), None)
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"
        self.thread = None

    def start(self, routes, faults):
        self.listener.RequestHandlerClass = handler_of(routes, faults)
        self.thread = threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
        self.thread.join()
