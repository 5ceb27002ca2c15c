import { wildcardRegExp } from '../../ops/explain/pattern.ts';

type Texts = string | readonly string[];

/** A statement of an IAM policy, as far as those of operators go. */
export type Statement = {
  Effect: 'Allow' | 'Deny';
  Action: Texts;
  Resource: Texts;
  Condition?: Readonly<Record<string, Readonly<Record<string, Texts>>>>;
};

/** What a call needs the right to do: an action on a resource, with the values of condition keys. */
export type Access = { action: string; resource: string; context: Readonly<Record<string, readonly string[]>> };

const listOf = (texts: Texts): readonly string[] => [texts].flat();

/** Evaluates statements as IAM does: one that denies counts more than any that allows. Throws for a condition that it does not know. */
export function isAllowed(statements: readonly Statement[], access: Access): boolean {
  const effects = statements.filter((one) => covers(one, access)).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

function covers({ Action, Resource, Condition = {} }: Statement, { action, resource, context }: Access): boolean {
  return (
    listOf(Action).some((one) => wildcardRegExp(one.toLowerCase()).test(action.toLowerCase())) &&
    listOf(Resource).some((one) => wildcardRegExp(one).test(resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => isMet(operator, listOf(wanted), context[key] ?? [])),
    )
  );
}

function isMet(operator: string, wanted: readonly string[], values: readonly string[]): boolean {
  switch (operator) {
    case 'StringEquals':
      return values.length > 0 && values.every((value) => wanted.includes(value));
    case 'ForAllValues:StringEquals':
      return values.every((value) => wanted.includes(value));
    case 'ArnLike':
      return values.length > 0 && values.every((value) => wanted.some((one) => wildcardRegExp(one).test(value)));
    case 'Null':
      return wanted.every((one) => (one === 'true') === (values.length === 0));
    default:
      throw new Error(`Say in ${import.meta.filename} when ${operator} is met`);
  }
}
