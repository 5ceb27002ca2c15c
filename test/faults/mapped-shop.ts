import {
  GetFunctionConfigurationCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { deadLetterQueueUrl, eventually, queueUrl, setReceiving, sqs } from '../deployed/deployed-shop.ts';
import { FaultProxy } from '../harness/fault-proxy.ts';
import type { Rule } from '../harness/fault-rules.ts';
import type { Observations } from '../harness/invariants.ts';
import type { Json } from '../harness/protocol.ts';
import { CallObserver } from './call-observer.ts';
import {
  connection,
  consumers,
  type DeployedFunction,
  deployedFunction,
  lambda,
  leadTo,
} from './deployed-functions.ts';
import { Ledger } from './ledger.ts';
import { shelves, waitingFor } from './observe-shop.ts';
import { forgetEverything } from './record-tables.ts';

/** The deployed shop with the engine's own event source mappings and workers; only its functions' calls pass the proxy. */
export class MappedShop implements Observations {
  readonly proxy = new FaultProxy(connection().endpoint);
  readonly ledger = new Ledger();
  private readonly observer = new CallObserver();
  readonly statuses = this.observer.statuses;
  readonly momentary = this.observer.momentary;
  readonly negatives: string[] = [];
  /** Consumers that do not take part; their messages wait. */
  readonly idle: readonly ConsumerName[];
  private readonly functions: DeployedFunction[] = [];
  private log = '';

  constructor(...idle: ConsumerName[]) {
    this.idle = idle;
  }

  logged(): string {
    return this.log;
  }

  /** Leads every function to the proxy and lets its mapping run so many of them at once. */
  async start(seed: number, concurrency: (consumer: string) => number, ...rules: Rule[]): Promise<void> {
    // Postponed messages come back after a second, for here time is real.
    const soon: Rule = { operation: 'ChangeMessageVisibilityBatch', fault: { kind: 'edit', request: comeBackSoon } };
    this.proxy.inject(seed, soon, ...rules);
    this.proxy.observe = (call, answer) => this.observer.note(this.ledger, call, answer);
    await forgetEverything();
    await Promise.all(
      consumers.map(async (consumer) => {
        for (const QueueUrl of [queueUrl(consumer), deadLetterQueueUrl(consumer)]) {
          await sqs.send(new PurgeQueueCommand({ QueueUrl }));
        }
        if (this.idle.includes(consumer)) return;
        const deployed = await deployedFunction(consumer);
        this.functions.push(deployed);
        await this.environment(deployed.name, leadTo(await this.proxy.open(consumer), deployed.environment));
        const ScalingConfig = { MaximumConcurrency: concurrency(consumer) };
        await lambda.send(new UpdateEventSourceMappingCommand({ UUID: deployed.mapping, ScalingConfig }));
        await setReceiving(consumer, true);
      }),
    );
  }

  /** Waits until no message is left, sampling the shelves meanwhile. */
  async settle(): Promise<void> {
    await eventually('no message is left', async () => {
      // Not a whole look, which would keep the engine from its work.
      const [waiting, goods] = await Promise.all([waitingFor(this.idle), shelves([...this.ledger.goods.keys()])]);
      for (const { sku, available, reserved, sold } of goods.values()) {
        if (Math.min(available, reserved, sold) < 0) this.negatives.push(sku);
      }
      return waiting.length === 0;
    });
    this.log = (await Promise.all(this.functions.map(({ name }) => logOf(name)))).join('\n');
  }

  /** Restores the functions' own environment and stops the mappings. */
  async close(): Promise<void> {
    await Promise.all(consumers.map((consumer) => setReceiving(consumer, false)));
    await Promise.all(this.functions.map(({ name, environment }) => this.environment(name, environment)));
    await this.proxy.close();
  }

  private async environment(FunctionName: string, Variables: Record<string, string>): Promise<void> {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}

function comeBackSoon(body: Json): void {
  for (const entry of body.Entries as { VisibilityTimeout: number }[]) entry.VisibilityTimeout = 1;
}

/** Reads what a function has logged on the engine. */
async function logOf(FunctionName: string): Promise<string> {
  const { LoggingConfig } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const scope = 'test/20260101/us-east-1/logs/aws4_request';
  const answer = await fetch(inject('endpoint'), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.FilterLogEvents',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ logGroupName: LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}` }),
  });
  const { events = [] } = (await answer.json()) as { events?: { message: string }[] };
  return events.map(({ message }) => message).join('\n');
}
