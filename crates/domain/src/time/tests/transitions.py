#!/usr/bin/env python3
"""Writes what Python's zoneinfo says of every zone from 2020 to 2040: a second reader of the same zone data.

    pip install tzdata==2026.6    # IANA 2026f
    PYTHONTZPATH= python3 transitions.py > transitions.txt

One line a zone: its name, its offset at the start in seconds, how often the offset changes, and a digest of
the changes (SHA-256 of "instant offset" lines, 16 hexadecimal digits).
"""

import datetime
import hashlib
import zoneinfo

import tzdata

FIRST, LAST = (int(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp()) for year in (2020, 2040))
STEP = 6 * 3600


def offset(zone, instant):
    return int(datetime.datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def changes(zone):
    before = offset(zone, FIRST)
    for instant in range(FIRST, LAST, STEP):
        after = offset(zone, instant + STEP)
        if after == before:
            continue
        low, high = instant, instant + STEP
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
        yield high, after
        before = after


zoneinfo.reset_tzpath(to=[])
print(f"# IANA {tzdata.IANA_VERSION}, by transitions.py")
for name in sorted(zoneinfo.available_timezones()):
    zone = zoneinfo.ZoneInfo(name)
    found = list(changes(zone))
    digest = hashlib.sha256("".join(f"{instant} {offset}\n" for instant, offset in found).encode()).hexdigest()
    print(name, offset(zone, FIRST), len(found), digest[:16])
