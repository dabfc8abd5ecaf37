# SPDX-License-Identifier: MIT
"""Programs that measure themselves, side by side: each round runs every one of them once, in an order
that rotates, and the ratio of two is taken inside the round. See rt.h for what they print.

A sample in which others used the cores is taken again, and after three tries the round is thrown away.
Rounds go on until the interval is narrow or time is up.
"""
import collections
import json
import os
import resource
import statistics
import subprocess
import time

from . import ratio, stats
from .tools import BenchError, emit, note

WAITED_MAX = 0.02   # of the time: another process had the core
FOREIGN_MAX = 0.05  # of the time of the cores: used by others, or taken by the hypervisor
WIDTH_AIM = 0.04
BUDGET_SECONDS = 35
PILOT = 2000
LIMIT_SECONDS = 60


class Subject:
    """One program as it is run for one benchmark."""

    def __init__(self, name, command, env=None):
        self.name = name
        self.command = command  # without operations and workers: [program, benchmark] + flavor
        self.env = env
        self.operations = PILOT


class Sample:
    """What one run of a program said, and whether it was disturbed."""

    def __init__(self, subject, workers, cores, pins):
        program, benchmark, *flavor = subject.command
        command = [program, benchmark, str(subject.operations), str(workers)] + flavor
        env = dict(subject.env or os.environ)
        if pins:
            env["RT_CORES"] = pins
        before, mine, began = ratio.core_ticks(), cpu_of_children(), time.monotonic()
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False,
                                  timeout=LIMIT_SECONDS, preexec_fn=lambda: keep_to(cores))
        except subprocess.TimeoutExpired:
            raise BenchError("%s did not end in %d s" % (" ".join(command), LIMIT_SECONDS)) from None
        wall = time.monotonic() - began
        if done.returncode or not done.stdout:
            raise BenchError("%s: status %d\n%s" % (" ".join(command), done.returncode, done.stderr))
        self.said = json.loads(done.stdout.splitlines()[-1])
        self.wall, self.cpu = self.said["wall_ns"], self.said["cpu_ns"]
        after = ratio.core_ticks()
        there = [c for c in cores if c in after]
        used = sum(after[c][0] - before[c][0] for c in there) * ratio.TICK
        foreign = used - (cpu_of_children() - mine)
        stolen = sum(after[c][1] - before[c][1] for c in there) * ratio.TICK
        slack = FOREIGN_MAX * wall * len(there) + 2 * ratio.TICK
        self.faults = [text for text, is_bad in (
            # One worker is never idle: where CPU time is short of wall time, somebody else had the core.
            ("it waited for its core",
             workers == 1 and self.cpu < (1 - WAITED_MAX) * self.wall),
            ("the hypervisor took time", stolen > slack),
            ("other programs ran", foreign > slack)) if is_bad]


def keep_to(cores):
    os.sched_setaffinity(0, cores)


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Rounds:
    """All rounds of one benchmark."""

    def __init__(self, title, subjects, workers, pins=None, cores=None):
        self.title, self.subjects, self.workers = title, subjects, workers
        self.cores = cores or ({0} if workers == 1 else {0, 1})
        self.pins = pins
        self.kept, self.dirty, self.rejected = [], [], 0

    def sample(self, subject):
        return Sample(subject, self.workers, self.cores, self.pins)

    def size(self, seconds):
        """Find for each program how many operations take `seconds`; in whole batches of 1,000."""
        for s in self.subjects:
            for _ in range(2):  # the second time with caches as they will be
                wanted = seconds * 1e9 / max(self.sample(s).wall, 1.0)
                s.operations = int(min(max(wanted, 200), 50 * s.operations))
                if s.operations > 1000:
                    s.operations -= s.operations % 1000

    def run(self, rounds, seconds, narrow):
        """`narrow`: tells the width of the interval that the result would have now."""
        end = time.monotonic() + BUDGET_SECONDS
        why = collections.Counter()
        self.size(seconds)
        while time.monotonic() < end or len(self.kept) + self.rejected < rounds:
            shift = (len(self.kept) + self.rejected) % len(self.subjects)
            row = {}
            for s in self.subjects[shift:] + self.subjects[:shift]:
                for _ in range(3):
                    row[s.name] = self.sample(s)
                    if not row[s.name].faults:
                        break
                    why.update(row[s.name].faults)
            if any(sample.faults for sample in row.values()):
                self.rejected += 1
                self.dirty.append(row)
            else:
                self.kept.append(row)
            if len(self.kept) >= rounds and narrow(self) <= WIDTH_AIM:
                break
        text = ", ".join("%s (%d)" % item for item in why.items())
        note("%s: %d clean rounds, %d rejected; %s"
             % (self.title, len(self.kept), self.rejected, text or "quiet"))
        self.is_disturbed = not self.kept
        if self.is_disturbed:
            self.kept = self.dirty

    def values(self, name, what):
        return [getattr(row[name], what) for row in self.kept]

    def median(self, name, what):
        return statistics.median(self.values(name, what))

    def best(self, names, what):
        """The fastest of `names` that took part."""
        there = [n for n in names if n in self.kept[0]]
        return min(there, key=lambda n: self.median(n, what)) if there else None

    def ratios(self, over, below, what):
        return [a / b for a, b in zip(self.values(over, what), self.values(below, what))]

    def emit_ratio(self, name, over, below, what, **more):
        """Print the ratio of two programs, with its interval."""
        value, low, high = stats.median_interval(self.ratios(over, below, what))
        more.update(low=round(low, 4), high=round(high, 4), rounds=len(self.kept), of=what)
        if self.is_disturbed:
            more["note"] = "no round was clean: no result"
        elif high - low > 0.05:
            more["note"] = "the interval is wider than 0.05: no result"
        emit(name, value, "ratio", **more)

    def emit_times(self, stem, ours):
        """Print nanoseconds per operation of everybody."""
        for s in self.subjects:
            name = stem + ".ns" if s.name == ours else "%s.%s.ns" % (stem, s.name)
            emit(name, self.median(s.name, "wall"), "ns", cpu_ns=round(self.median(s.name, "cpu"), 2))
