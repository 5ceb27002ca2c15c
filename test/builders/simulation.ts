import { setImmediate as microtasks, setTimeout as timers } from 'node:timers/promises';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { ConsumerDependencies } from '../../lambdas/runtime/consume.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { sqsRecord } from './deliveries.ts';

/** `body`: what the message has instead of the event. */
type Message = { event: CloudEvent; body?: string; receives: number; inFlight: boolean };
type Invocation = { alive: boolean; priority: number; messages: Message[]; queue: Message[] };
type PausedCall = { invocation: Invocation; resume: () => void };

/** Wraps a dependency so that the simulation can pause or kill the invocation before and after each of its calls. */
export type Intercept = <T extends object>(outside: T) => T;

/** Creates a consumer's Lambda function from intercepted dependencies. */
export type SimulatedConsumer = (
  intercept: Intercept,
  dependencies: ConsumerDependencies,
) => (event: SQSEvent) => Promise<SQSBatchResponse>;

const isInFlight = ({ inFlight }: Message) => inFlight;
const groupOf = ({ event }: Message) => event.subject;

const MAX_STEPS = 20_000;
const MAX_BATCH_SIZE = 10;

/**
 * Runs queues, a bus and functions in one process. A list of random numbers decides what happens next: which function starts
 * with how many messages, which paused call continues, which invocation is killed. When the numbers are used up, everything
 * succeeds until no message is left.
 */
export class Simulation {
  readonly published: CloudEvent[] = [];
  /** What each consumer put on the bus, accepted or not. */
  readonly put: { by: string; event: CloudEvent }[] = [];
  readonly deadLetters: { event: string; errorType: string; errorMessage: string }[] = [];
  /** Seconds since the start; each step takes one. */
  clock = 0;
  /** Runs while no function runs, when the numbers say so; for example a day passes. */
  onIdle: () => void = () => {};
  private readonly queues = new Map<string, Message[]>();
  private readonly consumers: Record<string, SimulatedConsumer>;
  private readonly route: (event: CloudEvent) => readonly string[];
  private readonly fifo: ReadonlySet<string>;
  private readonly invocations = new Set<Invocation>();
  private pausedCalls: PausedCall[] = [];
  private priorities = 0;
  private numbers: number[] = [];

  /** `fifo` names the consumers whose queues deliver the messages of one subject in sequence. */
  constructor(
    consumers: Record<string, SimulatedConsumer>,
    route: (event: CloudEvent) => readonly string[],
    fifo: readonly string[] = [],
  ) {
    this.consumers = consumers;
    this.route = route;
    this.fifo = new Set(fifo);
    for (const name of Object.keys(consumers)) this.queues.set(name, []);
  }

  now = (): Date => new Date(Date.UTC(2026, 10, 21, 9) + this.clock * 1000);

  /** Returns true in about one of `oneIn` calls while numbers are left, and false afterwards. */
  faultOccurs(oneIn: number): boolean {
    return (this.numbers.shift() ?? 1) % oneIn === 0;
  }

  send(event: CloudEvent): void {
    for (const name of this.route(event)) this.queues.get(name)?.push({ event, receives: 0, inFlight: false });
  }

  /** Sends an event to one consumer as a replay with effects does. */
  replay(name: string, event: CloudEvent): void {
    const body = wrapReplayed({ name: 'again', withEffects: true, body: JSON.stringify(event) });
    this.queues.get(name)?.push({ event, body, receives: 0, inFlight: false });
  }

  /** Lets the numbers decide until they are used up, then runs until no message is left. */
  async run(numbers: readonly number[]): Promise<void> {
    this.numbers = [...numbers];
    for (let step = 0; step < MAX_STEPS; step += 1) {
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
   * Returns what happens next. The first paused call continues until its invocation is overtaken, killed or postponed, so that
   * one function can pause at one await while others run to their end
   * (after Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs).
   */
  private next(number: number | undefined): (() => void) | undefined {
    const starts = [...this.queues].flatMap(([name, queue]) => {
      // While a message of a group is in flight, a FIFO queue delivers no other message of the group.
      const busy = new Set(this.fifo.has(name) ? queue.filter(isInFlight).map(groupOf) : []);
      const visible = queue.filter((message) => !message.inFlight && !busy.has(groupOf(message)));
      return visible.length === 0 ? [] : [{ name, queue, visible }];
    });
    const choice = number ?? 0;
    const starting = starts[choice % Math.max(1, starts.length)];
    const start =
      starting &&
      (() => {
        const { name, queue, visible } = starting;
        this.start(name, queue, visible.slice(0, number === undefined ? MAX_BATCH_SIZE : 1 + (choice % 4)));
      });
    const [first] = this.pausedCalls;
    if (number === undefined) return first === undefined ? start : () => this.resume(first);
    if (this.invocations.size === 0 && choice % 3 === 0) return this.onIdle;
    if (start !== undefined && (first === undefined || choice % 10 < 3)) return start;
    if (first === undefined) return undefined;
    if (choice % 7 === 0) return () => this.kill(first);
    return choice % 10 === 9 ? () => this.postpone(first) : () => this.resume(first);
  }

  /** Lets all other invocations run first. */
  private postpone({ invocation }: PausedCall): void {
    invocation.priority = this.priorities++;
    this.sortByPriority();
  }

  private sortByPriority(): void {
    this.pausedCalls.sort((one, other) => one.invocation.priority - other.invocation.priority);
  }

  private resume(call: PausedCall): void {
    this.pausedCalls = this.pausedCalls.filter((other) => other !== call);
    call.resume();
  }

  private kill({ invocation }: PausedCall): void {
    this.pausedCalls = this.pausedCalls.filter((other) => other.invocation !== invocation);
    this.end(invocation);
  }

  private end(invocation: Invocation): void {
    invocation.alive = false;
    this.invocations.delete(invocation);
    for (const message of invocation.messages) message.inFlight = false;
  }

  private start(name: string, queue: Message[], messages: Message[]): void {
    // A new invocation runs first, so that it may overtake paused ones.
    const invocation: Invocation = { alive: true, priority: -this.priorities++, messages, queue };
    this.invocations.add(invocation);
    const byId = new Map(messages.map((message, index) => [String(index), message]));
    const Records = messages.map((message, index) => {
      message.inFlight = true;
      message.receives += 1;
      return sqsRecord(message.body ?? message.event, { messageId: String(index), attempt: message.receives });
    });
    const intercept = this.interceptFor(invocation);
    const receive = this.consumers[name]?.(
      intercept,
      intercept({ publish: this.publishAs(name), queue: intercept(this.queue) }),
    );
    receive?.({ Records }).then(({ batchItemFailures }) => {
      if (!invocation.alive) return;
      this.end(invocation);
      const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => byId.get(itemIdentifier)));
      for (const message of messages) if (!kept.has(message)) queue.splice(queue.indexOf(message), 1);
    });
  }

  private interceptFor(invocation: Invocation): Intercept {
    // A killed invocation never continues.
    const pause = () =>
      new Promise<void>((resume) => {
        if (!invocation.alive) return;
        this.pausedCalls.push({ invocation, resume });
        this.sortByPriority();
      });
    return (outside) =>
      new Proxy(outside, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== 'function') return member;
          return async (...args: unknown[]) => {
            await pause();
            try {
              return await member.apply(target, args);
            } finally {
              await pause();
            }
          };
        },
      });
  }

  private readonly publishAs =
    (by: string): ConsumerDependencies['publish'] =>
    async (events) =>
      events.map((event) => {
        this.put.push({ by, event });
        if (this.faultOccurs(11)) return new Error('The bus refused it');
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
