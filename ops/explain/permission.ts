import { wildcardRegExp } from './pattern.ts';

/** Returns why a queue's policy does not let a service send for a topic or rule; `undefined` where it does. */
export function denialReason(
  policy: string | undefined,
  service: 'sns' | 'events',
  sourceArn: string,
): string | undefined {
  const principal = `${service}.amazonaws.com`;
  if (policy === undefined || policy === '') return `its queue has no policy that lets ${principal} send`;
  const statements = asArray(property(JSON.parse(policy), 'Statement')).filter(
    (statement) =>
      coversSending(statement) && coversPrincipal(statement, principal) && conditionsMet(statement, sourceArn),
  );
  const denied = statements.some((statement) => property(statement, 'Effect') === 'Deny');
  if (denied) return `its queue's policy forbids ${principal} to send`;
  const allowed = statements.some((statement) => property(statement, 'Effect') === 'Allow');
  return allowed ? undefined : `its queue's policy does not let ${principal} send for ${sourceArn}`;
}

const coversSending = (statement: unknown) =>
  asArray(property(statement, 'Action')).some((action) =>
    ['*', 'sqs:*', 'sqs:sendmessage'].includes(String(action).toLowerCase()),
  );

function coversPrincipal(statement: unknown, principal: string): boolean {
  const named = property(statement, 'Principal');
  if (named === '*' || property(named, 'AWS') === '*') return true;
  return asArray(property(named, 'Service')).includes(principal);
}

/** Evaluates a statement's conditions for a sender that uses TLS, as AWS services do. Unknown conditions count as unmet. */
function conditionsMet(statement: unknown, sourceArn: string): boolean {
  const condition = property(statement, 'Condition');
  if (typeof condition !== 'object' || condition === null) return true;
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(typeof keys === 'object' && keys !== null ? keys : {}).every(([key, wanted]) => {
      if (key.toLowerCase() === 'aws:securetransport') return String(wanted) === 'true';
      if (key.toLowerCase() !== 'aws:sourcearn') return false;
      if (!/^(Arn|String)(Equals|Like)$/.test(operator)) return false;
      return asArray(wanted).some((pattern) => wildcardRegExp(String(pattern)).test(sourceArn));
    }),
  );
}

const asArray = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
