# SPDX-License-Identifier: MIT
"""A million live timers: ours beside libevent's heap, its common timeouts, and libuv's heap.

Every program does the same (bench/timers.h): it arms, cancels, and lets expire and arms again, under a
virtual clock, and says what each took. A round runs every program once, in an order that rotates; the
ratio is taken inside the round. CPU time is what counts, so others on the machine matter little, but
their use of the caches does: rounds go on until the interval is narrow, or time is up.
"""
import json
import os
import subprocess
import statistics
import time

from . import servers, stats, tools
from .tools import BenchError, emit, note

LOADS = {"scattered": "timers", "in_order": "timers.in_order"}
WHAT = ("insert", "cancel", "cycle")
OURS, HEAP = "nave", "libevent"
PEERS = {  # name -> source, package of pkg-config, more flags
    "libevent": ("timers_libevent", "libevent_core", []),
    "libevent_common": ("timers_libevent", "libevent_core", ["-DCOMMON"]),
    "uv": ("timers_uv", "libuv", []),
}
WIDTH_AIM = 0.04
BUDGET_SECONDS = 90  # for each load
LIMIT_SECONDS = 120


def peer(kit, name):
    """The program of a peer, compiled with the flags of ours; None where its library is not there."""
    source, package, flags = PEERS[name]
    found = subprocess.run(["pkg-config", "--cflags", "--libs", package], capture_output=True, text=True,
                           check=False)
    if found.returncode:
        note("peer %s is not installed (%s): skipped" % (name, package))
        return None
    out = kit.path("timers_" + name)
    command = [os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-g", "-o", out,
               "%s/peers/%s.c" % (tools.HERE, source)] + flags + found.stdout.split()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError("cannot compile %s.c:\n%s" % (source, done.stderr))
    return out


def programs(kit):
    """name -> program."""
    ours = os.path.join(kit.build or "", "bench", "timers_nave")
    if not tools.is_elf(ours):
        raise BenchError("%s is not built: make -C %s bench/timers_nave" % (ours, kit.build or "BUILD"))
    there = {OURS: ours}
    there.update((name, program) for name in PEERS if (program := peer(kit, name)))
    return there


def sample(program, load):
    try:
        done = subprocess.run([program, load], capture_output=True, text=True, check=False,
                              timeout=LIMIT_SECONDS, preexec_fn=servers.pin(servers.SERVER_CORE))
    except subprocess.TimeoutExpired:
        raise BenchError("%s %s did not end in %d s" % (program, load, LIMIT_SECONDS)) from None
    if done.returncode:
        raise BenchError("%s %s: status %d\n%s" % (program, load, done.returncode, done.stderr))
    return json.loads(done.stdout)


def ratios(rounds, name, what):
    return [row[OURS][what]["cpu_ns"] / row[name][what]["cpu_ns"] for row in rounds]


def is_narrow(rounds):
    return all(high - low <= WIDTH_AIM for _, low, high in
               (stats.median_interval(ratios(rounds, HEAP, what)) for what in WHAT))


def measure(kit, args):
    there = programs(kit)
    if HEAP not in there:
        raise BenchError("libevent's pkg-config file is not there: nothing to compare with")
    for load, stem in LOADS.items():
        rounds, names, end = [], list(there), time.monotonic() + BUDGET_SECONDS
        while len(rounds) < args.rounds or time.monotonic() < end:
            shift = len(rounds) % len(names)
            rounds.append({n: sample(there[n], load) for n in names[shift:] + names[:shift]})
            if len(rounds) >= args.rounds and is_narrow(rounds):
                break
        note("%s: %d rounds" % (load, len(rounds)))
        show(stem, rounds, names)


def show(stem, rounds, names):
    for what in WHAT:
        for n in names:
            said = {key: statistics.median(row[n][what][key] for row in rounds)
                    for key in ("cpu_ns", "wall_ns")}
            name = "%s.%s_ns" % (stem, what) if n == OURS else "%s.%s.%s_ns" % (stem, n, what)
            emit(name, said["cpu_ns"], "ns", wall_ns=round(said["wall_ns"], 2))
        for n in names:
            if n == OURS:
                continue
            value, low, high = stats.median_interval(ratios(rounds, n, what))
            more = {"low": round(low, 4), "high": round(high, 4), "rounds": len(rounds)}
            if high - low > 0.05:
                more["note"] = "the interval is wider than 0.05: no result"
            over = "" if n == HEAP else "_" + n
            emit("%s.%s_ratio%s" % (stem, what, over), value, "ratio", **more)
