import { temporaryFolder } from '../../test/harness/engine.ts';
import { type Contestant, type Figure, measure, type Section, type Target, takeTurns, valuesOf } from '../figure.ts';
import { startLocalAws } from '../local-aws/local-aws.ts';
import { HOW_TO_INSTALL } from '../peers/rabbitmq/server.ts';
import {
  type Latency,
  measureLatency,
  measureRecovery,
  measureThroughput,
  type Throughput,
} from './rate/measurements.ts';
import { RateSetup } from './rate/setup.ts';

const CONTESTANTS: readonly Contestant[] = ['ours', 'powertools', 'worker', 'rabbitmq'];
const ORDERS = 150;
const WARM_UPS = 2;
const ORDERS_PER_SECOND = 50;
const OUTAGE_SECONDS = 60;

const JOB =
  'The whole job: payment authorized and stock reserved, order confirmed, payment captured, stock sold and customer texted; one line per order, fifty SKUs. ' +
  'Shipping is left out for everybody. Two processes per consumer, each with a batch of ten or ten messages side by side.';

const RECOVERY_NOTE =
  'Measured once: two cores carry no higher rate beside a store. Every order was captured once and texted once, and its goods sold ' +
  'once. RabbitMQ tries again every 5 s.';

type Measured<Value> = ReadonlyMap<Contestant, readonly Value[]>;

/** Measures throughput, latency, and recovery after an outage of the payment gateway. */
export const section: Section = {
  name: 'rate',
  title: 'Orders per second, added latency, recovery',
  async run({ runs, progress }) {
    const aws = await startLocalAws(temporaryFolder('rate'), progress);
    const setup = new RateSetup(aws);
    try {
      await setup.start(CONTESTANTS, progress);
      const names = [...setup.systems.keys()];
      const oursAndRabbit = names.filter((name) => ['ours', 'rabbitmq'].includes(name));
      await takeTurns(names, WARM_UPS, (name, run) => {
        progress(`warming up ${name}, ${run} of ${WARM_UPS}`);
        return measureThroughput(setup, name, ORDERS);
      });
      const throughputs = await takeTurns(names, runs, (name, run) => {
        progress(`orders per second: ${name}, run ${run}`);
        return measureThroughput(setup, name, ORDERS);
      });
      const latencies = await takeTurns(oursAndRabbit, runs, (name, run) => {
        progress(`latency at ${ORDERS_PER_SECOND} orders a second: ${name}, run ${run}`);
        return measureLatency(setup, name, ORDERS_PER_SECOND, ORDERS);
      });
      const recoveries = await takeTurns(oursAndRabbit, 1, (name) => {
        progress(`${OUTAGE_SECONDS} s without a payment gateway: ${name}`);
        return measureRecovery(setup, name, ORDERS_PER_SECOND, OUTAGE_SECONDS);
      });
      await setup.assertInvariants();
      const missing = setup.rabbit === undefined ? ` ${HOW_TO_INSTALL}` : '';
      return [
        ...throughputFigures(throughputs, `${JOB} Store: ${aws.store.name}.${missing}`),
        ...latencyFigures(latencies),
        recoveryFigure(recoveries),
      ];
    } finally {
      await setup.stop();
      await aws.stop();
    }
  },
};

const throughputFigures = (throughputs: Measured<Throughput>, note: string): Figure[] => [
  {
    ...measure(
      'rate.memory',
      'Orders per second, whole job, in-memory queues',
      'orders/s',
      valuesOf(throughputs, ({ ordersPerSecond }) => ordersPerSecond),
    ),
    better: 'higher',
    targets: [
      { against: 'powertools', atLeast: 5 },
      { against: 'rabbitmq', atLeast: 1.5 },
    ],
    note,
  },
  measure(
    'rate.cpu.consumers',
    "Processor time of the consumers' processes, polling included",
    'ms/order',
    valuesOf(throughputs, ({ cpuMs }) => cpuMs),
  ),
];

const againstRabbit: readonly Target[] = [{ against: 'rabbitmq', atMost: 1 }];

const latencyFigures = (latencies: Measured<Latency>): Figure[] =>
  (['p50', 'p99'] as const).map((part) => {
    const what = `Latency from placed to texted at ${ORDERS_PER_SECOND} orders/s, ${part}`;
    const values = valuesOf(latencies, (latency) => latency[part]);
    return { ...measure(`latency.whole.${part}`, what, 'ms', values), targets: againstRabbit };
  });

function recoveryFigure(recoveries: Measured<number>): Figure {
  const what = `Time to drain after ${OUTAGE_SECONDS} s without a payment gateway at ${ORDERS_PER_SECOND} orders/s`;
  const values = valuesOf(recoveries, (seconds) => seconds);
  return { ...measure('recovery.drain', what, 's', values), targets: againstRabbit, note: RECOVERY_NOTE };
}
