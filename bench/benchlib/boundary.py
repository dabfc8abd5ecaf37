# SPDX-License-Identifier: MIT
"""What the plugin boundary costs: the build with shared objects over one in which it is gone.

The other build is static, linked in one piece (-flto), and was compiled with the profile of this
very workload: the compiler turns the calls through tables into direct calls and inlines them.
`instructions_ratio` is the shared build as shipped over it. The profile helps in other ways too
(layout, branches), so `instructions_ratio_same_profile` gives the shared build one as well: what
is left then is the boundary alone. The builds are kept in BUILD/bench-boundary and made again only
when a source is newer.
"""
import os
import subprocess
import time

from . import counts, servers
from .tools import BenchError, SOURCE, emit, note, program

BASE = "-O2 -g"
TRAIN = " -fprofile-generate -fprofile-update=single"
USE = " -fprofile-use -fprofile-correction -Wno-missing-profile"
MAKE_SECONDS = 1200


def sh(folder, what, command):
    with open(os.path.join(folder, "bench-build.log"), "ab") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=log, timeout=MAKE_SECONDS,
                              check=False)
    if done.returncode:
        raise BenchError("%s failed in %s; see bench-build.log there" % (what, folder))


def newest_source():
    newest = 0.0
    for top in ("sdk", "core", "plugins", "cli"):
        for folder, _, files in os.walk(os.path.join(SOURCE, top)):
            for f in files:
                if f.endswith((".c", ".h", ".mk")):
                    newest = max(newest, os.path.getmtime(os.path.join(folder, f)))
    return newest


def drop_objects(folder):
    """Everything that was compiled, but not the profiles beside it."""
    for place, _, files in os.walk(folder):
        for f in files:
            if f.endswith((".o", ".lo", ".la", ".a", ".so")) or place.endswith("/cli") and f == "nave":
                os.unlink(os.path.join(place, f))
            elif place.endswith(".libs") and (f == "nave" or ".so." in f):
                os.unlink(os.path.join(place, f))


def built(kit, name, options, flags):
    """A build tree with a profile of the workload; made when it is old."""
    folder = os.path.join(kit.build, "bench-boundary", name)
    stamp = os.path.join(folder, "stamp")
    if os.path.exists(stamp) and os.path.getmtime(stamp) >= newest_source():
        return folder
    note("building %s (minutes, once)" % folder)
    os.makedirs(folder, exist_ok=True)
    lto_tools = ["AR=gcc-ar", "RANLIB=gcc-ranlib", "NM=gcc-nm"]
    if not os.path.exists(folder + "/config.status"):
        command = [SOURCE + "/configure", "CC=gcc", "CFLAGS=" + flags] + lto_tools + options
        sh(folder, "configure", command)
    for place, _, files in os.walk(folder):
        for f in files:
            if f.endswith(".gcda"):
                os.unlink(os.path.join(place, f))
    drop_objects(folder)
    make = ["make", "-j2", "cli/nave"]
    if "--enable-static-plugins" not in options:
        make += ["plugins/%s/%s.la" % (p, p) for p in ("tcp", "http1", "router")]
    sh(folder, "make", make + ["CFLAGS=" + flags + TRAIN])
    for depth in (1, 16):
        with servers.start(kit, "nave", build=folder) as s:
            servers.load(kit, s, "-d", depth, "-n", 200000)
            if s.stop():
                raise BenchError("the training run did not exit 0")
    drop_objects(folder)
    sh(folder, "make", make + ["CFLAGS=" + flags + USE])
    if not program(folder):
        raise BenchError("no program in " + folder)
    with open(stamp, "w") as f:
        f.write(time.ctime() + "\n")
    return folder


def measure(kit):
    kit.require_nave()
    if not counts.need("valgrind") or not counts.need("gcc"):
        return
    fused = built(kit, "static", ["--enable-static-plugins", "--disable-shared", "--enable-static"],
                  BASE + " -flto")
    shared = built(kit, "shared", [], BASE)
    for depth, suffix in ((1, ""), (16, "_pipelined")):
        static = counts.instructions(kit, "nave", depth, build=fused)
        emit("boundary.static_instructions" + suffix, static, "instructions")
        plain = counts.instructions(kit, "nave", depth)
        same = counts.instructions(kit, "nave", depth, build=shared)
        emit("boundary.instructions_ratio" + suffix, plain / static, "ratio", shared=round(plain, 1))
        emit("boundary.instructions_ratio_same_profile" + suffix, same / static, "ratio",
             shared=round(same, 1))
