import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { busArchiveName } from '../../infra/constructs/bus-archive.ts';
import { synthesise } from '../builders/template.ts';

const archivesOf = (settings: Record<string, unknown>) => synthesise(settings).resources('AWS::Events::Archive');

describe("EventBridge's archive of the bus", () => {
  test('is encrypted with the key of EventBridge, which it gets where no key is named', () => {
    for (const encryption of ['customer', 'aws']) {
      const [archive] = archivesOf({ encryption });
      expect(archive?.properties).not.toHaveProperty('KmsKeyIdentifier');
    }
  });

  test('is named after the shop and the stage', () => {
    expect(archivesOf({})[0]?.properties.ArchiveName).toBe('ShopMessaging-dev');
    expect(archivesOf({ stage: 'prod', stackName: 'Second' })[0]?.properties.ArchiveName).toBe('Second-prod');
  });

  test('is left out where the region has none, and nothing refers to it', () => {
    const { resources, types } = synthesise({ busArchive: false });
    expect(resources('AWS::Events::Archive')).toEqual([]);
    expect(JSON.stringify(types.map((type) => resources(type)))).not.toContain('BusArchive');
  });
});

describe('The name of the archive', () => {
  // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
  const ALLOWED = /^[.\-_A-Za-z0-9]{1,48}$/;
  const shop = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,39}$/);
  const stage = fc.stringMatching(/^[a-z][a-z0-9-]{0,19}$/);
  const name = fc.tuple(shop, stage).map((parts) => parts.join('-'));

  test('is allowed by EventBridge for every shop and stage, and the same each time', () => {
    fc.assert(
      fc.property(name, (each) => {
        expect(busArchiveName(each)).toMatch(ALLOWED);
        expect(busArchiveName(each)).toBe(busArchiveName(each));
      }),
    );
  });

  test('is the name itself where that fits, and differs where two long names begin alike', () => {
    const long = 'x'.repeat(48);
    expect(busArchiveName(long)).toBe(long);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 2 }), ([one = '', other = '']) => {
        expect(busArchiveName(`${long}${one}`)).not.toBe(busArchiveName(`${long}${other}`));
      }),
    );
  });
});
