import { join } from 'node:path';
import type { Contestant } from '../../figure.ts';
import type { LocalAws } from '../../local-aws/local-aws.ts';
import { HOW_TO_INSTALL, isRabbitInstalled, type RabbitServer, startRabbit } from '../../peers/rabbitmq/server.ts';
import { assertInvariants, createWorkload, placedMessages, stockGoods, type Workload } from '../../workload.ts';
import { type System, startSystem } from './systems.ts';

/** How many different goods are ordered. */
const SKUS = 50;

/** The contestants' systems on one local AWS and one RabbitMQ, and what they were given to do. */
export class RateSetup {
  readonly aws: LocalAws;
  readonly systems = new Map<Contestant, System>();
  readonly workloads = new Map<Contestant, Workload[]>();
  rabbit: RabbitServer | undefined;

  constructor(aws: LocalAws) {
    this.aws = aws;
  }

  /** Starts the contestants; RabbitMQ is left out, with a sentence, where it is not installed. */
  async start(contestants: readonly Contestant[], progress: (line: string) => void): Promise<void> {
    if (isRabbitInstalled()) this.rabbit = await startRabbit(join(this.aws.folder, 'rabbitmq'));
    else progress(HOW_TO_INSTALL);
    for (const name of contestants) {
      const isOnRabbit = name === 'rabbitmq';
      if (isOnRabbit && this.rabbit === undefined) continue;
      progress(`starting ${name}`);
      this.systems.set(name, await startSystem(this.aws, name, isOnRabbit ? this.rabbit : undefined));
      this.workloads.set(name, []);
    }
  }

  /** Stocks the goods of new orders for a contestant; returns its system and the messages that place the orders. */
  async prepareOrders(name: Contestant, count: number) {
    const system = this.systems.get(name);
    if (system === undefined) throw new Error(`${name} does not take part`);
    const workload = createWorkload(count, (index) => index % SKUS);
    this.workloads.get(name)?.push(workload);
    await stockGoods(name, workload, this.aws.clients.dynamodb);
    return { system, workload, messages: placedMessages(workload) };
  }

  /** Throws if a contestant violated an invariant in any of its runs. */
  async assertInvariants(): Promise<void> {
    for (const [name, workloads] of this.workloads) {
      await assertInvariants(this.aws, name, workloads);
    }
  }

  async stop(): Promise<void> {
    for (const system of this.systems.values()) await system.stop();
    await this.rabbit?.stop();
  }
}
