# SPDX-License-Identifier: MIT
"""Exact counts per request: instructions (callgrind), system calls (strace), calls of malloc.

Each count is a difference of two runs with FEW and MANY requests on equal connections, divided by
the difference of the requests: start-up, connecting and warming up cancel out.
"""
import os
import re
import shutil
import struct
import subprocess

from . import servers
from .tools import BenchError, emit, note

FEW = 2048
MANY = 12288
CONNECTIONS = 64


def per_request(few, many):
    return (many - few) / (MANY - FEW)


def run_counted(kit, name, requests, depth, wrap, env=None, build=None):
    with servers.start(kit, name, wrap, env, build) as s:
        sockets = s.sockets()
        servers.load(kit, s, "-c", CONNECTIONS, "-d", depth, "-n", requests)
        s.wait_quiet(sockets)
        if s.stop():
            raise BenchError("%s did not exit 0 under %s" % (name, wrap[0]))


def need(tool):
    if not shutil.which(tool):
        note("%s is not installed: skipped" % tool)
        return False
    return True


def callgrind_file(kit, name, requests, depth, build=None):
    out = kit.path("callgrind.%s.%d.%d" % (name, depth, requests))
    wrap = ["valgrind", "--tool=callgrind", "--quiet", "--callgrind-out-file=" + out]
    run_counted(kit, name, requests, depth, wrap, build=build)
    return out


def callgrind_total(path):
    with open(path) as f:
        for line in f:
            if line.startswith(("totals:", "summary:")):
                return int(line.split()[1])
    raise BenchError("no totals in " + path)


def instructions(kit, name, depth, build=None):
    """User instructions per request."""
    few = callgrind_total(callgrind_file(kit, name, FEW, depth, build))
    many = callgrind_total(callgrind_file(kit, name, MANY, depth, build))
    return per_request(few, many)


def system_calls(kit, name, depth):
    """System calls per request, by name."""
    counts = []
    for requests in (FEW, MANY):
        out = kit.path("strace.out")
        if os.path.exists(out):
            os.unlink(out)
        run_counted(kit, name, requests, depth, ["strace", "-f", "-c", "-U", "name,calls", "-o", out])
        with open(out) as f:
            rows = re.findall(r"^([a-z]\w*)\s+(\d+)$", f.read(), re.M)
        counts.append({n: int(c) for n, c in rows if n not in ("total", "syscall")})
    names = set(counts[0]) | set(counts[1])
    found = {n: per_request(counts[0].get(n, 0), counts[1].get(n, 0)) for n in names}
    return {n: v for n, v in found.items() if abs(v) >= 0.0001}


def malloc_calls(kit, name, depth):
    """Calls of malloc and its kin per request: (all that allocate, free)."""
    path = kit.path("malloc.counts")
    if os.path.exists(path):
        os.unlink(path)
    env = {"LD_PRELOAD": kit.helper("malloc_count.so"), "NAVE_BENCH_MALLOC_FILE": path}

    def read():
        with open(path, "rb") as f:
            return struct.unpack("5Q", f.read(40))

    with servers.start(kit, name, env=env) as s:
        snaps = []
        sockets = s.sockets()
        for requests in (FEW, FEW, MANY):  # the first warms up
            servers.load(kit, s, "-c", CONNECTIONS, "-d", depth, "-n", requests)
            s.wait_quiet(sockets)
            snaps.append(read())
    few = [b - a for a, b in zip(snaps[0], snaps[1])]
    many = [b - a for a, b in zip(snaps[1], snaps[2])]
    return per_request(sum(few[:4]), sum(many[:4])), per_request(few[4], many[4])


def emit_all(kit, metric, depth, names):
    """Print the exact counts of `names`; the first is what the metric is about."""
    for name in names:
        stem = metric if name in ("nave", "nave_files") else "%s.%s" % (metric, name)
        if need("valgrind"):
            emit(stem + ".user_instructions_per_request", instructions(kit, name, depth), "instructions")
        if need("strace"):
            calls = system_calls(kit, name, depth)
            emit(stem + ".syscalls_per_request", sum(calls.values()), "calls",
                 by_name={n: round(v, 4) for n, v in sorted(calls.items())})
            emit(stem + ".epoll_ctl_per_request", calls.get("epoll_ctl", 0.0), "calls")
        if not name.startswith("limit_"):
            allocated, freed = malloc_calls(kit, name, depth)
            emit(stem + ".mallocs_per_request", allocated, "calls", free=round(freed, 4))


# What callgrind_annotate prints for one function, without percentages: count, file:function [object]
ROW = re.compile(r"^\s*([\d,]+)\s+\S*?:(.*?)(?:\s+\[(.*)\])?$")


def annotate(path, inclusive):
    """Instructions by function. One function has a row for each file that it took code from: parts of
    its own count, but each with the whole of the inclusive one."""
    text = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100", "--show-percs=no",
                           "--inclusive=" + ("yes" if inclusive else "no"), path],
                          capture_output=True, text=True, check=True).stdout
    rows = {}
    for line in text.splitlines():
        found = ROW.match(line)
        if not found or "PROGRAM TOTALS" in line:
            continue
        name = re.sub(r"'\d+$", "", found[2])
        if name.startswith("0x"):
            name += " in " + os.path.basename(found[3] or "?")
        count = int(found[1].replace(",", ""))
        rows[name] = max(rows.get(name, 0), count) if inclusive else rows.get(name, 0) + count
    return rows


def profile(kit, name, depth, out, top=40):
    """Write where the instructions of a request go, by function."""
    few = callgrind_file(kit, name, FEW, depth)
    many = callgrind_file(kit, name, MANY, depth)
    total = per_request(callgrind_total(few), callgrind_total(many))
    out.write("%s, depth %d: %.1f instructions per request\n" % (name, depth, total))
    for inclusive in (False, True):
        a, b = annotate(few, inclusive), annotate(many, inclusive)
        rows = sorted(((per_request(a.get(n, 0), v), n) for n, v in b.items()), reverse=True)
        out.write("\n%s\n" % ("inclusive" if inclusive else "exclusive"))
        for value, function in rows[:top]:
            if value >= 0.05:
                out.write("%10.1f  %s\n" % (value, function))
    out.write("\n")
