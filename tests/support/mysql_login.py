"""The log-in of MySQL 8, of which no server installs here: as its documentation has caching_sha2_password, without anything behind it.

    with mysql_login(user, password) as server:     # server.port, server.log_ins
"""
import contextlib
import hashlib
import socketserver
import struct
import threading
import types

NONCE = b"12345678901234567890"
PLUGIN = b"caching_sha2_password"
CAPABILITIES = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x200000  # 4.1, a database, transactions, plugins of any length
WELCOME = "logged in, and there is nothing else"


def scramble(password):
    """"Caching_sha2_password information": XOR(SHA256(password), SHA256(SHA256(SHA256(password)) + nonce))."""
    once = hashlib.sha256(password.encode()).digest()
    with_nonce = hashlib.sha256(hashlib.sha256(once).digest() + NONCE).digest()
    return bytes(a ^ b for a, b in zip(once, with_nonce))


def greeting():
    return (b"\x0a8.0.40\0" + struct.pack("<I", 7) + NONCE[:8] + b"\0" + struct.pack("<HBHH", CAPABILITIES & 0xFFFF, 45, 2, CAPABILITIES >> 16)
            + bytes([len(NONCE) + 1]) + bytes(10) + NONCE[8:] + b"\0" + PLUGIN + b"\0")


def error(code, message):
    return b"\xff" + struct.pack("<H", code) + b"#HY000" + message.encode()


@contextlib.contextmanager
def mysql_login(user, password):
    state = types.SimpleNamespace(log_ins=0)

    class Handler(socketserver.StreamRequestHandler):
        def send(self, number, payload):
            self.wfile.write(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)
            self.wfile.flush()

        def receive(self):
            head = self.rfile.read(4)
            return self.rfile.read(int.from_bytes(head[:3], "little")) if len(head) == 4 else b""

        def handle(self):
            self.send(0, greeting())
            answer = self.receive()
            name, _, rest = answer[32:].partition(b"\0")
            proof, plugin = rest[1:1 + rest[0]] if rest else b"", PLUGIN in rest
            if name.decode() != user or proof != scramble(password) or not plugin:
                return self.send(2, error(1045, "Access denied"))
            state.log_ins += 1
            self.send(2, b"\x01\x03")  # the server knew the password: "fast" authentication
            self.send(3, b"\0\0\0\2\0\0\0")
            while self.receive():
                self.send(1, error(1105, WELCOME))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


def log_in(run):
    """What `finops journal migrate` says when it is run against such a server, and how often it was logged in; `run` as Project.run."""
    with mysql_login("finops", "pässword") as server:
        variables = {"DB_HOST": f"127.0.0.1:{server.port}", "DB_NAME": "jobs", "DB_USER": "finops", "DB_PASSWORD": "pässword",
                     "FINOPS__SERVICE__DB_SSL_MODE": "disabled"}
        return run(variables).err, server.log_ins
