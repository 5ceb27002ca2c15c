import { parse, type ScalarTag } from 'yaml';

// A template is JSON of many shapes, and the tests assert what it contains.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** CloudFormation's short forms (`!Sub`), read as their long forms (`{ "Fn::Sub": … }`). */
const tags = ['Ref', 'Sub', 'GetAtt', 'If', 'Select', 'Split', 'Equals', 'And', 'Or', 'Not'].flatMap((name) => {
  const key = name === 'Ref' ? 'Ref' : `Fn::${name}`;
  const scalar: ScalarTag = { tag: `!${name}`, resolve: (value) => ({ [key]: value }) };
  return [scalar, { tag: `!${name}`, collection: 'seq' as const, resolve: (seq: Json) => ({ [key]: seq }) }];
});

const NO_VALUE = Symbol('AWS::NoValue');

/** Reads a CloudFormation template in YAML as it is, and with parameters and pseudo parameters put in. */
export function readTemplate(text: string): { template: Json; resolve(parameters: Record<string, string>): Json } {
  const template = JSON.parse(JSON.stringify(parse(text, { customTags: tags })));
  return { template, resolve: (parameters) => resolveWith(template, parameters) };
}

function resolveWith({ Parameters, Conditions, Resources, Rules }: Json, given: Record<string, string>): Json {
  const defaults = Object.entries<Json>(Parameters).map(([name, { Default }]) => [name, Default]);
  const values: Record<string, Json> = { ...Object.fromEntries(defaults), ...given, 'AWS::NoValue': NO_VALUE };
  const functions: Record<string, (argument: Json) => Json> = {
    Ref: (name) => (name in values ? values[name] : `ref-of-${name}`),
    'Fn::Equals': ([left, right]) => resolve(left) === resolve(right),
    'Fn::And': (all) => all.every(resolve),
    'Fn::Or': (all) => all.some(resolve),
    'Fn::Not': ([one]) => !resolve(one),
    'Fn::If': ([condition, yes, no]) => resolve(resolve(Conditions[condition]) ? yes : no),
    'Fn::Select': ([index, list]) => resolve(list)[index],
    'Fn::Split': ([separator, whole]) => resolve(whole).split(separator),
    'Fn::GetAtt': (target) => `attribute-${[target].flat().join('.')}`,
    'Fn::Sub': (argument) => {
      const [text, own = {}] = [argument].flat();
      return text.replace(/\$\{([\w:]+)\}/g, (_: string, name: string) => resolve(own[name] ?? { Ref: name }));
    },
  };
  function resolve(node: Json): Json {
    if (Array.isArray(node)) return node.map(resolve).filter((item) => item !== NO_VALUE);
    if (node === null || typeof node !== 'object') return node;
    const [[name, argument] = ['', undefined], ...others] = Object.entries(node);
    const call = others.length === 0 ? functions[name] : undefined;
    if (call !== undefined) return call(argument);
    if (name.startsWith('Fn::')) throw new Error(`This reader does not know ${name}`);
    const entries = Object.entries(node).map(([key, value]) => [key, resolve(value)]);
    return Object.fromEntries(entries.filter(([, value]) => value !== NO_VALUE));
  }
  const broken = Object.values<Json>(Rules ?? {})
    .flatMap(({ Assertions }) => Assertions)
    .find(({ Assert }) => !resolve(Assert));
  if (broken !== undefined) throw new Error(broken.AssertDescription);
  return resolve(Resources);
}
