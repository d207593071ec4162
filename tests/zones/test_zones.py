"""Compares amid's zone reader with Python's zoneinfo on every installed zone.

    AMID_B=build/san python3 tests/zones/test_zones.py

AMID_B is the folder of the build, whose tests/tools/zone-dump is asked; ZONE_DUMP names another.
Asked are: offsets before, at and after every transition of the file, and in a sample of far years,
which only the POSIX footer knows; wall times around each transition, repeated and skipped ones
included; the next transition. It runs under pytest, too.
"""

import datetime
import functools
import io
import os
import pathlib
import struct
import subprocess
import unittest
import zoneinfo

ZONE_DUMP = os.environ.get("ZONE_DUMP") or os.path.join(
    os.environ.get("AMID_B", "build/release"), "tests/tools/zone-dump")
DATABASE = os.environ.get("TZDIR", "/usr/share/zoneinfo")
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
DAY = 86400
FIRST = int((datetime.datetime(1, 1, 3) - EPOCH).total_seconds())
LAST = int((datetime.datetime(9999, 12, 28) - EPOCH).total_seconds())
FAR_YEARS = [*range(2036, 2045), *range(2086, 2090), 2099, 2100, 2199, 2200, 2299, 2399, 2400, 2437,
             2438, 2439, 2440, 2441, 2600, 2999, 3600]


def installed():
    """The zones of the database, read from its files: no package of Python's may stand in."""
    names = []
    for path in sorted(pathlib.Path(DATABASE).rglob("*")):
        name = str(path.relative_to(DATABASE))
        if name.split("/")[0] in ("posix", "right", "posixrules", "localtime"):
            continue
        if path.is_file() and read(name)[:4] == b"TZif":
            names.append(name)
    return names


def read(name):
    return pathlib.Path(DATABASE, name).read_bytes()


def file_transitions(data):
    """The times in the last data block of a TZif file."""
    size = 4
    start = 0
    if data[4:5] >= b"2":
        counts = struct.unpack(">6I", data[20:44])
        utc, std, leap, times, types, chars = counts
        start = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc
        size = 8
    times = struct.unpack(">I", data[start + 32:start + 36])[0]
    block = data[start + 44:start + 44 + times * size]
    return struct.unpack(f">{times}{'q' if size == 8 else 'i'}", block)


class Oracle:
    """zoneinfo, in seconds."""

    def __init__(self, name):
        self.zone = zoneinfo.ZoneInfo.from_file(io.BytesIO(read(name)), key=name)

    def offset(self, utc):
        there = (EPOCH + datetime.timedelta(seconds=utc)).replace(tzinfo=UTC).astimezone(self.zone)
        return int(there.utcoffset().total_seconds())

    def from_local(self, local):
        """The first instant that shows this wall time, or None."""
        wall = (EPOCH + datetime.timedelta(seconds=local)).replace(tzinfo=self.zone, fold=0)
        utc = local - int(wall.utcoffset().total_seconds())
        return utc if utc + self.offset(utc) == local else None

    def far_changes(self):
        """Instants, in far years, at which the offset changes."""
        found = []
        for year in FAR_YEARS:
            start = int((datetime.datetime(year, 1, 1) - EPOCH).total_seconds())
            for day in range(0, 366, 6):
                low, high = start + day * DAY, start + (day + 6) * DAY
                if self.offset(low) == self.offset(high):
                    continue
                while high - low > 1:
                    middle = (low + high) // 2
                    if self.offset(middle) == self.offset(low):
                        low = middle
                    else:
                        high = middle
                found.append(high)
        return found


@functools.cache
def database():
    """(names, oracle, changes) of every distinct file; aliases share theirs."""
    alike = {}
    for name in installed():
        alike.setdefault(read(name), []).append(name)
    zones = []
    for data, names in alike.items():
        oracle = Oracle(names[0])
        changes = [t for t in file_transitions(data) if FIRST < t < LAST] + oracle.far_changes()
        zones.append((names, oracle, changes))
    return zones


class Zones(unittest.TestCase):
    def ask(self, name, questions):
        text = "".join(f"{kind} {time}\n" for kind, time in questions)
        done = subprocess.run([ZONE_DUMP, name], input=text, text=True, check=True,
                              stdout=subprocess.PIPE)
        answers = done.stdout.splitlines()
        self.assertEqual(len(answers), len(questions), name)
        return answers

    def compare(self, name, questions, expected):
        wrong = [f"{name}: {kind} {time} gave {got}, not {want}"
                 for (kind, time), got, want in zip(questions, self.ask(name, questions), expected)
                 if got != want]
        self.assertEqual([], wrong[:10])

    def test_database_is_there(self):
        self.assertGreater(len(installed()), 300)

    def test_aliases_load(self):
        for names, oracle, _ in database():
            for name in names:
                self.assertEqual(self.ask(name, [("u", 10**9)]), [str(oracle.offset(10**9))])

    def test_offsets(self):
        for names, oracle, changes in database():
            with self.subTest(zone=names[0]):
                steps = (-DAY, -3601, -1, 0, 1, 3599, DAY)
                times = sorted({t + s for t in changes for s in steps}
                               | {y * 365 * DAY for y in range(-200, 7000, 37)})
                self.compare(names[0], [("u", t) for t in times],
                             [str(oracle.offset(t)) for t in times])

    def test_wall_times(self):
        for names, oracle, changes in database():
            with self.subTest(zone=names[0]):
                questions, expected = [], []
                for change in changes:
                    before, after = oracle.offset(change - 1), oracle.offset(change)
                    walls = {change + o + s for o in (before, after)
                             for s in (-3600, -1, 0, 1, 1800, 3600)}
                    for wall in sorted(walls | {change + (before + after) // 2}):
                        utc = oracle.from_local(wall)
                        questions.append(("l", wall))
                        expected.append(f"gap {change}" if utc is None else str(utc))
                self.compare(names[0], questions, expected)

    def test_next_transition(self):
        for names, oracle, changes in database():
            with self.subTest(zone=names[0]):
                real = [t for t in changes if oracle.offset(t - 1) != oracle.offset(t)]
                self.compare(names[0], [("n", t - 1) for t in real], [str(t) for t in real])


if __name__ == "__main__":
    unittest.main()
