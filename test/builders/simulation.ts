import { setImmediate as microtasks, setTimeout as timers } from 'node:timers/promises';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { ConsumerDependencies } from '../../lambdas/runtime/consume.ts';
import { sqsRecord } from './deliveries.ts';

type Message = { event: CloudEvent; receives: number; inFlight: boolean };
type Invocation = { alive: boolean; place: number; messages: Message[]; queue: Message[] };
type Parked = { invocation: Invocation; resume: () => void };

/** Wraps whatever an invocation awaits, so that it can be held up, overtaken or killed before and after every call. */
export type Reach = <T extends object>(outside: T) => T;

/** A consumer under simulation: takes its reach to the outside and its surroundings and gives its Lambda function. */
export type Simulated = (
  reach: Reach,
  surroundings: ConsumerDependencies,
) => (event: SQSEvent) => Promise<SQSBatchResponse>;

const isInFlight = ({ inFlight }: Message) => inFlight;
const groupOf = ({ event }: Message) => event.subject;

const MOST_STEPS = 20_000;
const MOST_AT_ONCE = 10;

/**
 * Queues, a bus and functions in one process, in which a list of numbers decides what happens next: which function starts
 * with how many messages, which one's awaited call goes ahead, which one is killed. When the numbers are used up, all goes
 * well until nothing is left to do.
 */
export class Simulation {
  readonly published: CloudEvent[] = [];
  readonly deadLetters: { event: string; errorType: string; errorMessage: string }[] = [];
  /** Seconds since the start; every step takes one. */
  clock = 0;
  /** Runs while no function does, at a moment the numbers choose: a day goes by. */
  whenIdle: () => void = () => {};
  private readonly queues = new Map<string, Message[]>();
  private readonly consumers: Record<string, Simulated>;
  private readonly route: (event: CloudEvent) => readonly string[];
  private readonly fifo: ReadonlySet<string>;
  private readonly invocations = new Set<Invocation>();
  private parked: Parked[] = [];
  private places = 0;
  private numbers: number[] = [];

  /** `fifo` names the consumers whose queue hands out the messages of one subject in sequence. */
  constructor(
    consumers: Record<string, Simulated>,
    route: (event: CloudEvent) => readonly string[],
    fifo: readonly string[] = [],
  ) {
    this.consumers = consumers;
    this.route = route;
    this.fifo = new Set(fifo);
    for (const name of Object.keys(consumers)) this.queues.set(name, []);
  }

  now = (): Date => new Date(Date.UTC(2026, 10, 21, 9) + this.clock * 1000);

  /** True in about one of `chances` cases while there are numbers left, false afterwards. */
  misfortune(chances: number): boolean {
    return (this.numbers.shift() ?? 1) % chances === 0;
  }

  send(event: CloudEvent): void {
    for (const name of this.route(event)) this.queues.get(name)?.push({ event, receives: 0, inFlight: false });
  }

  /** Lets things happen as the numbers say, then until all is quiet. */
  async run(numbers: readonly number[]): Promise<void> {
    this.numbers = [...numbers];
    for (let step = 0; step < MOST_STEPS; step += 1) {
      await microtasks();
      const number = this.numbers.shift();
      const act = this.next(number);
      if (act !== undefined) {
        this.clock += 1;
        act();
      } else if (this.invocations.size > 0) await timers(1);
      else return;
    }
    throw new Error('The simulation does not come to an end');
  }

  /**
   * What happens next. The first in line goes ahead until it is started upon, killed or sent to the end of the line, so that
   * one function can be held up at one await while others run to their end
   * (after Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs).
   */
  private next(number: number | undefined): (() => void) | undefined {
    const starts = [...this.queues].flatMap(([name, queue]) => {
      // While a message of a group is in flight, a FIFO queue hands out no other one of it.
      const busy = new Set(this.fifo.has(name) ? queue.filter(isInFlight).map(groupOf) : []);
      const visible = queue.filter((message) => !message.inFlight && !busy.has(groupOf(message)));
      return visible.length === 0 ? [] : [{ name, queue, visible }];
    });
    const luck = number ?? 0;
    const starting = starts[luck % Math.max(1, starts.length)];
    const start =
      starting &&
      (() => {
        const { name, queue, visible } = starting;
        this.start(name, queue, visible.slice(0, number === undefined ? MOST_AT_ONCE : 1 + (luck % 4)));
      });
    const [first] = this.parked;
    if (number === undefined) return first === undefined ? start : () => this.resume(first);
    if (this.invocations.size === 0 && luck % 3 === 0) return this.whenIdle;
    if (start !== undefined && (first === undefined || luck % 10 < 3)) return start;
    if (first === undefined) return undefined;
    if (luck % 7 === 0) return () => this.kill(first);
    return luck % 10 === 9 ? () => this.holdUp(first) : () => this.resume(first);
  }

  /** Everybody else goes first from now on. */
  private holdUp({ invocation }: Parked): void {
    invocation.place = this.places++;
    this.lineUp();
  }

  private lineUp(): void {
    this.parked.sort((one, other) => one.invocation.place - other.invocation.place);
  }

  private resume(parked: Parked): void {
    this.parked = this.parked.filter((other) => other !== parked);
    parked.resume();
  }

  private kill({ invocation }: Parked): void {
    this.parked = this.parked.filter((other) => other.invocation !== invocation);
    this.end(invocation);
  }

  private end(invocation: Invocation): void {
    invocation.alive = false;
    this.invocations.delete(invocation);
    for (const message of invocation.messages) message.inFlight = false;
  }

  private start(name: string, queue: Message[], messages: Message[]): void {
    // Who comes last goes first: it may overtake whoever is held up.
    const invocation: Invocation = { alive: true, place: -this.places++, messages, queue };
    this.invocations.add(invocation);
    const byId = new Map(messages.map((message, index) => [String(index), message]));
    const Records = messages.map((message, index) => {
      message.inFlight = true;
      message.receives += 1;
      return sqsRecord(message.event, { messageId: String(index), attempt: message.receives });
    });
    const reach = this.reachOf(invocation);
    const receive = this.consumers[name]?.(reach, reach({ publish: this.publish, queue: reach(this.queue) }));
    receive?.({ Records }).then(({ batchItemFailures }) => {
      if (!invocation.alive) return;
      this.end(invocation);
      const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => byId.get(itemIdentifier)));
      for (const message of messages) if (!kept.has(message)) queue.splice(queue.indexOf(message), 1);
    });
  }

  private reachOf(invocation: Invocation): Reach {
    // A killed invocation stays at its await for ever.
    const turn = () =>
      new Promise<void>((resume) => {
        if (!invocation.alive) return;
        this.parked.push({ invocation, resume });
        this.lineUp();
      });
    return (outside) =>
      new Proxy(outside, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== 'function') return member;
          return async (...given: unknown[]) => {
            await turn();
            try {
              return await member.apply(target, given);
            } finally {
              await turn();
            }
          };
        },
      });
  }

  private readonly publish: ConsumerDependencies['publish'] = async (events) =>
    events.map((event) => {
      if (this.misfortune(11)) return new Error('The bus refused it');
      this.published.push(event);
      this.send(event);
      return undefined;
    });

  private readonly queue: ConsumerDependencies['queue'] = {
    delayRetry: async () => {},
    deadLetter: async (letters) => {
      this.deadLetters.push(
        ...letters.map(({ record, errorType, errorMessage }) => ({ event: record.body, errorType, errorMessage })),
      );
      return new Set(letters.map(({ record }) => record.messageId));
    },
  };
}
