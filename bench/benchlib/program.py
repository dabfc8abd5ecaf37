# SPDX-License-Identifier: MIT
"""What the program itself takes: a check of a file with a thousand routes, the way from the command
to the listening socket, and reloads of that file under load."""
import json
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import threading
import time

from . import servers
from .tools import BenchError, emit

ROUTES = 1000
RUNS = 15
RELOADS = 100
CLIENTS = 4
LAST = "in use"  # of the line that ends a reload


def config(kit, name, count, answer=0):
    routes = [{"GET /r%d/:id" % i: {"text": "%d %d" % (i, answer)}} for i in range(count)]
    content = {"runtime": {"workers": 1}, "plugins": {"tcp": {}, "http1": {}, "router": {"routes": routes}},
               "listeners": [{"name": "bench", "bind": "tcp://127.0.0.1:0", "protocols": ["http1"],
                              "handler": "router"}]}
    path = kit.path(name)
    with open(path + ".part", "w") as f:
        json.dump(content, f, indent=1)
    os.rename(path + ".part", path)
    return path


def check_ms(kit, path):
    begin = time.monotonic()
    done = subprocess.run([kit.require_nave(), "check", path], env=kit.environment(), check=False,
                          capture_output=True, preexec_fn=servers.pin(servers.SERVER_CORE))
    took = (time.monotonic() - begin) * 1e3
    if done.returncode:
        raise BenchError("nave check %s: %s" % (path, done.stderr.decode()[:500]))
    return took


class Run:
    """nave run, read line by line."""

    def __init__(self, kit, path):
        self.begin = time.monotonic()
        self.process = subprocess.Popen([kit.require_nave(), "run", path], env=kit.environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE,
                                        preexec_fn=servers.pin(servers.SERVER_CORE))
        self.text = ""

    def wait(self, pattern, seconds=30):
        """Read until a line has `pattern`; gives the match, and forgets what was read."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            if not select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))[0]:
                raise BenchError("nave did not say %s: %s" % (pattern, self.text[-500:]))
            data = os.read(self.process.stderr.fileno(), 65536)
            if not data:
                raise BenchError("nave ended: " + self.text[-500:])
            self.text += data.decode()
        self.text = self.text[found.end():]
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()


def start_ms(kit, path):
    with Run(kit, path) as run:
        run.wait(r"listening on tcp://127\.0\.0\.1:(\d+)")
        return (time.monotonic() - run.begin) * 1e3


def ask(sock, i):
    """One request on an open connection; 1 when it failed."""
    sock.sendall(b"GET /r%d/x HTTP/1.1\r\nHost: a\r\n\r\n" % (i % ROUTES))
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more:
            return 1
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    while len(body) < length:
        body += sock.recv(4096)
    return 0 if head.startswith(b"HTTP/1.1 200 ") and body.startswith(b"%d " % (i % ROUTES)) else 1


def load(port, is_over, result):
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as sock:
            while not is_over.is_set():
                result[1] += ask(sock, result[0])
                result[0] += 1
    except OSError:
        result[1] += 1


def reloads(kit):
    is_over, results, took = threading.Event(), [[0, 0] for _ in range(CLIENTS)], []
    path = config(kit, "reload.json", ROUTES)
    with Run(kit, path) as run:
        port = int(run.wait(r"listening on tcp://127\.0\.0\.1:(\d+)").group(1))
        threads = [threading.Thread(target=load, args=(port, is_over, r)) for r in results]
        for t in threads:
            t.start()
        try:
            for n in range(1, RELOADS + 1):
                config(kit, "reload.json", ROUTES, n)
                begin = time.monotonic()
                run.process.send_signal(signal.SIGHUP)
                run.wait(LAST)
                took.append((time.monotonic() - begin) * 1e3)
        finally:
            is_over.set()
            for t in threads:
                t.join(20)
    emit("program.reload_failed_requests", sum(r[1] for r in results), "requests", reloads=RELOADS,
         routes=ROUTES, requests=sum(r[0] for r in results))
    emit("program.reload_ms", statistics.median(took), "ms", most=round(max(took), 2))


def measure(kit):
    path = config(kit, "thousand.json", ROUTES)
    small = config(kit, "small.json", 3)
    took = [check_ms(kit, path) for _ in range(RUNS)]
    emit("program.check_1000_routes_ms", statistics.median(took), "ms", least=round(min(took), 2),
         most=round(max(took), 2), bytes=os.path.getsize(path))
    took = [start_ms(kit, small) for _ in range(RUNS)]
    emit("program.start_ms", statistics.median(took), "ms", least=round(min(took), 2),
         most=round(max(took), 2), plugins=3)
    reloads(kit)
