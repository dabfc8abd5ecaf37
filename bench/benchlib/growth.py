# SPDX-License-Identifier: MIT
"""That nothing shared grows with the work: atomic read-modify-writes and system calls per operation, as
workers grow from 1 to 64, where each worker spawns and joins tasks of its own.

Counts, so they are exact on two cores as well: callgrind says how often each instruction ran, the
disassembler which of them are locked. Each is a difference of two runs.

Cache lines are counted by tests/lines/growth, in which virtual workers take turns: lines that one worker's
cache would have to fetch from another's, per operation, for work that stays on one worker and work that
does not.
"""
import collections
import json
import os
import re
import subprocess

from .counts import need
from .tools import BenchError, emit, note

WORKERS = (1, 2, 4, 8, 16, 32, 64)
FEW, MANY = 200, 2200  # operations of each worker
LIMIT_SECONDS = 120
LOCKED = re.compile(r"^\s*([0-9a-f]+):\s+(?:lock\b|xchg\s.*\()")


def run(kit, program, wrap, benchmark, operations, workers):
    command = wrap + [program, benchmark, str(operations), str(workers)]
    done = subprocess.run(command, env=kit.environment(), capture_output=True, text=True, check=False,
                          timeout=LIMIT_SECONDS)
    if done.returncode:
        raise BenchError("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stderr))


def locked_instructions(path):
    """The addresses of the locked instructions of an object file."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                          check=True).stdout
    return {int(m[1], 16) for line in text.splitlines() if (m := LOCKED.match(line))}


def instructions(path):
    """How often each instruction ran: (object, function) -> address -> times."""
    found = collections.defaultdict(collections.Counter)
    where, is_call = [None, None], False
    with open(path) as f:
        for line in f:
            if line.startswith("ob="):
                where[0] = line[3:].strip()
            elif line.startswith("fn="):
                where[1] = line[3:].strip()
            elif line.startswith("calls="):
                is_call = True  # the next line is the cost of the callee
            elif line.startswith("0x"):
                if not is_call:
                    address, _, times = line.split()
                    found[tuple(where)][int(address, 16)] += int(times)
                is_call = False
    return found


def rmws(kit, program, benchmark, operations, workers, known):
    """Locked instructions of one run, by function."""
    out = kit.path("growth.%d.%d" % (workers, operations))
    run(kit, program, ["valgrind", "--tool=callgrind", "--quiet", "--dump-instr=yes", "--compress-pos=no",
                       "--compress-strings=no", "--callgrind-out-file=" + out], benchmark, operations, workers)
    total = collections.Counter()
    for (obj, function), times in instructions(out).items():
        if not os.path.exists(obj):
            continue
        if obj not in known:
            known[obj] = locked_instructions(obj)
        total[function] += sum(n for address, n in times.items() if address in known[obj])
    os.unlink(out)
    return total


def system_calls(kit, program, benchmark, operations, workers):
    out = kit.path("growth.strace")
    run(kit, program, ["strace", "-f", "-c", "-U", "name,calls", "-o", out], benchmark, operations, workers)
    with open(out) as f:
        rows = re.findall(r"^([a-z]\w*)\s+(\d+)$", f.read(), re.M)
    return collections.Counter({n: int(c) for n, c in rows if n not in ("total", "syscall")})


def difference(count, workers):
    """Per operation, by name; what is nearly nothing is left out."""
    few, many = count(FEW), count(MANY)
    total = workers * (MANY - FEW)
    return {n: (many[n] - few[n]) / total for n in set(few) | set(many)}


def function_of(program, offset):
    """The function of core that has the instruction before `offset`, or what it was inlined into."""
    text = subprocess.run(["addr2line", "-f", "-e", program, hex(int(offset, 16) - 1)], capture_output=True,
                          text=True, check=True).stdout
    return text.split("\n", 1)[0]


def lines(kit, stem, workers=WORKERS):
    """Cache lines that are transferred between workers; see tests/lines/lines.h."""
    program = os.path.join(kit.build, "tests", "lines", "growth")
    if not os.path.exists(program):
        note("%s is not built (make check builds it; gcc on x86-64): skipped" % program)
        return
    done = subprocess.run([program, "all"] + [str(w) for w in workers], capture_output=True, text=True, check=False,
                          timeout=10 * LIMIT_SECONDS)
    if done.returncode:
        raise BenchError("%s: status %d\n%s" % (program, done.returncode, done.stderr))
    for line in done.stdout.splitlines():
        row = json.loads(line)
        name = "%s.%s" % (stem, row["work"])
        by = collections.Counter()
        for offset, transfers, _ in row["sites"]:
            if need("addr2line") and transfers >= 0.01:
                by[function_of(program, offset)] += round(transfers, 2)
        emit("%s.lines_%d" % (name, row["workers"]), row["transfers"], "transfers per operation",
             by=dict(by.most_common(4)))
        emit("%s.rmws_%d" % (name, row["workers"]), row["rmws"], "per operation")


def measure(kit, program, stem, benchmark, workers=WORKERS):
    known, totals = {}, {}
    has_counts, has_calls = need("valgrind") and need("objdump"), need("strace")
    for w in workers:
        if has_counts:
            by = difference(lambda n: rmws(kit, program, benchmark, n, w, known), w)
            total = sum(by.values())
            top = sorted(((round(v, 3), n) for n, v in by.items() if v >= 0.01), reverse=True)[:6]
            emit("%s.rmws_%d" % (stem, w), total, "per operation", by={n: v for v, n in top})
            totals[w] = total
        if has_calls:
            calls = difference(lambda n: system_calls(kit, program, benchmark, n, w), w)
            emit("%s.syscalls_%d" % (stem, w), sum(calls.values()), "per operation",
                 by={n: round(v, 4) for n, v in sorted(calls.items()) if v >= 0.0005})
    if has_counts:
        # One worker knows that it is alone; from two on nothing should be added.
        emit(stem + ".rmws_ratio", totals[workers[-1]] / totals[workers[1]], "ratio",
             of="%d workers over %d" % (workers[-1], workers[1]))
