# SPDX-License-Identifier: MIT
"""What a call through the pool for blocking calls costs: there and back, 64 at a time, and a look at a small
file there beside the same look on the worker. Medians of rounds; the ratios are taken inside a round."""
import os
import statistics
import subprocess

from . import tools
from .tools import BenchError, emit

NAMES = ("call", "calls", "look", "looks", "direct")
LIMIT_SECONDS = 120


def one_round(program, env):
    """name -> (wall, cpu) of one call, ns."""
    try:
        done = subprocess.run([program], capture_output=True, text=True, check=False, env=env,
                              timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired as why:
        raise BenchError("%s does not end" % program) from why
    if done.returncode:
        raise BenchError("%s: %s" % (program, done.stderr))
    rows = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(wall), float(cpu)) for name, wall, cpu in rows}


def program_of(kit):
    for place in ("bench/.libs", "bench"):
        path = os.path.join(kit.build or "", place, "blocking_nave")
        if kit.build and tools.is_elf(path):
            return path
    raise BenchError("no blocking_nave in %s; build it, and name the folder: --build DIR"
                     % (kit.build or "any build"))


def run(kit, rounds):
    program = program_of(kit)
    env = dict(os.environ, LD_LIBRARY_PATH=os.path.join(kit.build, "core", ".libs"))
    found = [one_round(program, env) for _ in range(rounds)]
    for name in NAMES:
        emit("blocking.%s_wall_ns" % name, statistics.median(r[name][0] for r in found), "ns")
        emit("blocking.%s_cpu_ns" % name, statistics.median(r[name][1] for r in found), "ns")
    for name in ("look", "looks"):
        emit("blocking.%s_cpu_ratio_direct" % name,
             statistics.median(r[name][1] / r["direct"][1] for r in found), "ratio")
