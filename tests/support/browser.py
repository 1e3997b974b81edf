"""A headless Chromium, driven over a pipe by its DevTools protocol: no driver program and no Python package is needed."""
import base64
import collections
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

PINNED = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "chromium" / "browser"
# It must not call its makers at each start, so that all requests that are seen are the page's.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
           "--disable-default-apps", "--hide-scrollbars", "--force-device-scale-factor=1", "--remote-debugging-pipe"]


def find_browser():
    """The program, or None: what FINOPS_BROWSER names, else what tools/setup.sh installs, else the machine's own."""
    return shutil.which(os.environ.get("FINOPS_BROWSER", PINNED)) or shutil.which("chromium")


class Browser:
    """One browser with one page. `console` has what the page complained of, `requests` what it asked for."""

    def __init__(self, profile, seconds=60):
        """`profile` is a folder of its own, which need not be there."""
        self.seconds = seconds
        self.console, self.requests = [], []
        self.events = collections.deque()
        self.number, self.received = 0, b""
        program = find_browser()
        assert program, "there is no browser; tools/setup.sh test installs one"
        # The browser reads from its descriptor 3 and writes to 4: ours are moved out of the way first.
        pipes = [*os.pipe(), *os.pipe()]
        to_read, self.out, self.into, to_write = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in pipes]
        for one in pipes:
            os.close(one)
        command = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            command, preexec_fn=lambda: (os.dup2(to_read, 3), os.dup2(to_write, 4)), close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        os.set_blocking(self.into, False)
        self.session = None
        try:
            targets = self.call("Target.getTargets")["targetInfos"]
            page = next(one["targetId"] for one in targets if one["type"] == "page")
            self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the browser and the processes that it started, and no others."""
        for descriptor in (self.out, self.into):
            os.close(descriptor)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def message(self, until):
        while b"\0" not in self.received:
            assert time.monotonic() < until, "the browser does not answer"
            assert self.process.poll() is None, f"the browser ended with {self.process.returncode}"
            try:
                self.received += os.read(self.into, 1 << 20)
            except BlockingIOError:
                time.sleep(0.005)
        one, self.received = self.received.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **parameters):
        """What the browser answers; events that come before it are kept."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        until = time.monotonic() + self.seconds
        while True:
            answer = self.message(until)
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.take(answer)

    def take(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(" ".join(str(one.get("value", one.get("description"))) for one in parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(parameters["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.console.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        self.events.append(method)

    def open(self, page, width=1280, height=900, scheme="light"):
        """Loads a file and waits until it is there."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.console.clear()
        self.requests.clear()
        self.events.clear()
        answer = self.call("Page.navigate", url=pathlib.Path(page).resolve().as_uri())
        assert "errorText" not in answer, answer
        until = time.monotonic() + self.seconds
        while "Page.loadEventFired" not in self.events:
            self.take(self.message(until))

    def evaluate(self, expression):
        """The JSON value of an expression of JavaScript. The page's policy does not bind the debugger."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, file, selector=None, height=None):
        """A PNG of the window's width: from a little above the element, `height` pixels or all of it."""
        box = self.evaluate("(s => { const b = (s ? document.querySelector(s) : document.documentElement)"
                            ".getBoundingClientRect(); return {y: b.top + scrollY, height: b.height, width: innerWidth} })"
                            f"({json.dumps(selector)})")
        top = max(0, box["y"] - 16)
        clip = {"x": 0, "y": top, "width": box["width"], "height": height or box["y"] + box["height"] - top, "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
        pathlib.Path(file).write_bytes(base64.b64decode(data))
