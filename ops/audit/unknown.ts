import { isHeld, messageForUnknown } from '../../lambdas/sweep/rules.ts';
import { shellArgument } from '../command.ts';
import { type AuditContext, type AuditRecords, byPerson, type Problem } from './problem.ts';
import { paymentWords, stockWords } from './words.ts';

/** Finds what others have on record about an order that `order` does not know. What holds nothing and told nobody is left alone. */
export function unknownProblems(orderId: string, records: AuditRecords, context: AuditContext): Problem[] {
  const { payment, reservation, notification, shipment } = records;
  const found: Problem[] = [];
  if (isHeld(records)) found.push(heldProblem(orderId, records, context));
  else if (payment === undefined && reservation === undefined) {
    if (notification?.decision === 'order-confirmed') found.push(orphan('its customer was told that it is confirmed'));
    if (shipment?.status === 'CONFIRMED') found.push(orphan('shipping has a shipment of it'));
  }
  return found;

  function orphan(problem: string): Problem {
    return { problem, repair: byPerson(orderId, 'where its record went') };
  }
}

function heldProblem(orderId: string, records: AuditRecords, { times, now }: AuditContext): Problem {
  const { payment, reservation } = records;
  const since = [payment?.time, reservation?.time].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]));
  const due = new Date(Math.max(...since) + times.deadlineMs);
  const message = messageForUnknown(orderId, records, due < now, now);
  const words = [payment && paymentWords(payment), reservation && stockWords(reservation)].filter(Boolean);
  const repair =
    message === undefined
      ? `Its own message waits for order or is a dead letter: npm run ops -- trace ${shellArgument(orderId)}. Else the sweep cancels it within a day after ${due.toISOString()}.`
      : 'The sweep has order take it over within a day; npm run ops -- audit --repair does it at once.';
  return { problem: words.join(', '), repair, message };
}
