import { Command } from 'commander';
import { nameArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, type ShopOptions, shopCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { underHeader } from '../header.ts';
import { print, printNothingTouched } from '../output.ts';
import { contractsFor } from '../partner-settings.ts';
import { addReplayOptions, type ReplayChoice, runReplay } from '../replay/command.ts';
import { narrowSelection } from '../replay/select.ts';
import { connectToShop } from '../stack.ts';
import { endpointNamed, publicUrl, requireEndpoints } from './endpoints.ts';
import { formatEndpoints, listEndpoints } from './list.ts';
import { forgetRecord, readRecords } from './records.ts';
import { adviceFor, type TestResult, testEndpoint } from './test-endpoint.ts';

const endpointArgument = nameArgument("An endpoint's name");

/** `ops webhooks` */
export function webhooksCommand(): Command {
  return new Command('webhooks')
    .description('The endpoints that events are posted to: which there are, whether they answer, and what they missed.')
    .addHelpText('after', '\nExample:\n  npm run ops -- webhooks list\n  npm run ops -- webhooks test erp')
    .addCommand(listCommand())
    .addCommand(testCommand())
    .addCommand(enableCommand())
    .addCommand(replayCommand());
}

function listCommand(): Command {
  return shopCommand('list', 'List the endpoints, and which of them fail or are disabled.', 'webhooks list').action(
    async ({ json, aws }: ShopOptions) => {
      const shop = await connectToShop({ aws });
      const endpoints = await requireEndpoints(shop);
      const listed = listEndpoints(endpoints, await readRecords(shop, Object.keys(endpoints)));
      print(
        json,
        listed,
        underHeader(shop, (layout) => formatEndpoints(listed, layout)),
      );
    },
  );
}

function testCommand(): Command {
  return changingCommand(
    'test',
    'Post a signed test event to an endpoint, disabled or not, and tell what it answers.',
    'webhooks test erp',
  )
    .argument('<endpoint>', 'its name in the settings', endpointArgument)
    .action(async (name: string, { json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      const { url } = endpointNamed(await requireEndpoints(shop), name);
      if (!(await confirmChange(shop, `Post a test event to ${publicUrl(url)}?`, { yes })))
        return printNothingTouched(json);
      const result = await testEndpoint(shop, name);
      print(
        json,
        { endpoint: name, ...result },
        underHeader(shop, () => formatTest(name, result)),
      );
      const advice = adviceFor(result);
      if (advice !== undefined) throw new Error(advice);
    });
}

function formatTest(name: string, { ok, status, milliseconds, webhookId, error }: TestResult): string {
  const answered =
    status === undefined ? `${name} gave no answer` : `${name} answered ${status} after ${milliseconds} ms`;
  const verdict = ok ? 'it takes events' : (error ?? 'that is no success');
  return `${answered}: ${verdict}.\nIts webhook-id was ${webhookId}.`;
}

function enableCommand(): Command {
  return changingCommand(
    'enable',
    'Post to an endpoint again that was disabled, once it takes events again.',
    'webhooks enable erp',
  )
    .argument('<endpoint>', 'its name in the settings', endpointArgument)
    .action(async (name: string, { json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      endpointNamed(await requireEndpoints(shop), name);
      const record = (await readRecords(shop, [name])).get(name);
      const wasDisabled = record?.disabledAt !== undefined;
      if (record !== undefined) {
        const question = wasDisabled
          ? `${name} is disabled since ${record.disabledAt}: ${record.disabledReason}. Post to it again?`
          : `${name} is failing since ${record.failingSince}. Forget that?`;
        if (!(await confirmChange(shop, question, { yes, always: true }))) return printNothingTouched(json);
        await forgetRecord(shop, name);
      }
      print(json, { endpoint: name, changed: record !== undefined, enabled: true }, () =>
        wasDisabled
          ? `${name} is enabled. What it missed meanwhile is in the dead-letter queue:\nnpm run ops -- dlq redrive --consumer webhooks`
          : `${name} is enabled${record === undefined ? ' already' : ''}.`,
      );
    });
}

function replayCommand(): Command {
  const command = changingCommand(
    'replay',
    'Post events of the archive to an endpoint again, each under the webhook-id that it had.',
    'webhooks replay erp --from 2d --until 1d --dry-run',
  ).argument('<endpoint>', 'its name in the settings', endpointArgument);
  return addReplayOptions(command).action((name: string, choice: ReplayChoice) =>
    runReplay(choice, () => async (shop) => {
      const contracts = contractsFor(endpointNamed(await requireEndpoints(shop), name));
      const selection = narrowSelection(name, contracts, { types: choice.type, orderId: choice.order }, 'get');
      const destination = { queueUrl: shop.output('WebhooksQueueUrl'), withEffects: false, endpoint: name };
      return { to: name, selection, destination, document: { endpoint: name } };
    }),
  );
}
