"""Prints what Python's zoneinfo makes of local times in every zone of the package tzdata: a table for tests/zone_rules.rs.

The first line is the first day. Then a line a zone: its name, and for each of 1,000 days at 00:30, 02:30 and 09:00 the
offset in seconds, `gap` for a time that does not occur, or `fold` for one that occurs twice.
"""

import datetime
import importlib.resources
import zoneinfo

TIMES = [datetime.time(0, 30), datetime.time(2, 30), datetime.time(9)]
DAYS = 1000


def said(local):
    before, after = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    if before == after:
        return str(int(before.total_seconds()))
    there = local.astimezone(datetime.timezone.utc).astimezone(local.tzinfo)
    return "fold" if there.replace(tzinfo=None) == local.replace(tzinfo=None) else "gap"


def main():
    zoneinfo.reset_tzpath(to=[])
    first = datetime.datetime.now(datetime.timezone.utc).date()
    names = importlib.resources.files("tzdata").joinpath("zones").read_text().split()
    print(first)
    for name in sorted(names):
        zone = zoneinfo.ZoneInfo(name)
        days = (first + datetime.timedelta(days=day) for day in range(DAYS))
        locals_ = (datetime.datetime.combine(day, time, zone) for day in days for time in TIMES)
        print(name, *map(said, locals_))


main()
