import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Acknowledges for cdk-nag that a policy names resources by patterns, for a reason. ARNs without one are left out. */
export function acknowledgePatterns(policy: Construct, arns: readonly string[], reason: string): void {
  const stack = Stack.of(policy);
  for (const arn of arns) {
    const resource = flatten(stack.resolve(arn));
    if (resource.includes('*'))
      Validations.of(policy).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
  }
}

/** Writes a part of a template as cdk-nag does in the id of a finding: `<OrdersTable315BB997.Arn>/index/*`. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(flatten).join('');
  const [name, content]: [string, unknown] = Object.entries(Object(value))[0] ?? ['', ''];
  if (name === 'Fn::Join' && Array.isArray(content)) return flatten(content[1]);
  if (name === 'Fn::GetAtt' && Array.isArray(content)) return `<${content.join('.')}>`;
  return `<${flatten(content)}>`;
}
