# SPDX-License-Identifier: MIT
"""Where things are: the build tree, the program in it, the helpers written in C.

A libtool build leaves shell wrappers where programs should be; what is measured is the ELF file
behind them, so that pinning, strace, callgrind and /proc see the right process.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.dirname(HERE)


class BenchError(Exception):
    """Why nothing can be measured; the text is for the user."""


is_silent = False


def silence():
    global is_silent
    is_silent = True


def note(text):
    """A remark for the user, on stderr."""
    if not is_silent:
        print("nave-bench: " + text, file=sys.stderr, flush=True)


def is_elf(path):
    try:
        with open(path, "rb") as f:
            return f.read(4) == b"\x7fELF"
    except OSError:
        return False


def settings(build):
    """What configure chose for a build tree; empty when it cannot be read."""
    try:
        with open(os.path.join(build, "config.status"), errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def is_sanitized(build):
    return '"SAN_CFLAGS"]="-fsanitize' in settings(build)


def is_static(build):
    return '"STATIC_PLUGINS_TRUE"]=""' in settings(build)


def find_build(named):
    """The build tree: --build, NAVE_BUILD, the present folder, or the best below the source.

    What is shipped, with shared objects, goes before a static build, and that before one with
    sanitizers, which Tools then refuses; among equals the newest.
    """
    if named or os.environ.get("NAVE_BUILD"):
        return os.path.abspath(named or os.environ["NAVE_BUILD"])
    here = [p for p in (os.getcwd(), os.path.dirname(os.getcwd())) if p != SOURCE]
    below = glob.glob(SOURCE + "/*/") + glob.glob(SOURCE + "/build/*/") + [SOURCE]
    for places in (here, below):
        built = {os.path.abspath(p) for p in places if os.path.exists(p + "/config.status")}
        built = [p for p in built if program(p)]
        if built:
            return min(built, key=lambda p: (is_sanitized(p), is_static(p),
                                             -os.path.getmtime(p + "/config.status")))
    return None


def program(build):
    """The ELF file of the nave program in a build tree, or None."""
    for name in ("cli/.libs/nave", "cli/nave", ".libs/nave", "nave", "bin/nave"):
        path = os.path.join(build, name)
        if is_elf(path):
            return path
    return None


class Tools:
    """One call of nave-bench: its scratch folder, its build tree, its helpers."""

    def __init__(self, build):
        self.build = build
        self.nave = program(build) if build else None
        if self.nave and is_sanitized(build):
            raise BenchError("%s was built with sanitizers; its numbers say nothing" % build)
        self.scratch = tempfile.mkdtemp(prefix="nave-bench-")

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def require_nave(self):
        if not self.nave:
            raise BenchError("no build of nave found; build it, and name the folder: --build DIR")
        return self.nave

    def environment(self, build=None):
        """What an uninstalled program needs to find its library and its plugins."""
        build = build or self.build
        env = dict(os.environ)
        libs = {os.path.dirname(p) for p in glob.glob(build + "/core/.libs/libnave.so*")
                + glob.glob(build + "/.libs/libnave.so*") + glob.glob(build + "/lib/libnave.so*")}
        plugins = {os.path.dirname(p) for p in glob.glob(build + "/plugins/*/.libs/*.so")}
        plugins |= {p for p in glob.glob(build + "/lib/nave/plugins-1")}
        if libs:
            env["LD_LIBRARY_PATH"] = ":".join(sorted(libs))
        if plugins:
            env["NAVE_PLUGIN_PATH"] = ":".join(sorted(plugins))
        return env

    def helper(self, name):
        """A helper in C: the one of the build tree, else compiled here with the same flags."""
        source = os.path.join(HERE, name.replace(".so", "") + ".c")
        for place in (("bench", "bench/.libs") if self.build else ()):
            path = os.path.join(self.build, place, name)
            if is_elf(path) and os.path.getmtime(path) >= os.path.getmtime(source):
                return path
        out = self.path(name)
        if not os.path.exists(out):
            flags = ["-fPIC", "-shared", "-fvisibility=hidden"] if name.endswith(".so") else []
            libs = ["-levent_core"] if name == "limit_libevent" else []
            command = [os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-g", "-pthread"] + flags
            command += ["-I" + SOURCE + "/sdk/include", "-o", out, source] + libs
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchError("cannot compile %s:\n%s" % (source, done.stderr))
        return out


def emit(name, value, unit, **more):
    """Print one metric as a line of JSON."""
    if isinstance(value, float):
        value = round(value, 4 if abs(value) < 100 else 1)
    print(json.dumps({"name": name, "value": value, "unit": unit, **more}), flush=True)
