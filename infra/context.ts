import type { Node } from 'constructs';

/** Reads typed values from the app's context (`cdk deploy -c name=value`); throws a sentence that names what is wrong. */
export class Context {
  private readonly node: Node;
  private readonly asked = new Set<string>();

  constructor(node: Node) {
    this.node = node;
  }

  text(name: string): string | undefined {
    this.asked.add(name);
    const value: unknown = this.node.tryGetContext(name);
    return value === undefined ? undefined : String(value);
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name) ?? fallback;
    const found = choices.find((one) => one === value);
    if (found === undefined) throw new Error(`-c ${name}=${value}: must be one of ${choices.join(', ')}`);
    return found;
  }

  integer(name: string, min: number, max: number, fallback: number): number {
    const given = this.text(name);
    const value = Number(given ?? fallback);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`-c ${name}=${given}: must be a whole number from ${min} to ${max}`);
  }

  /** Reads a text that matches a pattern; `rule` completes the sentence "must be …". */
  matching(name: string, pattern: RegExp, rule: string): string | undefined {
    const value = this.text(name);
    if (value === undefined || pattern.test(value)) return value;
    throw new Error(`-c ${name}=${value}: must be ${rule}`);
  }

  /** Throws where the context holds a name that was never read, such as a misspelt setting. */
  refuseUnknown(): void {
    // The names that CDK itself keeps there contain other characters.
    const unknown = Object.keys(this.node.getAllContext()).find((name) => /^\w+$/.test(name) && !this.asked.has(name));
    if (unknown === undefined) return;
    throw new Error(`-c ${unknown}: there is no such setting; there are ${[...this.asked].sort().join(', ')}`);
  }
}
