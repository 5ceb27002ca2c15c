// Says in one sentence each what keeps this machine from running the repository, before `npm start` and `npm test` do anything:
//   node ops/preflight.mjs start|test|test:quick
// Any Node can read it. What cannot work ends it with 1; what is only ignored is a notice.
import { pinnedNodeTrouble, root } from './preflight/node.mjs';

// Vite takes paths for URLs, and so `#` and `?` for the end of one, and `%` for the beginning of an encoded character.
const UNUSABLE_FOR_VITE = /[#?%]/;

// What would choose another account, region or server. Not AWS_ENDPOINT_URL, which says where the engine is.
const CHOICE_OF_AWS =
  /^AWS_(PROFILE|DEFAULT_PROFILE|REGION|DEFAULT_REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL_\w+|USE_FIPS_ENDPOINT|USE_DUALSTACK_ENDPOINT|DEFAULTS_MODE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)$/;
const AS_ENGINES_HAVE_IT = ['', 'us-east-1', 'test'];

const say = (line) => process.stderr.write(`${line}\n`);

/** The person's AWS settings, by name. Only the endpoint is for engines too. */
function ignoredVariables(env) {
  if (env.SHOP_TARGET === 'aws') return [];
  return Object.keys(env)
    .filter((name) => CHOICE_OF_AWS.test(name) && !AS_ENGINES_HAVE_IT.includes(env[name]))
    .sort();
}

/** Why the tests cannot run in this folder, with the remedy. Everything else can. */
function pathTrouble(path) {
  const found = UNUSABLE_FOR_VITE.exec(path);
  return found === null
    ? undefined
    : `The path of this clone contains \`${found[0]}\`, with which Vite, and so \`npm test\`, does not work: move the clone to a path without it.`;
}

async function main(command) {
  if (pinnedNodeTrouble !== undefined) {
    say(`${pinnedNodeTrouble} Until then, functions run on Node ${process.versions.node}.`);
  }
  const ignored = ignoredVariables(process.env);
  if (ignored.length > 0) {
    say(`The engine on this machine ignores your ${ignored.join(', ')}; only commands with --aws use them.`);
  }
  const path = pathTrouble(root);
  if (path !== undefined) say(path);
  // `npm start` needs no Python where an engine answers already, and says the same where it starts one.
  const canRun = path === undefined && (command !== 'test' || (await hasPythons()));
  if (command.startsWith('test') && !canRun) process.exitCode = 1;
}

async function hasPythons() {
  const { pythonTroubles } = await import('./preflight/python.ts');
  const { missing, leftOut } = await pythonTroubles();
  const trouble = missing || leftOut;
  if (trouble !== undefined) say(trouble);
  return missing === undefined;
}

main(process.argv[2] || 'start');
