/** Takes a queue's policy and who would send (a service, for a topic or rule), and says in a sentence what hinders it, if anything. */
export function denialReason(
  policy: string | undefined,
  service: 'sns' | 'events',
  sourceArn: string,
): string | undefined {
  const principal = `${service}.amazonaws.com`;
  if (policy === undefined || policy === '') return `its queue has no policy that lets ${principal} send`;
  const statements = list(property(JSON.parse(policy), 'Statement')).filter(
    (statement) => sends(statement) && concerns(statement, principal) && applies(statement, sourceArn),
  );
  const denied = statements.some((statement) => property(statement, 'Effect') === 'Deny');
  if (denied) return `its queue's policy forbids ${principal} to send`;
  const allowed = statements.some((statement) => property(statement, 'Effect') === 'Allow');
  return allowed ? undefined : `its queue's policy does not let ${principal} send for ${sourceArn}`;
}

const sends = (statement: unknown) =>
  list(property(statement, 'Action')).some((action) =>
    ['*', 'sqs:*', 'sqs:sendmessage'].includes(String(action).toLowerCase()),
  );

function concerns(statement: unknown, principal: string): boolean {
  const named = property(statement, 'Principal');
  if (named === '*' || property(named, 'AWS') === '*') return true;
  return list(property(named, 'Service')).includes(principal);
}

/** Whether a statement's conditions hold for a sender that uses TLS, as AWS's services do. */
function applies(statement: unknown, sourceArn: string): boolean {
  const condition = property(statement, 'Condition');
  if (typeof condition !== 'object' || condition === null) return true;
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(typeof keys === 'object' && keys !== null ? keys : {}).every(([key, wanted]) => {
      if (key.toLowerCase() === 'aws:securetransport') return String(wanted) === 'true';
      if (key.toLowerCase() !== 'aws:sourcearn') return false;
      if (!/^(Arn|String)(Equals|Like)$/.test(operator)) return false;
      return list(wanted).some((pattern) => like(String(pattern)).test(sourceArn));
    }),
  );
}

const like = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

const list = (value: unknown): unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
