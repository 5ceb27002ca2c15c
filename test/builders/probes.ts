import fc from 'fast-check';
import { type Probe, probeMessage, probeTypeOf } from '../../lambdas/runtime/probe.ts';

export const NONCE = '01kb0probe0of0a0test000000';

/** Returns the body of a probe for payment that is to be acknowledged within the next minute, unless told otherwise. */
export const probeBody = ({ consumer = 'payment', ...parts }: Partial<Probe> = {}): string =>
  JSON.stringify(
    probeMessage({
      type: probeTypeOf(consumer, ['shop.order.placed.v1']),
      nonce: NONCE,
      expect: 'acknowledge',
      until: Date.now() + 60_000,
      ...parts,
    }),
  );

/** Generates probes for any consumer, bare or in an envelope. */
export const anyProbe = fc
  .record({
    consumer: fc.constantFrom('order', 'payment', 'archive', 'partner-7'),
    nonce: fc.stringMatching(/^[\da-z]{8,40}$/),
    expect: fc.constantFrom<Probe['expect'][]>('acknowledge', 'dead-letter'),
    until: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    envelope: fc.constantFrom('none', 'SNS', 'EventBridge', 'byte-order mark', 'endpoint'),
  })
  .map(({ envelope, ...probe }) => ({ probe, body: wrap(probeBody(probe), envelope) }));

function wrap(body: string, envelope: string): string {
  if (envelope === 'byte-order mark') return `\uFEFF${body}`;
  if (envelope === 'SNS') return JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: body });
  if (envelope === 'EventBridge') return JSON.stringify({ 'detail-type': 'x', account: '1', detail: JSON.parse(body) });
  if (envelope === 'endpoint') return JSON.stringify({ endpoint: 'erp', event: JSON.parse(body) });
  return body;
}
