import { CfnOutput, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { type Code, FunctionUrlAuthType, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { nodeFunction } from './lambda.ts';
import type { RecordTables } from './record-table.ts';
import type { ShopKey } from './shop-key.ts';

export type IntakeProps = {
  code: Code;
  topic: ITopic;
  tables: RecordTables;
  settings: Settings;
  removalPolicy: RemovalPolicy;
  key: ShopKey | undefined;
};

// Lambda gives all variables of a function 4 kB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); the others need the rest.
const MAX_SENDERS_BYTES = 3_000;

/** Takes in what the senders of the settings post, signed, at a public address, and publishes it on the orders topic. */
export class Intake extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, { code, topic, tables, settings, removalPolicy, key }: IntakeProps) {
    super(scope, id);
    const { senders, concurrency } = settings.intake;
    const table = tables.for({
      id: 'IntakeTable',
      key: 'entry',
      expiryAttribute: 'expiresAt',
      output: 'IntakeTableName',
    });
    this.function = nodeFunction(this, {
      description: 'Takes in what senders post, and publishes it as messages of the shop',
      code,
      // Longer than all its calls together, though each uses up its tries.
      timeout: 30,
      memory: 512,
      environment: {
        ORDERS_TOPIC_ARN: topic.topicArn,
        TABLE_NAME: table.tableName,
        INTAKE_SENDERS: describeSenders(settings),
      },
      settings,
      removalPolicy,
      key,
      reservedConcurrency: concurrency,
    });
    const allow = (action: string, ...resourceArns: string[]) =>
      Grant.addToPrincipal({ grantee: this.function, actions: [action], resourceArns });
    allow('sns:Publish', topic.topicArn);
    for (const action of ['PutItem', 'UpdateItem']) allow(`dynamodb:${action}`, table.tableArn);
    const secrets = new Set(Object.values(senders).map(({ secret }) => secret));
    allow('secretsmanager:GetSecretValue', ...[...secrets].map((name) => this.secretArn(name)));
    key?.grantUse(this.function, 'sns', 'Decrypt', 'GenerateDataKey');
    key?.grantUse(this.function, 'dynamodb', 'Decrypt');

    // Whoever posts signs with a secret of its own, and not with AWS's. This adds both permissions that a public address needs.
    const { url } = this.function.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
    new CfnOutput(Stack.of(this), 'IntakeUrl', { value: url });
  }

  /** Returns the ARN of a secret, with a pattern for the six characters that AWS appends to a name. */
  private secretArn(nameOrArn: string): string {
    if (nameOrArn.startsWith('arn:')) return nameOrArn;
    return `${Secret.fromSecretNameV2(this, `Secret-${nameOrArn}`, nameOrArn).secretArn}-??????`;
  }
}

/** Describes the senders for the function; throws where they do not fit into its variables. */
function describeSenders({ stage, intake: { senders } }: Settings): string {
  const text = JSON.stringify(senders);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SENDERS_BYTES)
    throw new Error(
      `settings/${stage}.json: intake.senders: ${Object.keys(senders).length} senders need ${bytes} bytes of the function's variables, which have room for ${MAX_SENDERS_BYTES}: shorten the names of the secrets, or let senders share an address.`,
    );
  return text;
}
