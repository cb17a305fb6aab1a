"""When a scheduled action takes place: at(...), rate(...) or cron(...), in a time zone.

Source: Application Auto Scaling's user guide, "Schedule recurring scaling actions using cron expressions" and
PutScheduledAction in botocore.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE = re.compile(r"rate\(([1-9]\d{0,8}) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_PART = re.compile(r"(\*|\d+)(?:-(\d+))?(?:/([1-9]\d*))?")
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


class NotASchedule(ValueError):
    """The text is no schedule, or one that the sandbox does not practise."""


@dataclass(frozen=True)
class Schedule:
    """The times of a scheduled action; a rate counts from its first time on, `start` or when it was put."""

    zone: ZoneInfo
    start: datetime | None = None
    end: datetime | None = None
    at: datetime | None = None
    rate: timedelta | None = None
    cron: tuple[frozenset[int], ...] = ()

    def is_due(self, since: datetime, now: datetime, known: datetime, speed: float = 1.0) -> bool:
        """Tell whether the action takes place after `since`, up to `now`; it was put at `known`.

        A rate is a duration, which lasts shorter by `speed`.
        """
        return any(self._is_between(each) for each in self._times(max(since, now - _DAY), now, known, speed))

    def _is_between(self, moment: datetime) -> bool:
        return (self.start is None or moment >= self.start) and (self.end is None or moment <= self.end)

    def _times(self, since: datetime, now: datetime, known: datetime, speed: float) -> Iterator[datetime]:
        if self.at is not None:
            if since < self.at <= now:
                yield self.at
        elif self.rate is not None:
            every, first = self.rate / speed, self.start or known
            if now >= first and (last := now - (now - first) % every) > since:
                yield last
        else:
            moment = since.replace(second=0, microsecond=0) + _MINUTE
            while moment <= now:
                if self._matches(moment.astimezone(self.zone)):
                    yield moment
                moment += _MINUTE

    def _matches(self, moment: datetime) -> bool:
        weekday = moment.isoweekday() % 7 + 1  # Sunday is 1
        values = (moment.minute, moment.hour, moment.day, moment.month, weekday, moment.year)
        return all(value in allowed for value, allowed in zip(values, self.cron, strict=True))


def parse(text: str, zone_name: str, start: datetime | None, end: datetime | None) -> Schedule:
    """Return the schedule of an expression. Raises NotASchedule."""
    try:
        zone = ZoneInfo(zone_name)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise NotASchedule(f"{zone_name} is no time zone") from error
    if at := _AT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(at[1]).replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise NotASchedule(f"{at[1]} is no time") from error
        return Schedule(zone, start, end, at=moment)
    if rate := _RATE.fullmatch(text):
        return Schedule(zone, start, end, rate=timedelta(**{f"{rate[2]}s": int(rate[1])}))
    if cron := _CRON.fullmatch(text):
        parts = [_numbered(each, number) for number, each in enumerate(cron.groups())]
        return Schedule(zone, start, end, cron=tuple(map(_allowed, parts, range(6))))
    raise NotASchedule(f"{text} is neither at(...), rate(...) nor cron(...) with six fields")


def _numbered(field: str, number: int) -> str:
    """Return a field with numbers for the names of months and days."""
    names = {3: _MONTHS, 4: _DAYS}.get(number, ())
    for value, name in enumerate(names, 1):
        field = re.sub(name, str(value), field, flags=re.IGNORECASE)
    return field


def _allowed(field: str, number: int) -> frozenset[int]:
    low, high = _RANGES[number]
    if field == "?" and number in (2, 4):
        return frozenset(range(low, high + 1))
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:  # L, W and # are AWS's too
            raise NotASchedule(f"{part} is no field of a cron expression that the sandbox practises")
        first = low if match[1] == "*" else int(match[1])
        last = int(match[2] or (high if match[3] or match[1] == "*" else first))
        if not low <= first <= last <= high:
            raise NotASchedule(f"{part} is not between {low} and {high}")
        found.update(range(first, last + 1, int(match[3] or 1)))
    return frozenset(found)
