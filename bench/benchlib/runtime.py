# SPDX-License-Identifier: MIT
"""The benchmarks of the runtime: tasks, wakers, workers; beside tokio, Go and libuv, and beside bare
threads. What each operation is, is told in rt.h."""
import contextlib
import glob
import json
import os
import resource
import socket
import statistics
import struct
import subprocess
import time

from . import growth, servers, stats
from .rounds import Rounds, Subject
from .tools import HERE, BenchError, emit, is_elf, note

NAMES = {
    "spawn": "spawn and join an empty task, one worker: over tokio; calls of malloc",
    "spawn2": "the same, two workers",
    "spawn_batch": "1,000 tasks spawned, then joined, one worker: over tokio",
    "spawn_batch2": "the same, two workers",
    "yield": "one task that yields, and 1,000 that do: over the better of tokio and Go",
    "pingpong": "there and back over two bounded channels, one worker: over tokio; calls of malloc",
    "sched_latency": "from spawn to first poll, queue depth 0 and 64: percentiles",
    "wake_parked": "two sleeping workers wake each other: over bare eventfd and epoll",
    "scale": "CPU tasks of 100 us on two workers: two bare threads over it",
    "steal": "CPU tasks of 4 us, spawned by one task, on two workers: two bare threads over it",
    "await": "calls of malloc of an async function that awaits another",
    "task": "bytes of a task's header; resident bytes of a waiting task",
    "echo_conn": "resident bytes of a connection with a task that echoes, all that is ours",
    "growth": "atomic read-modify-writes and system calls per operation, 1 to 64 workers",
    "idle2": "wake-ups of an idle runtime of two workers",
}
TOKIO = ["tokio_current", "tokio_multi"]
BY_HAND = ("spawn", "spawn_batch", "yield")  # measured as futures written by hand as well
SECONDS = 0.1      # of a sample, when --seconds is what it is by default
SECONDS_SHOWN = 0.6
FEW, MANY = 10000, 110000
TASKS = 200000
CONNECTIONS = 10000
SETTLE_SECONDS = 0.3
WATCH_SECONDS = 10
RUN_SECONDS = 60


def ours(kit):
    """rt_nave of the build tree, or None."""
    for place in ("bench/.libs", "bench"):
        path = os.path.join(kit.build or "", place, "rt_nave")
        if kit.build and is_elf(path):
            return path
    return None


def require_ours(kit):
    program = ours(kit)
    if not program:
        raise BenchError("no rt_nave in %s; build it, and name the folder: --build DIR"
                         % (kit.build or "any build tree"))
    return program


def run_ours(kit, benchmark, operations, env=None):
    """One run of rt_nave with one worker; what it said."""
    command = [require_ours(kit), benchmark, str(operations), "1"]
    try:
        done = subprocess.run(command, env=env or kit.environment(), timeout=RUN_SECONDS,
                              capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError("rt_nave %s did not end in %d s" % (benchmark, RUN_SECONDS)) from None
    if done.returncode or not done.stdout:
        raise BenchError("rt_nave %s: status %d\n%s" % (benchmark, done.returncode, done.stderr))
    return json.loads(done.stdout.splitlines()[-1])


def subjects(kit, benchmark, workers, peers, limit=False):
    """Who takes part: nave, the limit, and of `peers` those that are built."""
    found = []
    program = ours(kit)
    if program:
        found.append(Subject("nave", [program, benchmark], kit.environment()))
        if benchmark in BY_HAND:
            found.append(Subject("nave_poll", [program, benchmark + "_poll"], kit.environment()))
    else:
        note("no build of nave with rt_nave found (--build DIR): only the others are measured")
    if limit:
        found.append(Subject("limit", [kit.helper("rt_limit"), benchmark]))
    for peer in peers:
        path = os.path.join(HERE, "peers", "out", "rt_" + peer)
        if not is_elf(path):
            note("peer rt_%s is not built (make -C bench peers): skipped" % peer)
        elif peer == "tokio":
            flavors = TOKIO if workers == 1 else TOKIO[1:]
            found += [Subject(f, [path, benchmark, f[6:]]) for f in flavors]
        else:
            found.append(Subject(peer, [path, benchmark]))
    if not found:
        raise BenchError("nothing to measure: no build of nave, and no peer")
    return found


def sample_seconds(args, factor=1.0):
    return SECONDS * factor * args.seconds / SECONDS_SHOWN


def over_best(kit, args, stem, benchmark, workers, rivals, metric, peers=("tokio", "go")):
    """Ours over the fastest of `rivals`. One worker: CPU time, which others disturb least, and which is
    the wall time of a thread that never waits. Two: wall time."""
    what = "cpu" if workers == 1 else "wall"
    r = Rounds(stem, subjects(kit, benchmark, workers, peers), workers)

    def width(r):
        rival = r.best(rivals, what)
        if not rival or "nave" not in r.kept[0]:
            return 0.0
        _, low, high = stats.median_interval(r.ratios("nave", rival, what))
        return high - low

    # Two workers work together or not, which changes within a run: a longer one has the mean of it.
    r.run(args.rounds, sample_seconds(args, 1 if workers == 1 else 3), width)
    rival = r.best(rivals, what)
    if rival and "nave" in r.kept[0]:
        other = "wall" if what == "cpu" else "cpu"
        r.emit_ratio("%s.%s" % (stem, metric), "nave", rival, what, peer=rival, rejected=r.rejected,
                     **{other: round(statistics.median(r.ratios("nave", rival, other)), 4)})
    r.emit_times(stem, "nave")


def over_limit(kit, args, stem, benchmark, metric, is_efficiency, pins=None, peers=(), factor=1.0):
    """Ours over the bare threads, in wall time; or, as an efficiency, the threads over ours."""
    cores = {0} if pins == "0,0" else None
    r = Rounds(stem, subjects(kit, benchmark, 2, peers, limit=True), 2, pins, cores)
    pair = ("limit", "nave") if is_efficiency else ("nave", "limit")

    def width(r):
        if "nave" not in r.kept[0]:
            return 0.0
        _, low, high = stats.median_interval(r.ratios(*pair, "wall"))
        return high - low

    r.run(args.rounds, sample_seconds(args, factor), width)
    if "nave" in r.kept[0]:
        r.emit_ratio("%s.%s" % (stem, metric), *pair, "wall", rejected=r.rejected,
                     cpu=round(statistics.median(r.ratios(*pair, "cpu")), 4))
    for peer in r.subjects:
        if peer.name not in ("nave", "limit"):
            peer_pair = ("limit", peer.name) if is_efficiency else (peer.name, "limit")
            r.emit_ratio("%s.%s.%s" % (stem, peer.name, metric), *peer_pair, "wall")
    r.emit_times(stem, "nave")


def latency(kit, args):
    """Percentiles: the median over the rounds. The clock's own cost is in them."""
    for depth, stem in ((0, "sched_latency"), (64, "sched_latency.depth64")):
        r = Rounds(stem, subjects(kit, "latency%d" % depth, 1, ("tokio", "go")), 1)
        r.run(args.rounds, sample_seconds(args), lambda r: 0.0)
        for s in r.subjects:
            said = [row[s.name].said for row in r.kept]
            more = {"clock_ns": statistics.median(x["clock_ns"] for x in said), "rounds": len(said)}
            if r.is_disturbed:
                more["note"] = "no round was clean: no result"
            for what in ("p50_ns", "p99_ns", "p999_ns"):
                name = "%s.%s" % (stem, what) if s.name == "nave" else "%s.%s.%s" % (stem, s.name, what)
                emit(name, statistics.median(x[what] for x in said), "ns", **more)


def mallocs(kit, stem, benchmark):
    """Calls of malloc and its kin per operation, warm-up and all."""
    path = kit.path("malloc.counts")
    env = dict(kit.environment(), LD_PRELOAD=kit.helper("malloc_count.so"), NAVE_BENCH_MALLOC_FILE=path)
    found = []
    for operations in (FEW, MANY):
        if os.path.exists(path):
            os.unlink(path)
        run_ours(kit, benchmark, operations, env)
        with open(path, "rb") as f:
            found.append(struct.unpack("5Q", f.read(40)))
    per = [(b - a) / (1.1 * (MANY - FEW)) for a, b in zip(*found)]
    emit(stem + ".mallocs", sum(per[:4]), "calls", free=round(per[4], 4))


def task_bytes(kit):
    """A waiting task with an empty frame: how far apart two of them lie, which is its header; and what
    each adds to the resident set, heads of chunks and unused pages as well."""
    said = run_ours(kit, "memory", TASKS)
    emit("task.bytes", said["apart"], "bytes", tasks=TASKS)
    emit("task.resident_bytes", said["resident"], "bytes", tasks=TASKS)


@contextlib.contextmanager
def running(kit, benchmark, workers, core=None):
    """rt_nave with a benchmark that waits until its standard input ends; its process id."""
    p = subprocess.Popen([require_ours(kit), benchmark, "1", str(workers)], env=kit.environment(),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                         preexec_fn=servers.pin(core))
    try:
        if not p.stdout.readline():
            raise BenchError("rt_nave %s did not start" % benchmark)
        time.sleep(SETTLE_SECONDS)
        yield p.pid
        p.stdin.close()
        if p.wait(RUN_SECONDS):
            raise BenchError("rt_nave %s: status %d" % (benchmark, p.returncode))
    finally:
        if p.poll() is None:
            p.kill()
        p.wait()


def idle(kit):
    """How often the threads of an idle runtime woke up."""
    with running(kit, "idle", 2) as pid:
        before, cpu = sleeps(pid), cpu_seconds(pid)
        time.sleep(WATCH_SECONDS)
        emit("idle2.wakeups", sleeps(pid) - before, "in %d s" % WATCH_SECONDS, workers=2,
             cpu_ms=round((cpu_seconds(pid) - cpu) * 1e3, 3))


def echo_once(port):
    """A connection that has echoed 32 bytes, and is silent now."""
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(b"x" * 32)
    if s.recv(64) != b"x" * 32:
        raise BenchError("echo: something else came back")
    return s


def echo_connection(kit):
    """Resident bytes of one connection with a task that echoes."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with running(kit, "echo", 1, servers.SERVER_CORE) as pid, contextlib.ExitStack() as stack:
        port = servers.listening_port(pid)
        for _ in range(64):  # code and tables are paged in
            stack.enter_context(echo_once(port))
        before = resident_bytes(pid)
        for _ in range(CONNECTIONS):
            stack.enter_context(echo_once(port))
        emit("echo_conn.bytes", (resident_bytes(pid) - before) / CONNECTIONS, "bytes",
             connections=CONNECTIONS)


def resident_bytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Rss:"))


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of a process


def sleeps(pid):
    total = 0
    for path in glob.glob("/proc/%d/task/*/status" % pid):
        with open(path) as f:
            for line in f:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total


def measure(kit, name, args):
    if name in ("spawn", "spawn_batch"):
        over_best(kit, args, name, name, 1, TOKIO, "ratio_tokio")
        if name == "spawn" and ours(kit):
            mallocs(kit, "spawn", "spawn")
    elif name in ("spawn2", "spawn_batch2"):
        over_best(kit, args, name, name[:-1], 2, TOKIO, "ratio_tokio")
    elif name == "yield":
        best = TOKIO + ["go"]
        over_best(kit, args, "yield", "yield", 1, best, "ratio_best", ("tokio", "go", "uv"))
        over_best(kit, args, "yield.many", "yield_many", 1, best, "ratio_best")
    elif name == "pingpong":
        over_best(kit, args, name, name, 1, TOKIO, "ratio_tokio")
        if ours(kit):
            mallocs(kit, name, name)
    elif name == "sched_latency":
        latency(kit, args)
    elif name == "wake_parked":
        over_limit(kit, args, name, name, "ratio_eventfd", False, "0,1", ("tokio", "go", "uv"), 3)
        over_limit(kit, args, name + ".one_core", name, "ratio_eventfd", False, "0,0", (), 3)
    elif name in ("scale", "steal"):
        over_limit(kit, args, name, name, "efficiency_2", True, None, ("tokio", "go"), 2)
    elif name == "await":
        mallocs(kit, "await", "await")
        emit("await.ns", run_ours(kit, "await", 1000000)["cpu_ns"], "ns", of="cpu")
    elif name == "task":
        task_bytes(kit)
    elif name == "growth":
        growth.measure(kit, require_ours(kit), name, "spawn_each")
        growth.lines(kit, name)
    elif name == "echo_conn":
        echo_connection(kit)
    elif name == "idle2":
        idle(kit)
