"""CloudWatch's metric alarms, which moto stores: their states follow the metrics from here on.

Alarms on metric math, on anomaly detection and composite ones are not evaluated. What an alarm does besides
scaling (a message to SNS) is not practised.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from ...settings import ACCOUNT
from ..clock import Clock
from .evaluation import LOOKED_BACK, Rule
from .statistics import by_period, since

logger = logging.getLogger(__name__)
SHORT, MINUTE = 10, 60  # AWS's seconds between two evaluations, by the alarm's period
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of an alarm: its state, what it does then, and the values that were looked at."""

    name: str
    state: str
    actions: tuple[str, ...]
    threshold: float
    values: tuple[float, ...]  # the newest last


class Alarms:
    """The account's metric alarms in all regions, of which there are none before `connect`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._backends: Any = None
        self._waiting: dict[str, dict[str, dict[str, Any]]] = {}  # region -> name -> what moto is to store
        self._told: set[tuple[str, str]] = set()
        self._evaluated: dict[tuple[str, str], datetime] = {}

    def connect(self) -> None:
        """Use moto's alarms from now on; a new one has no data until its first evaluation, as on AWS."""
        from moto.backends import get_backend
        from moto.cloudwatch.models import CloudWatchBackend as Backend

        Backend.put_metric_alarm = _without_data(Backend.put_metric_alarm)  # type: ignore[method-assign]
        self._backends = get_backend("cloudwatch")[ACCOUNT]
        for region, waiting in self._waiting.items():
            for members in waiting.values():
                self.put(region, members)

    @property
    def regions(self) -> set[str]:
        """The regions in which something may have been asked of CloudWatch."""
        return set(self._backends or ())

    def put(self, region: str, members: dict[str, Any]) -> str:
        """Create or replace an alarm, named as moto names its members; return its ARN."""
        if self._backends is not None:
            self._backends[region].put_metric_alarm(**members)
        else:
            self._waiting.setdefault(region, {})[members["name"]] = members
        return f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{members['name']}"

    def delete(self, region: str, names: list[str]) -> None:
        """Delete the alarms of these names, those that exist."""
        for name in names:
            self._waiting.get(region, {}).pop(name, None)
        if self._backends is not None:
            self._backends[region].delete_alarms(names)

    def names_with(self, region: str, action: str) -> list[str]:
        """Return the names of the alarms that have the action."""
        return [each.name for each in self._alarms(region) if action in (each.alarm_actions or ())]

    def evaluate(self, region: str) -> list[Evaluation]:
        """Set the states of all alarms of the region whose time has come, and return these evaluations."""
        now = self._clock.now().astimezone(UTC).replace(tzinfo=None)  # moto's times are naive UTC
        found: list[Evaluation] = []
        for alarm in self._alarms(region):
            try:
                found += self._evaluate(region, alarm, now)
            except Exception as error:  # moto takes alarms that CloudWatch refuses
                self._tell(region, alarm.name, error)
        return found

    def _tell(self, region: str, name: str, error: Exception) -> None:
        if (region, name) not in self._told:
            self._told.add((region, name))
            logger.warning("the alarm %s can't be evaluated", name, exc_info=error)

    def _evaluate(self, region: str, alarm: Any, now: datetime) -> Iterator[Evaluation]:
        rule = _rule(alarm)
        if rule is None:
            return
        period = int(alarm.period)
        ends = _floor(now, self._clock.lasts(SHORT if period < MINUTE else MINUTE))
        if self._evaluated.get((region, alarm.name)) == ends:
            return
        self._evaluated[region, alarm.name] = ends
        count, length = rule.periods + LOOKED_BACK, self._clock.lasts(period)
        points = since(self._backends[region].metric_data, ends - length * count, _is_of(alarm))
        statistic = alarm.extended_statistic or alarm.statistic
        values = by_period(points, ends, length, count, statistic)
        state = rule.state(values, alarm.state_value)
        _set_state(alarm, state, rule, values, now)
        known = tuple(each for each in values[-rule.periods :] if each is not None)
        actions = tuple(alarm.alarm_actions or ()) if alarm.actions_enabled else ()
        yield Evaluation(alarm.name, state, actions, rule.threshold, known)

    def _alarms(self, region: str) -> list[Any]:
        return list(self._backends[region].alarms.values()) if region in self.regions else []


def _rule(alarm: Any) -> Rule | None:
    """Return the alarm's rule; None for a kind that is not evaluated."""
    if alarm.rule or alarm.metric_data_queries or not alarm.metric_name or alarm.threshold is None:
        return None
    periods = int(alarm.evaluation_periods)
    needed = int(alarm.datapoints_to_alarm or periods)
    missing = alarm.treat_missing_data or "missing"
    rule = Rule(alarm.comparison_operator, float(alarm.threshold), periods, needed, missing)
    return rule if rule.is_known else None


def _is_of(alarm: Any) -> Callable[[Any], bool]:
    """Return whether a point is of the alarm's metric, with the same dimensions and no others."""
    wanted = {(each.name, each.value) for each in alarm.dimensions}

    def is_wanted(point: Any) -> bool:
        return (
            point.name == alarm.metric_name
            and point.namespace == alarm.namespace
            and (not alarm.unit or point.unit == alarm.unit)
            and {(each.name, each.value) for each in point.dimensions} == wanted
        )

    return is_wanted


def _set_state(alarm: Any, state: str, rule: Rule, values: list[float | None], now: datetime) -> None:
    if state == alarm.state_value:
        return
    alarm.update_state(_reason(state, rule, values[-rule.periods :]), "{}", state)
    alarm.state_updated_timestamp = now


def _reason(state: str, rule: Rule, values: list[float | None]) -> str:
    """Return the state's reason; the wording for missing data is (not established)."""
    known = [value for value in values if value is not None]
    if state == "INSUFFICIENT_DATA" or not known:
        return f"Insufficient Data: {len(values)} datapoints were unknown."
    count = sum(map(rule.breaches, known))
    shown = ", ".join(f"{value:g}" for value in reversed(known))
    was = "was" if count == 1 else "were"
    return (
        f"Threshold Crossed: {count} out of the last {len(values)} datapoints [{shown}] {was} "
        f"{_WORDS[rule.comparison]} the threshold ({rule.threshold:g})."
    )


_WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


def _floor(now: datetime, step: timedelta) -> datetime:
    return now - (now - _EPOCH) % step


def _without_data(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return moto's PutMetricAlarm with CloudWatch's state: a new alarm has no data, others keep theirs."""
    original = getattr(original, "__wrapped__", original)

    @wraps(original)
    def put(backend: Any, name: str, **given: Any) -> Any:
        before = backend.alarms.get(name)
        alarm = original(backend, name=name, **given)
        alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
        return alarm

    return put
