# SPDX-License-Identifier: MIT
"""The rules of the text exposition format 0.0.4 of Prometheus, as its documentation and its parsers have
them, so that a text which passes here is read by a collector. check_exposition raises what is wrong."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(r"^(%s)(?:\{((?:%s)(?:,(?:%s))*)\})? (\S+)$" % (NAME, LABEL, LABEL))
HELP = re.compile(r"^# HELP (%s) ((?:[^\\\n]|\\[\\n])+)$" % NAME)
TYPE = re.compile(r"^# TYPE (%s) (counter|gauge|histogram|summary|untyped)$" % NAME)
NUMBER = re.compile(r"^(?:[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?Inf|NaN)$")


class Broken(AssertionError):
    pass


def need(is_true, *what):
    if not is_true:
        raise Broken(" ".join(str(w)[:400] for w in what))


def base_of(name, family, kind):
    if kind == "histogram":
        for suffix in ("_bucket", "_sum", "_count"):
            if name == family + suffix:
                return family
    return name


def check_histogram(family, series):
    """`series`: what each set of labels without le has."""
    for labels, parts in series.items():
        need(set(parts) == {"bucket", "sum", "count"}, "buckets, sum and count:", family, labels, set(parts))
        bounds = [float(le) for le, _ in parts["bucket"]]
        counts = [count for _, count in parts["bucket"]]
        need(len(bounds) > 1, "more than one bucket:", family)
        need(bounds == sorted(set(bounds)), "bounds grow:", family, labels)
        need(bounds[-1] == math.inf and parts["bucket"][-1][0] == "+Inf", "the last bound is +Inf:", family)
        need(all(count == int(count) and count >= 0 for count in counts), "counts are numbers:", family)
        need(counts == sorted(counts), "counts grow:", family, labels)
        need(counts[-1] == parts["count"], "the count is that of +Inf:", family, labels)
        need(parts["sum"] >= 0, "a sum of times:", family)
        need(parts["count"] > 0 or parts["sum"] == 0, "nothing sums up to nothing:", family, labels)


def check_exposition(text):
    """Gives the type of each metric, and the value of each line by name and labels."""
    need(text.endswith("\n"), "the last line ends")
    need("\r" not in text, "lines end in a line feed")
    kinds, values, histograms, family = {}, {}, {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            m = HELP.match(line)
            need(m, "a HELP:", line)
            need(family is None or kinds[family], "a TYPE for each HELP:", family)
            need(family is None or family in histograms or any(n == family for n, _ in values),
                 "a metric has lines:", family)
            family = m.group(1)
            need(family not in kinds, "one HELP for each metric:", line)
            kinds[family] = None
        elif line.startswith("#"):
            m = TYPE.match(line)
            need(m, "a TYPE:", line)
            need(m.group(1) == family and kinds[family] is None, "TYPE behind its HELP, once:", line)
            kinds[family] = m.group(2)
        else:
            m = LINE.match(line)
            need(m, "a line of the format:", line)
            name, pairs, value = m.group(1), re.findall(LABEL, m.group(2) or ""), m.group(m.lastindex)
            labels = dict(pairs)
            need(len(labels) == len(pairs), "each label once:", line)
            need(family and kinds[family], "HELP and TYPE go before:", line)
            need(base_of(name, family, kinds[family]) == family, "all lines of a metric stand together:", line)
            key = (name, tuple(sorted(labels.items())))
            need(key not in values, "each line once:", line)
            need(NUMBER.match(value), "a number:", line)
            values[key] = number = float(value)
            need(not math.isnan(number), "a number:", line)
            if kinds[family] == "counter":
                need(name.endswith("_total") and number >= 0, "a counter:", line)
            if kinds[family] == "histogram":
                part = name[len(family) + 1:]
                need(("le" in labels) == (part == "bucket"), "le is of buckets:", line)
                le = labels.pop("le", None)
                parts = histograms.setdefault(family, {}).setdefault(tuple(sorted(labels.items())), {})
                if part == "bucket":
                    parts.setdefault("bucket", []).append((le, number))
                else:
                    parts[part] = number
    for name, series in histograms.items():
        check_histogram(name, series)
    need(kinds and all(kinds.values()), "each metric has a type")
    return kinds, values


GOOD = r"""# HELP a_total What \\ is \n counted.
# TYPE a_total counter
a_total{of="x\"y\\z\n",to="b"} 3
a_total{of="z"} 1e+3
# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{w="0",le="0.5"} 1
t_seconds_bucket{w="0",le="+Inf"} 2
t_seconds_sum{w="0"} 3.25
t_seconds_count{w="0"} 2
"""
BAD = [
    ("# TYPE a_total counter\n", ""), ("# HELP a_total What", "# HELP a-total What"), ("_total", ""),
    (r'x\"y', 'x"y'), ('to="b"', 'of="b"'), ('{of="z"} 1e+3', '{of="z"} 1e+3 '), ('{of="z"}', "{of=z}"),
    (" 1e+3", " one"), (" 1e+3", " -1"), ('a_total{of="z"} 1e+3', 'a_total{to="b",of="x\\"y\\\\z\\n"} 1'),
    ('"0.5"} 1', '"0.5"} 3'), ('"+Inf"', '"7"'), ('"0.5"', '"+Inf"'), ('t_seconds_count{w="0"} 2', 't_seconds_count{w="0"} 3'),
    ('t_seconds_sum{w="0"} 3.25\n', ""), ('t_seconds_bucket{w="0",le="+Inf"} 2\n', ""),
    ('w="0",le="+Inf"', 'w="1",le="+Inf"'), ('a_total{of="z"} 1e+3\n', 'b_total{of="z"} 1e+3\n'), ("} 2\n", "} 2"),
    ("# HELP t_seconds", "# HELP a_total"), ("\n", "\r\n"),
]


def self_test():
    """A checker that lets everything pass proves nothing."""
    kinds, values = check_exposition(GOOD)
    need(kinds == {"a_total": "counter", "t_seconds": "histogram"} and len(values) == 6, kinds, values)
    for old, new in BAD:
        need(old in GOOD, "a row of its own:", old)
        try:
            check_exposition(GOOD.replace(old, new) if (old, new) != ("} 2\n", "} 2") else GOOD[:-1])
        except Broken:
            continue
        raise Broken("nobody saw: %r instead of %r" % (new, old))


if __name__ == "__main__":
    self_test()
