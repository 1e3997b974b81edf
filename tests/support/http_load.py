"""Load on the job service: lookups and new jobs at a fixed rate over kept connections, and clients that mean harm.

    measured = asyncio.run(load(port, organisations, seconds=60))
    measured.lookups, measured.new_jobs     # Stream: .statuses, .latencies (sorted, s), .late (s)
    measured.job_ids                        # of the answers 202
    measured.harm                           # {what was done: Counter of statuses}; None: closed without an answer

A request has its moment, whether or not those before it are answered: a latency counts from there, so that a server which is slow for
a second is slow for all who came in that second.
"""
import asyncio
import collections
import contextlib
import dataclasses
import json
import random
import time

LOOKUPS, NEW_JOBS = 500, 50  # a second
CONNECTIONS = {"lookups": 32, "new jobs": 16}
SLOW_HEADS, SLOW_BODIES = 150, 100  # connections that are held open
DRIP = 0.5  # s between two bytes of a slow client
LONGEST_ANSWER = 16 << 20


class Connection:
    """One kept connection, opened when it is first needed."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LONGEST_ANSWER)

    async def ask(self, request):
        """(status, body)."""
        if self.writer is None:
            await self.open()
        self.writer.write(request)
        return await answer(self.reader)

    async def close(self):
        if self.writer:
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()


async def answer(reader):
    """(status, body); (None, b"") when the server closed without one."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head[9:12]), await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return None, b""


def get(target):
    return f"GET {target} HTTP/1.1\r\nHost: load\r\n\r\n".encode()


def post(body, content_type="application/json", more=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"POST /v1/jobs HTTP/1.1\r\nHost: load\r\nContent-Type: {content_type}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclasses.dataclass
class Stream:
    """Requests of one kind, `rate` of them a second."""

    rate: int
    statuses: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    latencies: list = dataclasses.field(default_factory=list)
    late: float = 0.0  # of the last answer, after the load's end
    failures: list = dataclasses.field(default_factory=list)  # the first ones, to be told

    async def run(self, port, connections, seconds, request, expected, on_answer):
        begin, moments = time.monotonic(), iter(range(self.rate * seconds))

        async def client():
            connection = Connection(port)
            for number in moments:  # shared: whoever is free takes the next one
                due = begin + number / self.rate
                await asyncio.sleep(max(0, due - time.monotonic()))
                asked = request(number)
                status, body = await connection.ask(asked)
                now = time.monotonic()
                self.statuses[status] += 1
                self.latencies.append(now - due)
                self.late = max(self.late, now - begin - seconds)
                if status == expected:
                    on_answer(asked, json.loads(body))
                elif len(self.failures) < 5:
                    self.failures.append((status, body[:300]))
                if status is None:
                    connection = Connection(port)
            await connection.close()

        await asyncio.gather(*(client() for _ in range(connections)))
        self.latencies.sort()

    def percentile(self, share):
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]

    def summary(self):
        return {"offered_per_second": self.rate, "answers": {str(status): count for status, count in self.statuses.items()},
                "p50_ms": round(self.percentile(0.5) * 1e3, 2), "p99_ms": round(self.percentile(0.99) * 1e3, 2),
                "longest_ms": round(self.latencies[-1] * 1e3, 2), "late_s": round(max(0, self.late), 2)}


# What is sent at once, and what it has to be answered with.
ONCE = {
    "a head that is too large": (get("/v1/jobs").removesuffix(b"\r\n") + b"X-A: " + b"a" * 20000 + b"\r\n\r\n", 431),
    "too many header fields": (get("/v1/jobs").removesuffix(b"\r\n") + b"a:b\r\n" * 10000 + b"\r\n", 431),
    "a URL that is too long": (get("/v1/jobs?org_id=" + "a" * 8000), 414),
    "a body that is too large": (post(b" " * 300_000), 413),
    "a body of chunks that is too large": (post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") +
                                           b"10000\r\n" + (b" " * 65536 + b"\r\n10000\r\n") * 6, 413),
    "a length that is said to be huge": (post(b"").replace(b"Content-Length: 0", b"Content-Length: 9000000000000000000"), 413),
    "garbage": (random.Random(1).randbytes(3000), 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n", 400),
    "two lengths": (post(b"").replace(b"Content-Length: 0", b"Content-Length: 0\r\nContent-Length: 5"), 400),
    "a wrong content type": (post({"org_id": "1"}, "text/plain"), 415),
    "broken JSON": (post(b'{"org_id": '), 400),
    "deep JSON": (post(b"[" * 100_000), 400),
    "a field of a wrong type": (post({"org_id": [1]}), 400),
    "an unknown organisation": (post({"org_id": "nobody"}), 404),
    "an unknown path": (get("/v1/../../etc/passwd"), 404),
    "a wrong method": (get("/v1/jobs").replace(b"GET", b"PUT"), 405),
}


class Harm:
    """Clients that mean harm, until they are stopped."""

    def __init__(self, port):
        self.port, self.seen = port, collections.defaultdict(collections.Counter)

    async def drip(self, what, head, byte):
        """A connection that goes on sending a byte now and then; another one as soon as the server ends it."""
        while True:
            connection = Connection(self.port)
            await connection.open()
            connection.writer.write(head)
            answered = asyncio.ensure_future(answer(connection.reader))
            try:
                while not answered.done():
                    connection.writer.write(byte)
                    await asyncio.wait([answered], timeout=DRIP)
                self.seen[what][answered.result()[0]] += 1
            finally:
                answered.cancel()
                connection.writer.transport.abort()

    async def once(self, what, content):
        while True:
            connection = Connection(self.port)
            status, _ = await connection.ask(content)
            self.seen[what][status] += 1
            await connection.close()
            await asyncio.sleep(DRIP)

    async def leave(self):
        """Asks and does not wait for the answer, or does not even ask."""
        while True:
            for content in (get("/v1/jobs"), b""):
                connection = Connection(self.port)
                await connection.open()
                connection.writer.write(content)
                await asyncio.sleep(0.001)
                connection.writer.transport.abort()
                self.seen["left without waiting"][None] += 1
            await asyncio.sleep(0.05)

    def tasks(self):
        slow_head, slow_body = get("/v1/jobs").removesuffix(b"\r\n") + b"X-", post(b" " * 10000)[:-9999]
        return ([self.drip("a head that never ends", slow_head, b"a") for _ in range(SLOW_HEADS)] +
                [self.drip("a body that drips", slow_body, b" ") for _ in range(SLOW_BODIES)] +
                [self.once(what, content) for what, (content, _) in ONCE.items()] + [self.leave()])


@dataclasses.dataclass
class Measured:
    lookups: Stream
    new_jobs: Stream
    job_ids: list
    wrong: list  # lookups that were answered with another job, or with no list
    harm: dict


async def load(port, organisations, seconds, first_job):
    """`first_job` is the id of a job that can be looked up before there are others."""
    chance, job_ids = random.Random(7), [first_job]
    measured = Measured(Stream(LOOKUPS), Stream(NEW_JOBS), job_ids, [], {})
    lists = ("/v1/jobs", "/v1/jobs?state=failed&limit=20", f"/v1/jobs?org_id={organisations[0]}&limit=20", "/v1/jobs?state=queued&limit=20")

    def lookup(number):
        return get(lists[number // 5 % len(lists)] if number % 5 == 0 else f"/v1/jobs/{chance.choice(job_ids)}")

    def check(asked, document):
        target = asked.split(b" ")[1].decode()
        if not ("jobs" in document if "/v1/jobs/" not in target else target.endswith(document["id"])):
            measured.wrong.append((target, document))

    def new_job(number):
        # Some may be sent again, with a key that says so.
        return post({"org_id": chance.choice(organisations)}, more=f"Idempotency-Key: load-{number}\r\n" if number % 2 else "")

    harm = Harm(port)
    tasks = [asyncio.ensure_future(task) for task in harm.tasks()]
    try:
        await asyncio.gather(
            measured.lookups.run(port, CONNECTIONS["lookups"], seconds, lookup, 200, check),
            measured.new_jobs.run(port, CONNECTIONS["new jobs"], seconds, new_job, 202, lambda _, document: job_ids.append(document["id"])))
        broken = [task.exception() for task in tasks if task.done()]  # they go on until they are stopped
        assert not broken, broken
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    measured.harm = dict(harm.seen)
    return measured
