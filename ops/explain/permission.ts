import { wildcardRegExp } from './pattern.ts';

export type Service = 'sns' | 'events';

/** What a service does for a topic or a rule: the API action, and the ARN for which it acts. */
export type ServiceCall = { service: Service; action: string; sourceArn: string };

/** Returns why a queue's policy does not let a service send for a topic or rule; `undefined` where it does. */
export function denialReason(policy: string | undefined, service: Service, sourceArn: string): string | undefined {
  const principal = `${service}.amazonaws.com`;
  if (policy === undefined || policy === '') return `its queue has no policy that lets ${principal} send`;
  const decision = evaluatePolicy(policy, { service, action: 'sqs:SendMessage', sourceArn });
  if (decision === 'denied') return `its queue's policy forbids ${principal} to send`;
  return decision === 'allowed' ? undefined : `its queue's policy does not let ${principal} send for ${sourceArn}`;
}

/** Describes a resource's policy in words, a sentence for each statement: `Allows sns.amazonaws.com sqs:SendMessage, if aws:SourceArn is …`. */
export function describePolicy(policy: string | undefined): string[] {
  if (policy === undefined || policy === '') return [];
  return asArray(property(JSON.parse(policy), 'Statement')).map((statement) => {
    const does = property(statement, 'Effect') === 'Deny' ? 'Denies' : 'Allows';
    const actions = asArray(property(statement, 'Action')).map(String).join(', ');
    const conditions = conditionsIn(statement).map(
      ([compared, wanted]) =>
        `${compared} ${asArray(wanted)
          .map((one) => shortArn(String(one)))
          .join(' or ')}`,
    );
    const ending = conditions.length === 0 ? '' : `, if ${conditions.join(' and ')}`;
    return `${does} ${principalsOf(property(statement, 'Principal'))} ${actions}${ending}.`;
  });
}

function principalsOf(principal: unknown): string {
  const names = typeof principal === 'object' && principal !== null ? Object.values(principal).flat() : [principal];
  return names.includes('*') ? 'everyone' : names.map((one) => shortArn(String(one))).join(', ');
}

const shortArn = (text: string) => text.replace(/^arn:[\w-]+:(?!iam:)[\w-]+:[\w-]*:\d*:/, '');

function conditionsIn(statement: unknown): [compared: string, wanted: unknown][] {
  const condition = property(statement, 'Condition');
  if (typeof condition !== 'object' || condition === null) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(typeof keys === 'object' && keys !== null ? keys : {}).map(([key, wanted]): [string, unknown] => [
      /^((Arn|String)(Equals|Like)|Bool)$/.test(operator) ? `${key} is` : `${key} ${operator}`,
      wanted,
    ]),
  );
}

type Decision = 'allowed' | 'denied' | 'not mentioned';

/** Evaluates a resource's policy for a call of a service; a statement with a condition that is not known here does not count. */
export function evaluatePolicy(policy: string, { service, action, sourceArn }: ServiceCall): Decision {
  const [, , , , sourceAccount = ''] = sourceArn.split(':');
  const isNamed = (principal: unknown) => asArray(property(principal, 'Service')).includes(`${service}.amazonaws.com`);
  return evaluate(policy, action, isNamed, { 'aws:sourcearn': sourceArn, 'aws:sourceaccount': sourceAccount });
}

/** Evaluates a resource's policy for the roles of another account; `viaService` is the service through which they use a key. */
export function evaluateForAccount(
  policy: string,
  { account, action, viaService = '' }: { account: string; action: string; viaService?: string },
): Decision {
  const isNamed = (principal: unknown) =>
    asArray(property(principal, 'AWS')).some(
      (one) =>
        one === account || (typeof one === 'string' && /^arn:[\w-]+:iam::(\d{12}):root$/.exec(one)?.[1] === account),
    );
  return evaluate(policy, action, isNamed, { 'kms:viaservice': viaService });
}

/** Evaluates a policy for whom `isNamed` finds in a statement's principal; `values` are those of the call by condition key, in small letters. */
function evaluate(
  policy: string,
  action: string,
  isNamed: (principal: unknown) => boolean,
  values: Readonly<Record<string, string>>,
): Decision {
  const statements = asArray(property(JSON.parse(policy), 'Statement')).filter((statement) => {
    const principal = property(statement, 'Principal');
    const isMeant = principal === '*' || property(principal, 'AWS') === '*' || isNamed(principal);
    return isMeant && coversAction(statement, action) && conditionsMet(statement, values);
  });
  if (statements.some((statement) => property(statement, 'Effect') === 'Deny')) return 'denied';
  return statements.some((statement) => property(statement, 'Effect') === 'Allow') ? 'allowed' : 'not mentioned';
}

const coversAction = (statement: unknown, wanted: string) =>
  asArray(property(statement, 'Action')).some((action) =>
    wildcardRegExp(String(action).toLowerCase()).test(wanted.toLowerCase()),
  );

/** Evaluates a statement's conditions for a caller that uses TLS, as AWS services do. Unknown conditions count as unmet. */
function conditionsMet(statement: unknown, values: Readonly<Record<string, string>>): boolean {
  const condition = property(statement, 'Condition');
  if (typeof condition !== 'object' || condition === null) return true;
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(typeof keys === 'object' && keys !== null ? keys : {}).every(([key, wanted]) => {
      if (key.toLowerCase() === 'aws:securetransport') return String(wanted) === 'true';
      const value = values[key.toLowerCase()];
      if (value === undefined || !/^(Arn|String)(Equals|Like)$/.test(operator)) return false;
      return asArray(wanted).some((pattern) => wildcardRegExp(String(pattern)).test(value));
    }),
  );
}

const asArray = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
