"""A mail server for tests: aiosmtpd in a process that goes with its `with` block.

    with mail_server(folder, tls="starttls", users={"u": "p"}) as server:
        server.url, server.ca          # smtp://127.0.0.1:PORT; who signed its certificate, or None
        server.mails()                 # email.message.EmailMessage in the order of arrival, with X-Rcpt and X-User of the envelope
        server.refuse("a@x.example", "451 4.3.0 try later", times=1)
        server.attempts("a@x.example") # RCPT commands for it

Its options: `tls` None, "starttls" (offered, and wanted before AUTH) or "at-once"; a silent server greets nobody.
As a program (by the Python of the venv `mail`): mail_server.py PORT FOLDER OPTIONS-as-JSON.
"""
import contextlib
import email
import email.policy
import itertools
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import time

DEPS = pathlib.Path(__file__).resolve().parents[2] / ".deps"
PYTHON = DEPS / "venv/mail/bin/python"


class MailServer:
    def __init__(self, folder, port, tls):
        self.folder, self.port = folder, port
        self.url = f"{'smtps' if tls == 'at-once' else 'smtp'}://127.0.0.1:{port}"
        self.ca = folder / "certificate.pem" if tls else None

    def mails(self):
        files = sorted(self.folder.glob("*.eml"))
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def raw(self):
        return [file.read_bytes() for file in sorted(self.folder.glob("*.eml"))]

    def clear(self):
        for file in self.folder.glob("*.eml"):
            file.unlink()

    def refuse(self, recipient, reply, times=1000):
        (self.folder / f"{recipient}.refuse").write_text(json.dumps([reply] * times))

    def attempts(self, recipient):
        file = self.folder / f"{recipient}.attempts"
        return len(file.read_text()) if file.exists() else 0


def certificate(folder):
    """certificate.pem, its own authority, and key.pem of a server at 127.0.0.1 and localhost."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=finops test", "-addext",
                    "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                   check=True, capture_output=True)


@contextlib.contextmanager
def mail_server(folder, tls=None, users=None):
    from servers import free_port, started
    folder, port = pathlib.Path(folder), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    if tls:
        certificate(folder)
    options = json.dumps({"tls": tls, "users": users or {}})
    with started([PYTHON, pathlib.Path(__file__).resolve(), port, folder, options], port, folder):
        yield MailServer(folder, port, tls)


@contextlib.contextmanager
def silent_server():
    """Takes connections and says nothing; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"


# ---- in the server's own process


class Mailbox:
    def __init__(self, folder):
        self.folder, self.numbers = folder, itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        with (self.folder / f"{address}.attempts").open("a") as file:
            file.write(".")
        refusals = self.folder / f"{address}.refuse"
        if refusals.exists() and (replies := json.loads(refusals.read_text())):
            refusals.write_text(json.dumps(replies[1:]))
            return replies[0]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        user = session.auth_data.login.decode() if session.auth_data else ""
        tls = "yes" if session.ssl else "no"
        head = f"X-Rcpt: {','.join(envelope.rcpt_tos)}\r\nX-From: {envelope.mail_from}\r\nX-User: {user}\r\nX-Tls: {tls}\r\n"
        draft = self.folder / "draft"
        draft.write_bytes(head.encode() + envelope.content)
        draft.rename(self.folder / f"{next(self.numbers):04d}-{time.time_ns()}.eml")
        return "250 queued"


def serve(port, folder, options):
    import asyncio
    from aiosmtpd.smtp import SMTP, AuthResult

    context, users = None, options["users"]
    if options["tls"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    at_once = options["tls"] == "at-once"

    def authenticator(server, session, envelope, mechanism, data):
        good = users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False, auth_data=data)

    mailbox = Mailbox(folder)

    def new():
        return SMTP(mailbox, hostname="mail.test", tls_context=None if at_once else context, require_starttls=bool(context) and not at_once,
                    authenticator=authenticator if users else None, auth_required=bool(users), auth_require_tls=bool(context) and not at_once)

    async def run():
        server = await asyncio.get_running_loop().create_server(new, "127.0.0.1", port, ssl=context if at_once else None)
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    serve(int(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.argv[3]))
