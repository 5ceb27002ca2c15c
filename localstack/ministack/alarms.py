"""Evaluates alarms on the metric with exactly their dimensions, period by period; MiniStack ignores dimensions and merges periods.

Evaluated when metrics arrive and when alarms are described; there is no background process.
"""

import operator
import time

from ministack.services import cloudwatch, sqs

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
VISIBLE = ("AWS/SQS", "ApproximateNumberOfMessagesVisible")


def _values(alarm, now):
    """Returns the statistic of each evaluation period, the current one first; None for a period without data."""
    period, periods = alarm.get("Period", 60), alarm.get("EvaluationPeriods", 1)
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    current = now // period
    buckets = [[] for _ in range(periods)]
    for point in reversed(points):
        age = int(current - point["Timestamp"] // period)
        # Data points are nearly in order, so an older one than this ends the search.
        if age > periods:
            break
        if 0 <= age < periods:
            buckets[age].append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    return [cloudwatch._stat_value(cloudwatch._calc_stats(each), statistic, each) if each else None for each in buckets]


def _state(alarm, values):
    missing = alarm.get("TreatMissingData") or "missing"
    if all(value is None for value in values) and missing in ("missing", "ignore"):
        return alarm["StateValue"] if missing == "ignore" else "INSUFFICIENT_DATA"
    is_breaching = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = [missing == "breaching" if value is None else is_breaching(value, alarm["Threshold"]) for value in values]
    required = alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 1)
    return "ALARM" if sum(breaching) >= required else "OK"


def _evaluate(alarm):
    if not alarm.get("Namespace") or alarm.get("ComparisonOperator") not in COMPARISONS:
        return
    values = _values(alarm, time.time())
    old, new = alarm["StateValue"], _state(alarm, values)
    if old == new:
        return
    reason = f"Threshold Crossed: {values} {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _measure_visible():
    """Adds the metric that dead-letter alarms use, which MiniStack lacks."""
    now = time.time()
    for queue in list(sqs._queues.values()):
        visible = sum(message["visible_at"] <= now for message in list(queue["messages"]))
        dimensions = {"QueueName": queue["name"]}
        points = cloudwatch._metric_bucket((*VISIBLE, cloudwatch._dims_key(dimensions)))
        # Replaces the data point of this minute: AWS has one per minute.
        if points and points[-1]["Timestamp"] // 60 == now // 60:
            points.pop()
        cloudwatch.record_metric(*VISIBLE, visible, "Count", dimensions)


def register():
    evaluate_all, describe = cloudwatch._evaluate_all_alarms, cloudwatch._describe_alarms

    def measure_and_evaluate():
        _measure_visible()
        evaluate_all()

    def evaluate_and_describe(*args, **kwargs):
        measure_and_evaluate()
        return describe(*args, **kwargs)

    cloudwatch._evaluate_alarm = _evaluate
    cloudwatch._evaluate_all_alarms = measure_and_evaluate
    cloudwatch._describe_alarms = evaluate_and_describe
