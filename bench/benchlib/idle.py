# SPDX-License-Identifier: MIT
"""What a silent connection costs: resident bytes of the server with 10,000 of them, each after one
request; and that an idle server sleeps."""
import json
import subprocess
import time

from . import servers
from .tools import BenchError, emit

CONNECTIONS = 10000
WATCH_SECONDS = 10


def wakeups(server, seconds):
    before, cpu = server.waits(), server.cpu_seconds()
    time.sleep(seconds)
    return server.waits() - before, (server.cpu_seconds() - cpu) * 1e3


def measure(kit, name, connections=CONNECTIONS, watch=WATCH_SECONDS):
    stem = "idle" if name == "nave" else "idle." + name
    with servers.start(kit, name) as s:
        servers.load(kit, s, "-c", 1, "-n", 64)  # code and tables are paged in
        time.sleep(0.2)
        if name == "nave":
            times, cpu = wakeups(s, watch)
            emit("idle.wakeups", times, "in %d s" % watch, cpu_ms=round(cpu, 3), connections=0)
        before = s.resident_bytes()
        command = [kit.helper("load"), str(s.port), "-i", "-c", str(connections), "-w", "120"]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  preexec_fn=servers.pin(servers.LOAD_CORE))
        try:
            first = client.stdout.readline()
            result = json.loads(first) if first else {"errors": 1, "requests": 0}
            if result["errors"] or result["requests"] != connections:
                raise BenchError("idle connections on %s: %s" % (name, first))
            after = s.resident_bytes()
            emit(stem + ".bytes_per_connection", (after - before) / connections, "bytes",
                 base_bytes=before, connections=connections)
            if name == "nave":
                times, cpu = wakeups(s, watch)
                emit("idle.wakeups_with_connections", times, "in %d s" % watch,
                     cpu_ms=round(cpu, 3), connections=connections)
            client.stdin.close()
            last = json.loads(client.stdout.readline())
            if last["closed"]:
                emit(stem + ".closed_by_server", last["closed"], "connections")
            client.wait(30)
        finally:
            if client.poll() is None:
                client.kill()
            client.wait()
