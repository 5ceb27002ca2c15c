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

/** Evaluates a resource's policy for a call of a service; a statement with a condition that is not known here does not count. */
export function evaluatePolicy(policy: string, call: ServiceCall): 'allowed' | 'denied' | 'not mentioned' {
  const statements = asArray(property(JSON.parse(policy), 'Statement')).filter(
    (statement) =>
      coversAction(statement, call.action) &&
      coversPrincipal(statement, call.service) &&
      conditionsMet(statement, call.sourceArn),
  );
  if (statements.some((statement) => property(statement, 'Effect') === 'Deny')) return 'denied';
  return statements.some((statement) => property(statement, 'Effect') === 'Allow') ? 'allowed' : 'not mentioned';
}

const coversAction = (statement: unknown, wanted: string) =>
  asArray(property(statement, 'Action')).some((action) =>
    wildcardRegExp(String(action).toLowerCase()).test(wanted.toLowerCase()),
  );

function coversPrincipal(statement: unknown, service: Service): boolean {
  const named = property(statement, 'Principal');
  if (named === '*' || property(named, 'AWS') === '*') return true;
  return asArray(property(named, 'Service')).includes(`${service}.amazonaws.com`);
}

/** Evaluates a statement's conditions for a sender that uses TLS, as AWS services do. Unknown conditions count as unmet. */
function conditionsMet(statement: unknown, sourceArn: string): boolean {
  const condition = property(statement, 'Condition');
  if (typeof condition !== 'object' || condition === null) return true;
  const [, , , , sourceAccount = ''] = sourceArn.split(':');
  const values = new Map([
    ['aws:sourcearn', sourceArn],
    ['aws:sourceaccount', sourceAccount],
  ]);
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(typeof keys === 'object' && keys !== null ? keys : {}).every(([key, wanted]) => {
      if (key.toLowerCase() === 'aws:securetransport') return String(wanted) === 'true';
      const value = values.get(key.toLowerCase());
      if (value === undefined || !/^(Arn|String)(Equals|Like)$/.test(operator)) return false;
      return asArray(wanted).some((pattern) => wildcardRegExp(String(pattern)).test(value));
    }),
  );
}

const asArray = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
