/** What a name that begins the names of so many resources must not be; the first rule that it breaks completes "must …". */
const RULES: readonly { broken: RegExp; rule: string }[] = [
  // CloudFormation allows 128; the rest is for the stage and for what names its resources after the stack.
  { broken: /^(?![A-Za-z][A-Za-z0-9-]{0,39}$)/, rule: 'be a letter, then at most 39 letters, digits and hyphens' },
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
  { broken: /--|-$/, rule: 'not end with a hyphen or have two in a row, which CloudFormation does not allow in names' },
  // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  {
    broken: /^(aws|ssm)/i,
    rule: 'not begin with aws or ssm, small or capital, which Systems Manager keeps for itself',
  },
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; a bucket's name is the stack's in small letters.
  { broken: /^(sthree-|amzn-s3-demo-)/i, rule: 'not begin with sthree- or amzn-s3-demo-, which S3 keeps for itself' },
];

/** Says what is wrong with the name of a shop, for every service that names something after it: `must …`; `undefined` where nothing is. */
export function stackNameProblem(shop: string): string | undefined {
  const found = RULES.find(({ broken }) => broken.test(shop));
  return found && `must ${found.rule}`;
}
