import { type RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

// 256 bits or more, of 62 characters.
const KEY_CHARACTERS = 43;

/**
 * Generates the key that customers are hashed with. CloudFormation reads it when it deploys a function, so a function has it without a
 * call, and nobody needs to be allowed to read the secret.
 */
export class CustomerKey extends Secret {
  /** A reference that CloudFormation resolves (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html). */
  readonly reference: string;

  constructor(scope: Construct, id: string, { removalPolicy }: { removalPolicy: RemovalPolicy }) {
    super(scope, id, {
      description: 'Hashes who placed an order',
      generateSecretString: { passwordLength: KEY_CHARACTERS, excludePunctuation: true },
      removalPolicy,
    });
    this.reference = this.secretValue.unsafeUnwrap();
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Hashes under another key cannot be compared, so a rotation would make the stack forget who placed its orders.',
    });
  }
}
