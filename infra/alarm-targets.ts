import * as v from 'valibot';
import type { AlarmSeverity } from './alarm-severity.ts';
import { choice, matching, optional } from './setting.ts';

/** Where alarms are sent, as `alarmTargets` of the settings names it: one address, and the severity that goes there. */
export type AlarmTarget = {
  /** @default both */
  severity?: AlarmSeverity;
  email?: string;
  /** An address that SNS posts to. */
  webhook?: string;
  /** The name or ARN of the secret that is such an address. */
  webhookSecret?: string;
  /** A topic of its own, as that of a chat channel. */
  topicArn?: string;
};

const ADDRESSES = ['email', 'webhook', 'webhookSecret', 'topicArn'] as const;

// An alarm takes five actions for each state, of which the shop's own topic is one.
const MAX_TOPICS = 4;

const SECRET = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}|[\w/+=.@-]{1,512})$/;
export const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/;
export const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
// `http` only to this machine, where an engine and a receiver are.
const WEBHOOK = /^(https:\/\/[^\s/@]+|http:\/\/(127\.0\.0\.1|localhost)(:\d{1,5})?)(\/\S*)?$/;

const ONE_ADDRESS = `must have exactly one of ${ADDRESSES.join(', ')}`;

/** The places that alarms are sent to, by name. */
export const alarmTargetsSchema = v.record(
  matching(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be a name of 1 to 40 small letters, digits and hyphens'),
  v.pipe(
    v.strictObject(
      {
        severity: optional('the alarms that go there', choice('critical', 'warning'), 'both'),
        email: optional(
          'an e-mail address',
          matching(EMAIL, 'must be one e-mail address such as operators@example.com'),
        ),
        webhook: optional(
          'an address that SNS posts to, which is readable in the template',
          matching(
            WEBHOOK,
            'must begin with https:// and contain neither a user name nor a password: name a webhookSecret for them',
          ),
        ),
        webhookSecret: optional(
          'the name or ARN of a secret that is such an address, for one that nobody may read',
          matching(SECRET, "must be a secret's name or its whole ARN"),
        ),
        topicArn: optional(
          "the ARN of a topic of its own, as a chat channel's",
          matching(TOPIC_ARN, "must be a standard SNS topic's ARN"),
        ),
      },
      'must be an object with one address',
    ),
    v.check((target) => ADDRESSES.filter((name) => name in target).length === 1, ONE_ADDRESS),
  ),
  'must be an object of targets, by name',
);

/** Says that alarms go to more topics than an alarm can notify; `undefined` where they do not. */
export function alarmTargetsProblem(targets: Readonly<Record<string, AlarmTarget>>): string | undefined {
  const topics = Object.values(targets).filter(({ topicArn }) => topicArn !== undefined);
  return topics.length <= MAX_TOPICS ? undefined : `may name ${MAX_TOPICS} topics at most and names ${topics.length}`;
}
