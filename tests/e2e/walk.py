# SPDX-License-Identifier: MIT
"""Follows a guide of docs/ as its reader does, so that it cannot rot. Each fenced block stands behind a
comment that says what it is:

    <!-- from examples/embed/embed.c -->   these lines stand in that file, one behind the other
    <!-- in plugin-handler -->             from here on in a copy of examples/plugin-handler
    <!-- in new -->                        from here on in an empty folder
    <!-- file hello.c -->                  the block becomes this file of the folder
    <!-- config app.json -->               the same, and it is a configuration without an error
    <!-- run -->                           "$ command", and behind each command exactly what it says
    <!-- as root: PACKAGES -->             is not run; packages that it names must be known to scripts/lib.sh

A command that ends in "&" stays, and `kill %1` ends it; what it says after `kill -HUP %1` is compared.
Ports are exchanged for ones that are free."""
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

WAIT = 120
PORTS = ("8080", "8081", "7000")


def expect(is_true, *what):
    if not is_true:
        raise AssertionError(" ".join(str(w)[-3000:] for w in what))


def free_ports():
    sockets = [socket.socket() for _ in PORTS]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [str(s.getsockname()[1]) for s in sockets]
    for s in sockets:
        s.close()
    return dict(zip(PORTS, ports))


class Walk:
    def __init__(self, source, page, place):
        self.source = source
        self.page = page
        self.place = place
        self.ports = free_ports()
        self.folder = None
        self.server = None
        self.ran = 0
        bin_folder = os.path.join(place.room, "bin")
        if not os.path.isdir(bin_folder):
            os.mkdir(bin_folder)
            os.symlink(place.nave, os.path.join(bin_folder, "nave"))
            self.compiler(bin_folder, "cc", os.environ.get("CC", "cc"))
            if os.environ.get("CXX"):
                self.compiler(bin_folder, "c++", os.environ["CXX"])
        self.env = dict(place.env, PATH=bin_folder + ":" + os.environ["PATH"])
        self.env.pop("NAVE", None)  # "nave" is found by its name

    def compiler(self, folder, name, command):
        """A compiler under the name that the guide uses; in a sanitizer build with its flags."""
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n")
            if self.place.flags:  # a sanitizer's own symbols come from the program
                f.write('for word; do shift; [ "$word" = -Wl,-z,defs ] || set -- "$@" "$word"; done\n')
            f.write('exec %s %s "$@"\n' % (command, " ".join(self.place.flags)))
        os.chmod(path, 0o755)

    def there(self, text):
        """`text` with our ports in the place of the guide's."""
        for port, other in self.ports.items():
            text = re.sub(r"\b%s\b" % port, other, text)
        return text

    def back(self, text):
        for port, other in self.ports.items():
            text = re.sub(r"\b%s\b" % other, port, text)
        return text

    def enter(self, name):
        if name == "new":
            self.folder = os.path.join(self.place.room, "new-" + os.path.basename(self.page))
            os.makedirs(self.folder, exist_ok=True)
            return
        self.folder = self.place.copy(name)
        for one in os.listdir(self.folder):
            if one.endswith((".c", ".cc", ".json")):
                self.write(one, open(os.path.join(self.folder, one), encoding="utf-8").read())

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.there(text))

    def compare(self, name, block):
        with open(os.path.join(self.source, name), encoding="utf-8") as f:
            expect("\n" + block in "\n" + f.read(), "these lines do not stand in %s:\n%s" % (name, block))

    def as_root(self, names, block):
        with open(os.path.join(self.source, "scripts/lib.sh"), encoding="utf-8") as f:
            known = f.read()
        for name in names.split():
            expect(name in block, name, "is not installed there")
            expect(re.search(r"\bneed %s " % re.escape(name), known), "scripts/lib.sh knows no", name)

    def start(self, command, wanted):
        self.server = subprocess.Popen(["sh", "-c", "exec " + command], cwd=self.folder, env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        return self.lines(wanted)

    def lines(self, wanted):
        """As many lines of what stays as are wanted of it; it is killed when they do not come."""
        late = threading.Timer(WAIT, self.server.kill)
        late.start()
        try:
            return "".join(self.server.stdout.readline() for _ in range(wanted.strip().count("\n") + 1))
        finally:
            late.cancel()

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        said = self.server.communicate(timeout=WAIT)[0]
        expect(self.server.returncode == 0, "it ended with", self.server.returncode, said)
        self.server = None
        return said

    def run(self, block):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, wanted = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", step, re.S).groups()
            command = self.there(command)
            if command == "kill %1":
                said = self.stop()
            elif command == "kill -HUP %1":
                self.server.send_signal(signal.SIGHUP)
                said = self.lines(wanted)
            elif command.endswith("&"):
                said = self.start(command[:-1], wanted)
            else:
                done = subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.env,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=WAIT, check=False)
                said = done.stdout
                expect(wanted.strip() or done.returncode == 0, "$", command, "\n", said)
            expect(self.back(said).rstrip() == wanted.rstrip(), "$ %s\nsays\n%s\nand the guide has\n%s"
                   % (self.back(command), self.back(said), wanted))
            self.ran += 1

    def go(self):
        with open(os.path.join(self.source, self.page), encoding="utf-8") as f:
            lines = f.read().split("\n")
        mark = None
        number = 0
        try:
            while number < len(lines):
                line = lines[number]
                number += 1
                comment = re.fullmatch(r"<!-- (from|in|file|config|run|as root:)\s*(.*?) -->", line)
                if comment:
                    mark = comment.groups()
                    if mark[0] == "in":
                        self.enter(mark[1])
                        mark = None
                elif line.startswith("```"):
                    first = number
                    while lines[number] != "```":
                        number += 1
                    block = "\n".join(lines[first:number]) + "\n"
                    number += 1
                    expect(mark, "%s:%d: no comment says what this block is" % (self.page, first))
                    try:
                        self.block(mark, block)
                    except (AssertionError, OSError, subprocess.SubprocessError) as why:
                        raise AssertionError("%s:%d: %s" % (self.page, first, why)) from why
                    mark = None
                elif line.strip():
                    expect(not line.startswith("    ") or line.lstrip()[0] in "-*|0123456789",
                           "%s:%d: an indented block is not looked at" % (self.page, number))
        finally:
            if self.server:
                self.server.kill()
                self.server.communicate()
        expect(self.ran > 3, self.page, "has nothing to run")

    def block(self, mark, block):
        kind, what = mark
        if kind == "from":
            self.compare(what, block)
        elif kind == "file":
            self.write(what, block)
        elif kind == "config":
            self.write(what, block)
            self.run("$ nave check %s\n%s: ok\n" % (what, what))
        elif kind == "run":
            self.run(block)
        else:
            self.as_root(what, block)


def can_walk():
    """What the guides' commands need beyond the compiler."""
    return all(shutil.which(tool) for tool in ("curl", "make", "python3", "pkg-config"))
