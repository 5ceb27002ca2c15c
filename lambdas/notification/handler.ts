import { orderPlaced } from '../../contracts/order.ts';
import { transitionLog } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { consumer } from '../runtime/consume.ts';
import { tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { dailyLimit } from './daily-limit.ts';
import { refusalOf } from './numbers.ts';
import { quietUntil } from './quiet-hours.ts';
import { type Notification, type NotificationInput, nextNotification, type SendText, type TextSent } from './rules.ts';
import type { SmsSettings } from './settings.ts';
import { snsSms, textOnce } from './sms.ts';

// Each probe of an SNS that hangs costs a customer a text, so they are far between.
const breaker = circuitBreaker({
  downstream: 'SMS',
  longestOpenSeconds: 60,
  onTransition: transitionLog('notification'),
});
const sms = JSON.parse(setting('SMS_SETTINGS')) as SmsSettings;
const { countries, perDay, quietHours } = sms;
const send = snsSms(sms);
const leaseSeconds = Number(setting('FUNCTION_TIMEOUT_SECONDS'));
const textWhenPlaced = setting('TEXT_WHEN_PLACED') === 'true';

export const handler = consumer(
  'notification',
  consumes,
  stateMachine<Notification, NotificationInput, SendText, TextSent>(
    {
      next: (notification, input) =>
        nextNotification(notification, input, {
          now: new Date(),
          leaseSeconds,
          textWhenPlaced,
          refusalOf: (phone) => refusalOf(phone, countries),
          ...(quietHours && { quietUntil: (phone, now) => quietUntil(phone, now, quietHours) }),
        }),
      perform: textOnce(
        ({ phone, message }) => breaker(() => send(phone, message)),
        dailyLimit(setting('TABLE_NAME'), perDay),
      ),
      usuallyFirst: ({ type }) => type === orderPlaced.type,
    },
    tableRecords(setting('TABLE_NAME')),
  ),
);
