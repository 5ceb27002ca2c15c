import { orderPlaced } from '../../contracts/order.ts';
import { logBreakerTransitions } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { consumer, onBus } from '../runtime/consume.ts';
import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { dynamoRecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { dailyLimit } from './daily-limit.ts';
import { numberRefusal } from './numbers.ts';
import { quietUntil } from './quiet-hours.ts';
import {
  type Notification,
  type NotificationInput,
  nextNotification,
  type OutgoingText,
  type SendResult,
} from './rules.ts';
import { sendTextOnce, snsSms } from './sms.ts';
import type { SmsSettings } from './sms-settings.ts';
import { frameFor } from './text-frame.ts';

export const handler = lambdaHandler('notification', () => {
  // Each probe of a hanging SNS can cost a customer a text, so probes are up to 60 s apart.
  const breaker = circuitBreaker({
    downstream: 'SMS',
    maxOpenSeconds: 60,
    onTransition: logBreakerTransitions('notification'),
  });
  const sms = JSON.parse(requireEnv('SMS_SETTINGS')) as SmsSettings;
  const { defaultCountry, countries, perDay, quietHours } = sms;
  const send = snsSms(sms);
  const leaseSeconds = Number(requireEnv('FUNCTION_TIMEOUT_SECONDS'));
  const hashKey = requireEnv('CUSTOMER_HASH_KEY');
  const customerHash = customerHasher(hashKey);
  const isOn = (variable: string) => requireEnv(variable) === 'true';
  const textWhen = {
    textWhenPlaced: isOn('TEXT_WHEN_PLACED'),
    textWhenShipped: isOn('TEXT_WHEN_SHIPPED'),
    textWhenRefunded: isOn('TEXT_WHEN_REFUNDED'),
  };

  return consumer(
    'notification',
    consumes,
    stateMachine<Notification, NotificationInput, OutgoingText, SendResult>(
      {
        decide: (notification, input) =>
          nextNotification(notification, input, {
            now: new Date(),
            leaseSeconds,
            ...textWhen,
            customerHash,
            ...(defaultCountry && { defaultCountry }),
            numberRefusal: (phone) => numberRefusal(phone, countries),
            frameFor: (phone) => frameFor(phone, sms),
            ...(quietHours && { quietUntil: (phone, now) => quietUntil(phone, now, quietHours) }),
          }),
        runEffect: sendTextOnce(
          ({ orderId, phone, message }, fence) => breaker(orderId, fence, (ownFence) => send(phone, message, ownFence)),
          dailyLimit(requireEnv('TABLE_NAME'), { perDay, hashKey }),
        ),
        isFirstEvent: ({ type }) => type === orderPlaced.type,
      },
      dynamoRecordStore(requireEnv('TABLE_NAME')),
    ),
    onBus('notification'),
  );
});
