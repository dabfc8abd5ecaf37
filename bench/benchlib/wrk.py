# SPDX-License-Identifier: MIT
"""wrk beside our own load client, where it is installed: a second opinion on requests per second."""
import re
import shutil
import subprocess

from . import servers
from .tools import HERE, BenchError, emit, note


def run(kit, metric, depth, names, seconds=2):
    if not shutil.which("wrk"):
        note("wrk is not installed: skipped")
        return
    requests = kit.path("requests")
    with open(requests, "wb") as f:
        subprocess.run([kit.helper("load"), "-p"], stdout=f, check=True)
    for name in names:
        with servers.start(kit, name) as s:
            command = ["wrk", "-t1", "-c64", "-d%ds" % seconds, "-s", HERE + "/wrk.lua",
                       "http://127.0.0.1:%d/" % s.port, "--", requests, str(depth)]
            text = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30,
                                  preexec_fn=servers.pin(servers.LOAD_CORE), check=False).stdout
        rate = re.search(r"Requests/sec:\s*([\d.]+)", text)
        if not rate:
            raise BenchError("wrk on %s:\n%s" % (name, text))
        if "Non-2xx" in text or "Socket errors" in text:
            note("wrk on %s reports errors:\n%s" % (name, text))
        stem = metric if name == "nave" else "%s.%s" % (metric, name)
        emit("wrk.%s.requests_per_s" % stem, round(float(rate[1])), "1/s")
