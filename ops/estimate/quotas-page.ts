import type { QuotaUse } from './quota-use.ts';
import { type Quota, type QuotaMetric, quotaEntries } from './quotas.ts';

/** Judges the quotas of the stack as it is deployed by default, in a region. */
type Judge = (region: string) => readonly QuotaUse[];

/** Builds docs/quotas.md. */
export const quotasPage = (judge: Judge): string => `# Quotas

Which quota of a fresh AWS account more orders meet first, how to see it coming, and how to ask for more. \`npm run ops -- estimate --orders-per-day <n>\` says it for your rate, region and settings:

\`\`\`
npm run ops -- estimate --orders-per-day 10000 --peak 20 --region ap-northeast-2
npm run ops -- estimate --orders-per-day 10000 --granted lambda-concurrency=1000 --granted sms-spend=500
\`\`\`

- **The peak counts.** Quotas are judged at \`--peak\` times the mean rate, 3 if you do not say: an ordinary evening. A campaign, or a start of sales, has a minute with the orders of hours; give its rate. What is
  [billed](costs.md) is reckoned with the mean.
- **The first one that is met is the account's, not the shop's**: a new account may spend one dollar a month on texts, sends them to verified numbers only
  ([the SMS sandbox](sms.md#before-the-first-real-text)), and runs ten functions at once. Ask for both a week before the first order.
- **Nothing is lost at a quota but texts.** A throttled call is tried again, messages wait in their queues, and the [alarms](operating.md#alarms) of age say so. SNS drops texts over the monthly spend without an
  error: set the alarm \`alarmSmsSpend\` ([page](runbook/sms-spend.md)). A publisher that SNS throttles gets \`Throttling\`, and has to [try again](publishing.md).

## Which, and when

Orders a second at which all of it is used, for the stack as it is deployed without settings, all orders confirmed: in the smallest regions to us-east-1. The limits are AWS's defaults of 2026-11-27, by the page that each row links;
\`--json\` has them for one region. Compare your own: \`aws service-quotas get-service-quota --service-code lambda --quota-code L-B99A9384\`.

${quotaTable(judge)}

- \`lambda-concurrency\`: AWS says that [new accounts have reduced quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html) that it raises by use; accounts get 10, and \`aws lambda get-account-settings\` tells yours. An ordinary account
  has 1,000, which the shop never uses: its consumers run at most \`consumerConcurrency\` instances each. From the rate in the table on invocations are throttled at times; batches then fill, so a queue that grows all day takes several times that.
- \`sns-publish\`: AWS counts \`Publish\` and \`PublishBatch\`, standard and FIFO topics, and texts together, by message. Its table has a higher number for FIFO topics in most regions; the estimate takes the lower one for all, and the higher one for the feed alone.
- \`events-invocations\`: EventBridge delays what is over it and drops nothing. [Partners](subscribing.md) and [endpoints](webhooks.md) add one for each event that they get.
- \`sqs-fifo\`: the queues of the feed have high throughput; without it they would have 300 calls a second. An order's steps stay in sequence, so one order gets no more than 300 a second.
- \`dynamodb-table\`: the busiest table (\`orders\`). Before a campaign, raise what it takes at once: \`aws dynamodb update-table --table-name <OrdersTableName> --warm-throughput ReadUnitsPerSecond=12000,WriteUnitsPerSecond=10000\` (AWS CLI of November 2024 or later, v1 or v2).
- \`kms\`, with \`"encryption": "customer"\`: data keys are reused for five minutes to an hour, so the rate does not matter.
- **A setting of the shop is a quota too**: from ${rate(rateIn(judge(LARGEST), 'consumer-concurrency'))} orders a second on payment, which waits for its gateway, has full batches in all the instances that \`consumerConcurrency\` allows, 10 of them, and its queue grows. The
  estimate names it between the quotas; \`consumers.payment.concurrency\` raises it. Rates above it suppose that it was raised. Your gateway has a quota as well: ask the provider.

## What has no rate

| quota | fresh account | what happens | more |
| --- | --- | --- | --- |
| [SMS sandbox](https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html) | ten verified numbers in each region | texts to others do not arrive | "Exit SMS sandbox" in the console |
| [texts of one sender](https://docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-mps.html) | United States: short code 100 a second, toll-free number 3, 10DLC number 1; Canada: long code 1; elsewhere: long code 10 | AWS holds texts back, then refuses them | another kind of sender; more numbers of one kind are filtered as "snowshoeing" |
| [pollers of a queue](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html) | begin with 5 batches at once, 300 more a minute, to 1,000 | a burst waits some seconds | \`consumers.<name>.concurrency\` is the most |
| [messages in flight](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html) of a queue | 120,000 | while a gateway is down messages wait in flight: at 1.4 orders a second a day's outage comes to it. Then Lambda receives no more until some return; nothing is lost | no |
| [rules](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html) of a bus | 300; 100 in af-south-1 and eu-south-1 | a deployment fails | \`events\`, \`L-244521F2\` |
| metrics and logs | – | metrics are written in logs, so \`PutMetricData\` is never called | – |

## See it coming

Each quota's metric, in steps of five minutes: \`Sum\` divided by 300 is the mean of a second. The commands work with v1 and v2 of the AWS CLI, in the shop's region.

\`\`\`
START=2026-11-27T00:00:00Z END=2026-11-27T12:00:00Z
${quotaCommands()}
\`\`\`

That a quota *was* met shows in \`Throttles\` (AWS/Lambda), \`PutEventsApproximateThrottledCount\` and \`ThrottledRules\` (AWS/Events), \`WriteThrottleEvents\` (AWS/DynamoDB), and in the functions' logs as
\`ThrottlingException\` or \`Throttled\`. For those with a code, Service Quotas compares use and limit, and CloudWatch can alarm at a share of it: \`SERVICE_QUOTA()\`
([how](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html)).

## Ask for more

\`\`\`
aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000
aws service-quotas list-requested-service-quota-change-history --service-code lambda
\`\`\`

A quota belongs to an account and a region: ask in each where the shop runs. The first request of a new account is read by a person and takes hours to days. Say what it is for, and with how many orders at the peak. Ask for concurrency
of at least the sum of the consumers', 10 each, and of what else runs in the account.
`;

const LARGEST = 'us-east-1';
/** A region that no quota names. */
const SMALLEST = 'others';

/** Builds the table: what each quota is and at how many orders a second it is met, in the smallest regions and in the largest. */
function quotaTable(judge: Judge): string {
  const [largest, smallest] = [judge(LARGEST), judge(SMALLEST)];
  const rows = quotaEntries().map(([id, quota]) => ({
    id,
    quota,
    rate: rateIn(smallest, id) ?? Number.POSITIVE_INFINITY,
  }));
  return [
    '| quota | limit | orders a second | more |',
    '| --- | --- | --- | --- |',
    ...rows
      .sort((one, other) => one.rate - other.rate)
      .map(({ id, quota }) => {
        const rates = [...new Set([rateIn(smallest, id), rateIn(largest, id)].map(rate))].join(' to ');
        const { name, page, unit } = quota;
        return `| \`${id}\`: [${name}](${page}) | ${limits(quota)} ${unit} | ${rates} | ${howToAsk(quota)} |`;
      }),
  ].join('\n');
}

/** Builds the commands that read each quota's metric; both versions of the AWS CLI take them. */
const quotaCommands = (): string =>
  quotaEntries()
    .map(([id, { metric }]) => `# ${id}\n${command(metric)}`)
    .join('\n');

const rateIn = (uses: readonly QuotaUse[], id: QuotaUse['id']) =>
  uses.find((one) => one.id === id)?.reachedAt?.perSecond;
const rate = (perSecond: number | undefined) =>
  perSecond === undefined ? 'never' : perSecond.toLocaleString('en', { maximumSignificantDigits: 2 });

function limits({ limit }: Quota): string {
  if (typeof limit === 'number') return limit.toLocaleString('en');
  const byLimit = new Map<number, string[]>();
  for (const [region, one] of Object.entries(limit.regions)) byLimit.set(one, [...(byLimit.get(one) ?? []), region]);
  const groups = [...byLimit].map(([one, regions]) => `${one.toLocaleString('en')} (${regions.join(', ')})`);
  return [...groups, `others ${limit.others.toLocaleString('en')}`].join('; ');
}

const howToAsk = ({ more }: Quota) => (typeof more === 'string' ? more : `\`${more.service}\`, \`${more.code}\``);

function command({ namespace, name, statistic, dimensions }: QuotaMetric): string {
  const given = Object.entries(dimensions).map(([key, value]) => `"Name=${key},Value=${value}"`);
  const filter = given.length === 0 ? '' : ` --dimensions ${given.join(' ')}`;
  return `aws cloudwatch get-metric-statistics --namespace ${namespace} --metric-name ${name}${filter} --statistics ${statistic} --period 300 --start-time $START --end-time $END`;
}
