"""A TCP proxy in front of a test server that does to connections what networks do, by toxiproxy (servers.py starts it).

    with toxiproxy.before(server.endpoint) as network:
        network.endpoint; network.spoil("latency", latency=100); network.heal(); network.cut(); network.restore()

Unlike fault_proxy.py it knows nothing of HTTP: it spoils bytes and connections, wherever they are in an exchange.
"""
import contextlib
import itertools
import json
import urllib.parse
import urllib.request

NUMBERS = itertools.count(1)


class Toxiproxy:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def ask(self, method, path, **body):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode() if body else None, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    @contextlib.contextmanager
    def before(self, upstream):
        name = f"network-{next(NUMBERS)}"
        made = self.ask("POST", "/proxies", name=name, listen="127.0.0.1:0", upstream=urllib.parse.urlsplit(upstream).netloc)
        try:
            yield Network(self, f"/proxies/{name}", f"http://{made['listen']}")
        finally:
            self.ask("DELETE", f"/proxies/{name}")


class Network:
    def __init__(self, toxiproxy, path, endpoint):
        self.toxiproxy, self.path, self.endpoint, self.toxics = toxiproxy, path, endpoint, []

    def spoil(self, kind, stream="downstream", toxicity=1.0, **attributes):
        """Adds a toxic of toxiproxy's README. Downstream is what comes to finops; `toxicity` is the share of connections
        that it is for."""
        made = self.toxiproxy.ask("POST", f"{self.path}/toxics", type=kind, stream=stream, toxicity=toxicity,
                                  attributes=attributes)
        self.toxics.append(made["name"])

    def heal(self):
        while self.toxics:
            self.toxiproxy.ask("DELETE", f"{self.path}/toxics/{self.toxics.pop()}")

    def cut(self):
        """Ends every connection and refuses new ones."""
        self.toxiproxy.ask("POST", self.path, enabled=False)

    def restore(self):
        self.toxiproxy.ask("POST", self.path, enabled=True)
