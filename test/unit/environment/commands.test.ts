import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { engineClientConfig } from '../../../localstack/environment.ts';
import { findStack, outputsFileName } from '../../../ops/stack.ts';
import { engineOption } from '../../../ops/up/command.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('The engine to start', () => {
  const chosen = (...args: string[]) =>
    new Command().exitOverride().addOption(engineOption()).parse(args, { from: 'user' }).opts().engine;

  test.each([
    ['localstack', 'localstack'],
    ['innodb', undefined],
    ['toString', undefined],
    ['', undefined],
  ])('is what ENGINE names, unless that is no engine: %j', (variable, engine) => {
    vi.stubEnv('ENGINE', variable);
    expect(chosen()).toBe(engine);
    expect(chosen('--engine', 'ministack')).toBe('ministack');
  });
});

test('The outputs of each stack have a file of their own', () => {
  expect(outputsFileName('ShopMessaging')).toBe('outputs.json');
  expect(outputsFileName('Second')).toBe('outputs-Second.json');
});

describe('An engine that cannot be used', () => {
  const find = (where: string) => findStack({ where, local: true, config: engineClientConfig(where) }, 'ShopMessaging');

  test('is named where nothing listens', async () => {
    await expect(find('http://127.0.0.1:9')).rejects.toThrow(
      'Nothing is running at http://127.0.0.1:9: start it with `npm start`.',
    );
  });

  test('is named where its host is unknown', async () => {
    await expect(find('http://engine.invalid:4566')).rejects.toThrow(
      /^http:\/\/engine\.invalid:4566, which AWS_ENDPOINT_URL or \.local\/engine\.json names, cannot be reached/,
    );
  });

  test('is named where it speaks http and https was asked for', async () => {
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    try {
      await new Promise((listening) => server.once('listening', listening));
      const where = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(find(where)).rejects.toThrow('set AWS_ENDPOINT_URL to http://… if the engine there speaks http.');
    } finally {
      server.close();
    }
  });
});
