import { createHash } from 'node:crypto';
import { Duration } from 'aws-cdk-lib';
import { CfnArchive, type EventBus } from 'aws-cdk-lib/aws-events';
import { catalog } from '../../contracts/catalog.ts';
import { sourcesOf } from '../../contracts/cloud-event.ts';
import type { Settings } from '../settings.ts';

// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
const MAX_NAME_CHARACTERS = 48;
const DIGEST_CHARACTERS = 8;

/** Archives what the stack knows of the bus in EventBridge itself, for replays in its console. */
export function archiveBus(bus: EventBus, { name, archiveDays }: Pick<Settings, 'name' | 'archiveDays'>): void {
  const archive = bus.archive('Archive', {
    archiveName: busArchiveName(name),
    eventPattern: { source: sourcesOf(catalog) },
    retention: Duration.days(archiveDays),
  });
  // CDK sets it to '' without a key, and EventBridge's own key is the absence of one.
  const resource = archive.node.findChild('Archive');
  if (resource instanceof CfnArchive) resource.addPropertyDeletionOverride('KmsKeyIdentifier');
}

/** Names the archive after the shop and its stage; where that is longer than EventBridge allows, its end becomes a digest of the whole. */
export function busArchiveName(name: string): string {
  if (name.length <= MAX_NAME_CHARACTERS) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_CHARACTERS);
  return `${name.slice(0, MAX_NAME_CHARACTERS - DIGEST_CHARACTERS - 1)}-${digest}`;
}
