import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { ApiCall, ApiResponse } from '../harness/protocol.ts';
import type { Harness } from './harness.ts';

/** What the functions put on the bus, as the archive has it, until `end`. */
export class BusMessages {
  readonly end: () => void;
  private readonly bodies: { orderId: string; type: string; body: string }[] = [];

  constructor({ proxy }: Harness) {
    const { observe } = proxy;
    proxy.observe = (call, answer) => {
      observe(call, answer);
      this.note(call, answer);
    };
    this.end = () => {
      proxy.observe = observe;
    };
  }

  /** Returns the bodies of an order's events. */
  bodiesOf(orderId: string): string[] {
    return this.bodies.filter((one) => one.orderId === orderId).map(({ body }) => body);
  }

  /** Returns the types of an order's events. */
  typesOf(orderId: string): string[] {
    return this.bodies.filter((one) => one.orderId === orderId).map(({ type }) => type);
  }

  /** Returns an order's events of one type. */
  of(orderId: string, type: string): CloudEvent<string, Record<string, unknown>>[] {
    return this.bodies
      .filter((one) => one.orderId === orderId && one.type === type)
      .map(({ body }) => JSON.parse(body));
  }

  private note({ operation, body }: ApiCall, { status }: ApiResponse): void {
    if (operation !== 'PutEvents' || status !== 200) return;
    for (const { Detail } of body.Entries as { Detail: string }[]) {
      const { type, data } = JSON.parse(Detail) as CloudEvent<string, { orderId: string }>;
      this.bodies.push({ orderId: data.orderId, type, body: Detail });
    }
  }
}
