/** A resource of a template; its properties have many shapes. */
export type TemplateResource = {
  Type: string;
  Properties?: Readonly<Record<string, unknown>>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
};

/** A CloudFormation template, as far as a deployment looks at it. */
export type Template = {
  Metadata?: { Settings?: unknown };
  Resources: Readonly<Record<string, TemplateResource>>;
  Outputs?: Readonly<Record<string, { Value?: unknown }>>;
};

/** Parses a template's JSON; throws a sentence that names where it comes from if it is none. */
export function parseTemplate(text: string, source: string): Template {
  const template = parseObject(text);
  if (template?.Resources instanceof Object) return template;
  throw new Error(`${source} is no CloudFormation template in JSON: deploy from an unchanged checkout.`);
}

function parseObject(text: string): Template | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // The edge where JSON comes in: CloudFormation has checked the rest.
    return value instanceof Object ? (value as Template) : undefined;
  } catch {
    return undefined;
  }
}

/** Lists the resources of one type with their logical ids. */
export const resourcesOf = ({ Resources }: Template, type: string): [logicalId: string, TemplateResource][] =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type);
