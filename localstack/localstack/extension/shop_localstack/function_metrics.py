"""Publishes the metrics in function logs to LocalStack's CloudWatch; LocalStack itself ignores them."""

from embedded_metrics import MetricCollector
from localstack.runtime import hooks


def _store(scope, namespace, data):
    from localstack.aws.connect import connect_to

    account, region = scope
    cloudwatch = connect_to(aws_access_key_id=account, region_name=region).cloudwatch
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[_to_statistic_set(datum) for datum in data])


def _to_statistic_set(datum):
    """Replaces the values by a statistic set: LocalStack stores a row per value but one per set, and has no percentiles to lose."""
    values, counts = datum.pop("Values"), datum.pop("Counts")
    total = sum(value * count for value, count in zip(values, counts))
    statistics = {"SampleCount": sum(counts), "Sum": total, "Minimum": min(values), "Maximum": max(values)}
    return {**datum, "StatisticValues": statistics}


@hooks.on_infra_start()
def collect_metrics_from_logs():
    from localstack.services.lambda_.invocation.logs import LogHandler

    collector = MetricCollector(_store)
    add_logs = LogHandler.add_logs

    def add_logs_and_metrics(self, log_item):
        add_logs(self, log_item)
        # A role's ARN names its account: arn:aws:iam::ACCOUNT:role/NAME.
        collector.submit((self.role_arn.split(":")[4], self.region), log_item.logs)

    LogHandler.add_logs = add_logs_and_metrics
