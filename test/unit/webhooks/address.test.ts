import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkAddresses, hostAndPort, isPublic } from '../../../lambdas/webhooks/address.ts';

// IANA's registries of special-purpose addresses, and the spaces that are no unicast.
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const SPECIAL_V6 = [
  '::/8',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:2::/48',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

function inBlock(cidr: string): fc.Arbitrary<string> {
  const [network = '', bits = ''] = cidr.split('/');
  const isV6 = network.includes(':');
  const [width, length] = [isV6 ? 128n : 32n, BigInt(bits)];
  const base = isV6 ? fromV6(network) : fromV4(network);
  return fc
    .bigInt({ min: 0n, max: (1n << (width - length)) - 1n })
    .map((rest) => (isV6 ? toV6(base + rest) : toV4(base + rest)));
}

const fromV4 = (address: string) => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
const toV4 = (value: bigint) => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
const toV6 = (value: bigint) =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(':');
function fromV6(address: string): bigint {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0');
  return [...groups(head), ...zeros, ...groups(tail)].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

const anyOf = (blocks: readonly string[]) => fc.oneof(...blocks.map(inBlock));
const anyV4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });

describe('An address is public', () => {
  test.each(['1.1.1.1', '8.8.8.8', '52.95.110.1', '172.15.255.255', '172.32.0.0', '2606:4700::1111', '2a05:d018::1'])(
    'where anybody can reach it: %s',
    (address) => expect(isPublic(address)).toBe(true),
  );

  test.each([
    '169.254.169.254',
    'fd00:ec2::254',
    '169.254.170.2',
    '0.0.0.0',
    '255.255.255.255',
    '127.0.0.1',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:53aa:64c::1',
    'fe80::1%eth0',
    'ff02::1',
    '',
    'localhost',
    '127.0.0.1 ',
    '1.1.1.1.1',
  ])('not here: %s', (address) => expect(isPublic(address)).toBe(false));

  test('in none of the special blocks of IPv4 and IPv6', () => {
    fc.assert(
      fc.property(anyOf([...SPECIAL_V4, ...SPECIAL_V6]), (address) => {
        expect(isPublic(address)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('in IPv6 as what it is in IPv4, where it is mapped, and never where a gateway would translate it', () => {
    fc.assert(
      fc.property(anyV4, (value) => {
        const [high, low] = [(value >> 16n).toString(16), (value & 0xffffn).toString(16)];
        expect(isPublic(`::ffff:${high}:${low}`)).toBe(isPublic(toV4(value)));
        for (const prefix of ['64:ff9b::', '64:ff9b:1::', '::', '::ffff:0:'])
          expect(isPublic(`${prefix}${high}:${low}`)).toBe(false);
        expect(isPublic(`2002:${high}:${low}::1`)).toBe(false);
      }),
    );
  });

  test('everywhere else in IPv4, but for blocks that serve the network itself', () => {
    const special = new BlockList();
    for (const block of [...SPECIAL_V4, '192.31.196.0/24', '192.52.193.0/24', '192.175.48.0/24']) {
      const [network = '', bits] = block.split('/');
      special.addSubnet(network, Number(bits));
    }
    fc.assert(
      fc.property(anyV4.map(toV4), (address) => {
        expect(isPublic(address)).toBe(!special.check(address));
      }),
      {
        numRuns: 2_000,
      },
    );
  });
});

describe('A URL may be called', () => {
  const check =
    (url: string, addresses: string[], allowPrivate: string[] = []) =>
    () =>
      checkAddresses(new URL(url), addresses, allowPrivate);

  test('where every address of its host is public, over TLS', () => {
    expect(check('https://erp.example/', ['1.1.1.1', '2606:4700::1111'])).not.toThrow();
    expect(check('https://erp.example/?token=1', ['1.1.1.1', '10.0.0.7'])).toThrow(
      expect.objectContaining({
        name: 'AddressRefusedError',
        message:
          'erp.example:443 has an address that is not public; `webhooks.allowPrivate` of the settings may name erp.example:443',
      }),
    );
    expect(check('http://erp.example/', ['1.1.1.1'])).toThrow('erp.example:80 is not called without TLS');
  });

  test('where the settings name its host and port, word for word', () => {
    const allowed = ['127.0.0.1:9999', 'erp.internal:443', '[::1]:80'];
    expect(check('http://127.0.0.1:9999/x', ['127.0.0.1'], allowed)).not.toThrow();
    expect(check('http://0x7f.1:9999/x', ['127.0.0.1'], allowed)).not.toThrow();
    expect(check('https://erp.internal/', ['10.0.0.7'], allowed)).not.toThrow();
    expect(check('http://[::1]/', ['::1'], allowed)).not.toThrow();
    for (const url of [
      'http://127.0.0.1:9998/',
      'http://127.0.0.1/',
      'https://erp.internal:8443/',
      'http://erp.internal:80/',
    ])
      expect(check(url, ['10.0.0.7'], allowed)).toThrow(hostAndPort(new URL(url)));
  });
});
