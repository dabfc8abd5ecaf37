# SPDX-License-Identifier: MIT
"""Servers to be measured, started and ended one way: pinned, on a free port of loopback.

A server is a command; it is ready when one of its processes listens. Nothing connects to it before
the load does, so that counts of two runs differ by requests alone.
"""
import ctypes
import glob
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

from . import tools

SERVER_CORE = 0
LOAD_CORE = 1
READY_SECONDS = 30
STOP_SECONDS = 20
BODY = "Hello, World!"

# The routes behind the 16 targets of requests.h: plain ones, parameters, a wildcard.
ROUTES = ["/", "/hello", "/status", "/plaintext", "/api/v1/items", "/api/v1/items/:id",
          "/api/v1/users/:name/posts", "/api/v1/search", "/about/team", "/blog/:year/:slug",
          "/assets/*", "/metrics", "/health/live", "/favicon.ico", "/docs/guide/start",
          "/api/v1/orders/:id<int>/lines"]


def pin(core):
    """Run in a child before exec: one core, many files, dead when nave-bench is dead."""
    def prepare():
        os.setpgid(0, 0)
        if core is not None and core < (os.cpu_count() or 1):
            os.sched_setaffinity(0, {core})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    return prepare


def children(pid):
    """The processes below `pid`, `pid` first."""
    found = [pid]
    for path in glob.glob("/proc/%d/task/*/children" % pid):
        try:
            with open(path) as f:
                for child in f.read().split():
                    found += children(int(child))
        except OSError:
            pass
    return found


def listening_port(pid):
    """The port on which process `pid` listens, or None."""
    inodes = set()
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            target = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        with open("/proc/%d/net/tcp" % pid) as f:
            rows = [line.split() for line in f][1:]
    except OSError:
        return None
    for row in rows:
        if row[3] == "0A" and row[9] in inodes:
            return int(row[1].split(":")[1], 16)
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A running server. Use it as a context; it is gone at the end, whatever happened."""

    def __init__(self, name, command, env=None, wrap=(), core=SERVER_CORE, errors=None):
        self.name = name
        self.errors = errors
        log = open(errors, "ab") if errors else subprocess.DEVNULL
        self.process = subprocess.Popen(list(wrap) + command, env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=log, preexec_fn=pin(core))
        if errors:
            log.close()
        self.pid = None
        self.port = None
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            for pid in children(self.process.pid):
                self.port = listening_port(pid)
                if self.port:
                    self.pid = pid
                    return
            time.sleep(0.02)
        text = ""
        if self.errors:
            with open(self.errors, errors="replace") as f:
                text = f.read()[-2000:]
        status = self.process.poll()
        why = "does not listen" if status is None else "ended with status %d" % status
        raise tools.BenchError("%s %s\n%s" % (self.name, why, text))

    def cpu_seconds(self):
        """User and system time so far, to the nanosecond, of all its processes."""
        total = 0.0
        for pid in children(self.pid):
            total += time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of a process
        return total

    def user_system_ticks(self):
        user = system = 0
        for pid in children(self.pid):
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            user, system = user + int(fields[11]), system + int(fields[12])
        return user, system

    def resident_bytes(self):
        total = 0
        for pid in children(self.pid):
            with open("/proc/%d/smaps_rollup" % pid) as f:
                for line in f:
                    if line.startswith("Rss:"):
                        total += int(line.split()[1]) * 1024
        return total

    def waits(self):
        """How often its threads went to sleep: the difference counts wake-ups."""
        total = 0
        for pid in children(self.pid):
            for path in glob.glob("/proc/%d/task/*/status" % pid):
                with open(path) as f:
                    for line in f:
                        if line.startswith("voluntary_ctxt_switches"):
                            total += int(line.split()[1])
        return total

    def run_delay_seconds(self):
        """How long its threads were ready and another process had the core."""
        total = 0
        for pid in children(self.pid):
            for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
                with open(path) as f:
                    total += int(f.read().split()[1])
        return total / 1e9

    def sockets(self):
        count = 0
        for pid in children(self.pid):
            for fd in glob.glob("/proc/%d/fd/*" % pid):
                try:
                    count += os.readlink(fd).startswith("socket:")
                except OSError:
                    pass
        return count

    def wait_quiet(self, sockets, seconds=10):
        """Wait until only `sockets` are left: every connection was closed on this side too."""
        end = time.monotonic() + seconds
        while self.sockets() > sockets and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self):
        """End it as an operator would, and wait; returns its exit code."""
        if self.process.poll() is None:
            try:
                os.kill(self.pid or self.process.pid, signal.SIGTERM)
                self.process.wait(STOP_SECONDS)
            except ProcessLookupError:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                tools.note(self.name + " does not end; killed")
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its group: children, wrappers
        except (ProcessLookupError, PermissionError):
            pass
        return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def nave_config(kit, deferred=False):
    """The JSON file: shipped defaults, one worker, 16 routes."""
    handler = {"later": {}} if deferred else {"text": BODY}
    plugins = {"tcp": {}, "http1": {}, "router": {"routes": [{"GET " + r: handler} for r in ROUTES]}}
    if deferred:
        plugins["later"] = {"$path": os.path.abspath(kit.helper("plugin_defer.so"))}
    config = {"runtime": {"workers": 1}, "plugins": plugins,
              "listeners": [{"name": "bench", "bind": "tcp://127.0.0.1:%d" % free_port(),
                             "layers": [], "protocols": ["http1"], "handler": "router"}]}
    path = kit.path("deferred.json" if deferred else "bench.json")
    with open(path, "w") as f:
        json.dump(config, f, indent=1)
    return path


def files_config(kit):
    """The JSON file of "nave_files": 16 files of 4 KiB in a folder, shipped defaults, one worker."""
    folder = kit.path("files")
    os.makedirs(folder, exist_ok=True)
    for i in range(16):
        path = "%s/%02d.txt" % (folder, i)
        with open(path, "w") as f:
            f.write(("abcdefghijklmnopqrstuvwxyz" * 158)[:4096])
        os.utime(path, (1700000000, 1700000000 + i))
    config = {"runtime": {"workers": 1},
              "plugins": {"tcp": {}, "http1": {}, "files": {},
                          "router": {"routes": [{"GET /files/*": {"files": folder}}]}},
              "listeners": [{"name": "bench", "bind": "tcp://127.0.0.1:%d" % free_port(),
                             "protocols": ["http1"], "handler": "router"}]}
    path = kit.path("files.json")
    with open(path, "w") as f:
        json.dump(config, f, indent=1)
    return path


def start(kit, name, wrap=(), env=None, build=None):
    """Start one of the servers by name: nave, nave_deferred, nave_files, limit_*, peer_*."""
    more = dict(env or {})
    log = kit.path(name + ".log")
    if name in ("nave", "nave_deferred", "nave_files"):
        binary = tools.program(build) if build else kit.require_nave()
        full = {**kit.environment(build), **more}
        config = files_config(kit) if name == "nave_files" else nave_config(kit, name == "nave_deferred")
        return Server(name, [binary, "run", config], full, wrap, errors=log)
    if name.startswith("limit_"):
        command = [kit.helper(name), "0"]
        if os.path.exists(kit.path("answer")):
            command.append(kit.path("answer"))
        return Server(name, command, {**os.environ, **more}, wrap, errors=log)
    command = peers(kit)[name]
    return Server(name, command, {**os.environ, **more}, wrap, errors=log)


def learn_answer(kit):
    """Have the limits answer with exactly the bytes of Nave."""
    with start(kit, "nave") as s, socket.create_connection(("127.0.0.1", s.port), 5) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(BODY.encode()) and len(answer) < 4096:
            more = peer.recv(4096)
            if not more:
                raise tools.BenchError("nave closed the connection: %r" % answer)
            answer += more
    with open(kit.path("answer"), "wb") as f:
        f.write(answer)


def peers(kit):
    """The peers that are installed or built: name -> command. The others are named as skipped."""
    found = {}
    for name in ("nginx",):
        binary = shutil.which(name) or shutil.which("/usr/sbin/" + name)
        if not binary:
            continue
        with open("%s/peers/%s.conf.in" % (tools.HERE, name)) as f:
            text = f.read().replace("@PORT@", str(free_port())).replace("@DIR@", kit.scratch)
        path = kit.path(name + ".conf")
        with open(path, "w") as f:
            f.write(text)
        found["peer_" + name] = [binary, "-c", path]
    for path in glob.glob(tools.HERE + "/peers/out/*_http"):  # the others are no servers
        if tools.is_elf(path):
            found["peer_" + os.path.basename(path)] = [path, "0"]
    return found


def load(kit, server, *options, core=LOAD_CORE, seconds=60):
    """Run the load client to its end; a wrong answer is an error."""
    command = [kit.helper("load"), str(server.port), "-w", str(seconds)] + [str(o) for o in options]
    if server.name == "nave_files":
        command.append("-f")
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pin(core),
                          timeout=seconds + 30, check=False)
    if done.returncode:
        status = server.process.poll()
        ended = "" if status is None else " (the server ended with status %d)" % status
        raise tools.BenchError("load on %s%s: %s%s" % (server.name, ended, done.stdout, done.stderr))
    return json.loads(done.stdout.splitlines()[-1])
