import type { Command } from 'commander';
import { MAX_PROBE_SECONDS } from '../../lambdas/runtime/probe.ts';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { formatHops } from './format.ts';
import { isDead, verify } from './verify.ts';

/** `ops verify` */
export function verifyCommand(): Command {
  return shopCommand(
    'verify',
    'Prove a deployment: send a probe through each topic, rule and feed into each queue, and read what probes cannot show.',
    'verify',
    'verify --aws --json',
  )
    .option(
      '--timeout <seconds>',
      'how long to wait for the answers (by default two minutes and the longest batch window)',
      wholeNumber(1, MAX_PROBE_SECONDS),
    )
    .action(async ({ json, aws, timeout }: ShopOptions & { timeout?: number }) => {
      const shop = await connectToShop({ aws });
      const result = await interruptible('Interrupted: removing the probes.', (signal) =>
        verify(shop, { timeoutSeconds: timeout, signal, onProgress: progressPrinter() }),
      );
      print(
        json,
        result,
        underHeader(shop, (layout) => formatHops(result, layout)),
      );
      if (result.hops.some(isDead)) process.exitCode = 1;
    });
}
