import { orderPlaced } from '../../contracts/order.ts';
import { transitionLog } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { consumer } from '../runtime/consume.ts';
import { tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { type Notification, type NotificationInput, nextNotification, type SendText, type TextSent } from './rules.ts';
import { snsSms, textOnce } from './sms.ts';

// Each probe of an SNS that hangs costs a customer a text, so they are far between.
const breaker = circuitBreaker({
  downstream: 'SMS',
  longestOpenSeconds: 60,
  onTransition: transitionLog('notification'),
});
const send = snsSms();
const leaseSeconds = Number(setting('FUNCTION_TIMEOUT_SECONDS'));
const textWhenPlaced = setting('TEXT_WHEN_PLACED') === 'true';

export const handler = consumer(
  'notification',
  consumes,
  stateMachine<Notification, NotificationInput, SendText, TextSent>(
    {
      next: (notification, input) =>
        nextNotification(notification, input, { now: new Date(), leaseSeconds, textWhenPlaced }),
      perform: textOnce(({ phone, message }) => breaker(() => send(phone, message))),
      usuallyFirst: ({ type }) => type === orderPlaced.type,
    },
    tableRecords(setting('TABLE_NAME')),
  ),
);
