import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Where the dashboard is kept. */
export const DASHBOARD_PATH = 'docs/monitoring/grafana-dashboard.json';

/** Whichever of the Grafana that the dashboard is imported into. */
const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` };
/** Grafana's grid is 24 wide. */
const WIDTH = { stat: 4, chart: 8 };
const HEIGHT = { stat: 4, chart: 8 };

const OF_CONSUMER = 'consumer=~"$consumer"';

const query = (expr: string, legend: string) =>
  new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(DATASOURCE);

const thresholds = (...steps: Threshold[]) => new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
/** Green below `bad`, red from it on. */
const RED_FROM = (bad: number) => thresholds({ value: null, color: 'green' }, { value: bad, color: 'red' });
const RED_AT_ZERO = thresholds({ value: null, color: 'red' }, { value: 1, color: 'green' });
const PLAIN = thresholds({ value: null, color: 'text' });

const stat = (title: string, expr: string, colors: ThresholdsConfigBuilder, unit = 'short') =>
  new StatBuilder()
    .title(title)
    .datasource(DATASOURCE)
    .span(WIDTH.stat)
    .height(HEIGHT.stat)
    .unit(unit)
    .thresholds(colors)
    .colorMode(BigValueColorMode.Background)
    .withTarget(query(expr, title).instant());

/** A chart of one line for each consumer, or for whatever else `legend` names. */
const chart = (title: string, expr: string, { unit = 'short', legend = '{{consumer}}', description = '' } = {}) =>
  new TimeSeriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(WIDTH.chart)
    .height(HEIGHT.chart)
    .unit(unit)
    .min(0)
    .withTarget(query(expr, legend));

/** Builds the dashboard of the exporter's metrics, for import into Grafana. */
export const grafanaDashboard = () =>
  new DashboardBuilder('Shop messaging')
    .uid('shop-messaging')
    .description('Queues, consumers and orders of the shop, from `npm run ops -- metrics` (docs/metrics.md).')
    .tags(['shop-messaging', 'generated'])
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('consumer')
        .label('Consumer')
        .datasource(DATASOURCE)
        .query('label_values(shop_consumer_info, consumer)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*'),
    )
    .withRow(new RowBuilder('Now'))
    .withPanel(stat('Read', 'min(shop_up)', RED_AT_ZERO))
    .withPanel(stat('Problems', 'count(shop_problems) or vector(0)', RED_FROM(1)))
    .withPanel(stat('Dead letters', 'sum(shop_dead_letters)', RED_FROM(1)))
    .withPanel(stat('Order that waits the longest', 'max(shop_late_order_age_seconds)', RED_FROM(600), 's'))
    .withPanel(stat('Undecided orders', 'sum(shop_orders{status="placed"})', PLAIN))
    .withPanel(stat('Refunds due', 'sum(shop_refunds_due)', RED_FROM(1)))
    .withRow(new RowBuilder('Queues'))
    .withPanel(chart('Waiting', `sum by (consumer) (shop_queue_messages{${OF_CONSUMER}, state="waiting"})`))
    .withPanel(
      chart(
        'In flight, or hidden until the next attempt',
        `sum by (consumer) (shop_queue_messages{${OF_CONSUMER}, state=~"in_flight|delayed"})`,
      ),
    )
    .withPanel(chart('Dead letters', `shop_dead_letters{${OF_CONSUMER}}`))
    .withPanel(chart('Problems', `shop_problems{${OF_CONSUMER}}`, { legend: '{{consumer}}: {{state}}' }))
    .withPanel(
      chart(
        'Paused, or switched off',
        `shop_consumer_paused{${OF_CONSUMER}} or 1 - shop_consumer_enabled{${OF_CONSUMER}}`,
      ),
    )
    .withPanel(chart('Parked dead letters', 'shop_parked_letters', { legend: 'parked' }))
    .withRow(new RowBuilder('Orders'))
    .withPanel(
      chart('Orders by status', 'sum by (status) (shop_orders)', {
        legend: '{{status}}',
        description: 'Confirmed and cancelled ones while the table is small enough to be counted.',
      }),
    )
    .withPanel(chart('Order that waits the longest', 'shop_late_order_age_seconds', { unit: 's', legend: 'age' }))
    .withPanel(chart('Refunds due', 'shop_refunds_due', { legend: 'due' }))
    .withRow(new RowBuilder('From CloudWatch (served with --cloudwatch)'))
    .withPanel(chart('Done', `shop_consumer_messages_per_second{${OF_CONSUMER}}`, { unit: 'mps' }))
    .withPanel(chart('Failed attempts', `shop_consumer_error_ratio{${OF_CONSUMER}}`, { unit: 'percentunit' }))
    .withPanel(chart('Oldest message', `shop_queue_oldest_message_age_seconds{${OF_CONSUMER}}`, { unit: 's' }))
    .withPanel(chart('Longest wait', `shop_consumer_longest_wait_seconds{${OF_CONSUMER}}`, { unit: 's' }))
    .withPanel(chart('Given up in five minutes', `shop_consumer_given_up_messages{${OF_CONSUMER}}`))
    .withPanel(chart('Function errors in five minutes', `shop_function_errors{${OF_CONSUMER}}`))
    .withPanel(chart('Circuit breaker open', `shop_circuit_breaker_open{${OF_CONSUMER}}`))
    .withPanel(
      chart('Alarms in CloudWatch', 'sum by (alarm, severity) (shop_cloudwatch_alarm_active) > 0', {
        legend: '{{alarm}} ({{severity}})',
      }),
    )
    .withPanel(
      chart('Since the last reading', 'time() - shop_last_read_timestamp_seconds', {
        unit: 's',
        legend: '{{instance}}',
      }),
    )
    .build();
