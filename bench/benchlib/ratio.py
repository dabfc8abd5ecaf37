# SPDX-License-Identifier: MIT
"""CPU time per request as a paired ratio: all servers run at once, each is loaded in turn.

A round loads every server once, in an order that rotates; within a round the machine is the same
for all, so the ratio of two servers is taken inside the round. A round in which others used the
cores is thrown away after two more tries. Rounds go on until the interval is narrow or time is up.
"""
import collections
import contextlib
import resource
import statistics
import time

from . import servers, stats
from .tools import BenchError, emit, note

LIMIT = "limit_epoll"
WIDTH_AIM = 0.04      # a wider interval than 0.05 is no result
WAITED_MAX = 0.02     # of the time: the server was ready and did not run
FOREIGN_MAX = 0.05    # of the time of either core: used by others, or taken by the hypervisor
TICK = 0.01


def core_ticks():
    """Per core: ticks of others' work that could be ours (user, nice, system), and stolen ones."""
    rows = {}
    with open("/proc/stat") as f:
        for line in f:
            if line.startswith("cpu") and line[3].isdigit():
                v = [int(x) for x in line.split()[1:]]
                rows[int(line.split()[0][3:])] = (v[0] + v[1] + v[2], v[7])
    return rows


class Slice:
    """One server under load for a moment."""

    def __init__(self, kit, server, depth, seconds):
        cores, cpu, delay = core_ticks(), server.cpu_seconds(), server.run_delay_seconds()
        split, began = server.user_system_ticks(), time.monotonic()
        mine = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = servers.load(kit, server, "-c", 64, "-d", depth, "-t", seconds)
        wall = time.monotonic() - began
        mine2 = resource.getrusage(resource.RUSAGE_CHILDREN)
        after, split2 = core_ticks(), server.user_system_ticks()
        self.cpu = server.cpu_seconds() - cpu
        self.us = self.cpu * 1e6 / result["requests"]
        self.rate = result["requests_per_s"]
        self.p50, self.p99 = result["p50_us"], result["p99_us"]
        ticks = max(1, sum(split2) - sum(split))
        self.user_us = self.us * (split2[0] - split[0]) / ticks
        load_cpu = (mine2.ru_utime + mine2.ru_stime) - (mine.ru_utime + mine.ru_stime)
        own = {servers.SERVER_CORE: self.cpu, servers.LOAD_CORE: load_cpu}
        foreign = max((after[c][0] - cores[c][0]) * TICK - own[c] for c in own if c in after)
        stolen = max((after[c][1] - cores[c][1]) * TICK for c in after)
        waited = server.run_delay_seconds() - delay
        self.faults = [text for text, is_bad in (
            ("the server waited for its core", waited > WAITED_MAX * wall),
            ("the hypervisor took time", stolen > WAITED_MAX * wall + TICK),
            ("other programs ran", foreign > FOREIGN_MAX * wall + 2 * TICK)) if is_bad]


def clean_slice(kit, server, depth, seconds, why):
    """A slice that nobody disturbed, or None after three that were."""
    for _ in range(3):
        found = Slice(kit, server, depth, seconds)
        if not found.faults:
            return found
        why.update(found.faults)
    return None


def run(kit, metric, depth, names, rounds, seconds, budget):
    """Measure `names` against the limit, and print what came out."""
    end = time.monotonic() + budget
    kept, rejected, why = [], 0, collections.Counter()
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(servers.start(kit, n)) for n in names]
        for s in running:
            servers.load(kit, s, "-c", 64, "-d", depth, "-t", 0.2)
        while time.monotonic() < end or len(kept) + rejected < rounds:
            shift = (len(kept) + rejected) % len(running)
            order = running[shift:] + running[:shift]
            row = {s.name: clean_slice(kit, s, depth, seconds, why) for s in order}
            if all(row.values()):
                kept.append(row)
            else:
                rejected += 1
            if len(kept) >= rounds and interval_width(kept, names) <= WIDTH_AIM:
                break
    text = ", ".join("%s (%d)" % item for item in why.items())
    note("%s: %d clean rounds, %d rejected; %s" % (metric, len(kept), rejected, text or "quiet"))
    if not kept:
        raise BenchError("no clean round: others use this machine; try again when it is quiet")
    emit_rows(metric, names, kept, rejected, rounds)


def ratios(kept, name):
    return [row[name].us / row[LIMIT].us for row in kept]


def interval_width(kept, names):
    widths = [0.0]
    for n in names:
        if n == LIMIT or n.startswith("peer_"):
            continue
        _, low, high = stats.median_interval(ratios(kept, n))
        widths.append(high - low)
    return max(widths)


def emit_rows(metric, names, kept, rejected, rounds):
    for n in names:
        stem = metric if n == "nave" else "%s.%s" % (metric, n)
        median = lambda pick: statistics.median(pick(row[n]) for row in kept)
        if n != LIMIT:
            value, low, high = stats.median_interval(ratios(kept, n))
            more = {"low": round(low, 4), "high": round(high, 4), "rounds": len(kept),
                    "rejected": rejected}
            if high - low > 0.05:
                more["note"] = "the interval is wider than 0.05: no result"
            elif len(kept) < rounds:
                more["note"] = "fewer clean rounds than asked for"
            emit(stem + ".cpu_ratio_limit", value, "ratio", **more)
        emit(stem + ".cpu_us_per_request", median(lambda s: s.us), "us",
             user_us=round(median(lambda s: s.user_us), 3))
        emit(stem + ".requests_per_s", round(median(lambda s: s.rate)), "1/s")
        emit(stem + ".latency_p99", median(lambda s: s.p99), "us", p50=median(lambda s: s.p50))
