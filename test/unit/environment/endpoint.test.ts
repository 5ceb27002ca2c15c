import { describe, expect, test } from 'vitest';
import { defaultEndpoint, parseEndpoint } from '../../../localstack/endpoint.ts';

describe('The endpoint of an engine', () => {
  test.each([
    'http://127.0.0.1:4566',
    'http://127.0.0.1:4566/',
    'http://localhost:4566',
    'HTTP://LOCALHOST:4566/',
    'http://0.0.0.0:4566',
    '127.0.0.1:4566',
    'localhost:4566/',
    ' localhost:4566\n',
  ])('has one spelling, however it was written: %j', (given) => {
    expect(parseEndpoint(given)).toBe('http://127.0.0.1:4566');
    expect(defaultEndpoint({ AWS_ENDPOINT_URL: given })).toBe('http://127.0.0.1:4566');
  });

  test.each([
    ['http://localstack:4566/', 'http://localstack:4566'],
    ['localstack:4566', 'http://localstack:4566'],
    ['http://localhost.localstack.cloud:4566', 'http://localhost.localstack.cloud:4566'],
    ['https://engine.shop.example', 'https://engine.shop.example'],
    ['http://[::1]:4566', 'http://[::1]:4566'],
  ])('may be elsewhere: %s', (given, endpoint) => {
    expect(parseEndpoint(given)).toBe(endpoint);
  });

  test.each([
    ['foo', 'which is not a URL: set it to one such as http://127.0.0.1:4566.'],
    ['/tmp/engine.sock', 'which is not a URL'],
    ['ftp://127.0.0.1:4566', 'which is not a URL'],
    ['127.0.0.1:port', 'which is not a URL'],
    ['http://', 'which is not a URL'],
    ['https://localhost:4566', 'and an engine on this machine speaks http: set it to http://localhost:4566.'],
    ['https://127.0.0.1:4566/', 'and an engine on this machine speaks http: set it to http://127.0.0.1:4566.'],
    [
      'http://127.0.0.1:4566/000000000000',
      'and an engine has a host and a port only: set it to http://127.0.0.1:4566.',
    ],
    ['http://me:secret@127.0.0.1:4566', 'and an engine has a host and a port only'],
    ['sqs.us-east-1.amazonaws.com', 'which is AWS and no engine: unset it, and say --aws for AWS.'],
    ['https://sqs.us-east-1.amazonaws.com/', 'which is AWS and no engine'],
  ])('is refused in one sentence for %s', (given, why) => {
    expect(() => parseEndpoint(given)).toThrow(`AWS_ENDPOINT_URL is "${given.replace('me:secret', '…')}", ${why}`);
  });

  test('is port 4566 of this machine without a word', () => {
    expect(defaultEndpoint({})).toBe('http://127.0.0.1:4566');
    expect(defaultEndpoint({ AWS_ENDPOINT_URL: '' })).toBe('http://127.0.0.1:4566');
  });
});
