"""An HTTP proxy in front of a test server that spoils chosen requests, as networks do.

    with fault_proxy(server.endpoint) as proxy: proxy.endpoint, proxy.requests, proxy.fault = lambda n, method, path: "503"

`fault` is asked for each request, numbered from 1 on, and answers None or one of FAULTS, or "drip", which is no fault but
a very slow network. It may wait, as a server does that does not answer.
"""
import contextlib
import http.client
import http.server
import socket
import struct
import threading
import time
import urllib.parse

from local_http import local_http

FAULTS = {
    "refuse": "the connection is reset before the server sees the request",
    "lose_answer": "the server does it, the connection is reset instead of the answer",
    "503": "503 SlowDown; the server does not see the request",
    "500": "the server does it and the answer is 500 InternalError",
    "truncate": "half of the body arrives, then the connection ends",
}


class Proxy:
    def __init__(self, upstream):
        self.upstream = urllib.parse.urlsplit(upstream)
        self.fault = lambda number, method, path: None
        self.requests = []
        self.keeps_connections = True  # False: each request comes by a connection of its own
        self.lock = threading.Lock()

    def next(self, method, path):
        with self.lock:
            self.requests.append((method, path))
            number = len(self.requests)
        return self.fault(number, method, path)


def error(code, message):
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>PROXY</RequestId></Error>".encode()


def handler_of(proxy):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        is_dripping = False

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fault = proxy.next(self.command, self.path)
            if fault == "refuse":
                return self.reset()
            if fault == "503":
                return self.answer(503, {}, error("SlowDown", "please reduce your request rate"))
            status, headers, content = self.ask(body)
            if fault == "lose_answer":
                return self.reset()
            if fault == "500":
                return self.answer(500, {}, error("InternalError", "we encountered an internal error"))
            self.is_dripping = fault == "drip"
            self.answer(status, headers, content, len(content) // 2 if fault == "truncate" else None)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

        def ask(self, body):
            """The server's answer to the same request: the same headers, Host too, so that the signature holds."""
            connection = http.client.HTTPConnection(proxy.upstream.hostname, proxy.upstream.port, timeout=30)
            with contextlib.closing(connection):
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body or None)
                response = connection.getresponse()
                return response.status, dict(response.getheaders()), response.read()

        def answer(self, status, headers, content, cut=None):
            self.send_response_only(status)
            skipped = {"transfer-encoding", "connection"} | (set() if self.command == "HEAD" else {"content-length"})
            for name, value in headers.items():
                if name.lower() not in skipped:
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            if not proxy.keeps_connections:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                for begin in range(0, len(content), 256) if self.is_dripping else ():
                    self.wfile.write(content[begin:begin + 256])
                    time.sleep(0.5)
                self.wfile.write(b"" if self.is_dripping else content[:cut])
            if cut is not None:
                self.reset()

        def reset(self):
            self.wfile.flush()
            self.close_connection = True
            # A close with a linger of 0 seconds sends RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def finish(self):
            with contextlib.suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *arguments):
            pass

    return Handler


@contextlib.contextmanager
def fault_proxy(upstream):
    proxy = Proxy(upstream)
    with local_http(handler_of(proxy)) as proxy.endpoint:
        yield proxy
