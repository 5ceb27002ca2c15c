import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freePort } from '../harness/engine.ts';
import { RunningCommand } from './run.ts';
import { StandIn } from './stand-in.ts';

const upOf = (text: string) => /^shop_up (\d)$/m.exec(text)?.[1];

/** Asks until the answer is as wanted: what was read a moment ago is given for a moment. */
async function scraped(url: string, up: string): Promise<string> {
  for (;;) {
    const text = await (await fetch(url)).text();
    if (upOf(text) === up) return text;
    await pause(100);
  }
}

test('the exporter outlives an AWS that does not answer, says so once, and ends with 0 when it is told to', async () => {
  const standIn = await new StandIn().start();
  const port = await freePort();
  const command = new RunningCommand(standIn.endpoint, ['metrics', '--listen', `127.0.0.1:${port}`]);
  try {
    await command.says(/Ctrl-C ends it/);
    const url = `http://127.0.0.1:${port}/metrics`;
    expect(command.stdout).toBe(`Metrics: ${url}\n`);
    expect(command.stderr).toContain('A scrape costs nothing here.');
    const text = await scraped(url, '1');
    expect(text).toContain('shop_queue_messages{consumer="payment",state="waiting"} 0');
    expect(standIn.calls).not.toContain('GetMetricData');
    expect(standIn.calls).not.toContain('FilterLogEvents');
    expect(standIn.changes).toEqual([]);

    standIn.stop();
    expect(await scraped(url, '0')).not.toContain('shop_queue_messages');
    expect(await (await fetch(url)).text()).toContain('shop_up 0');
    expect(command.stderr.match(/The engine stopped answering|Nothing is running at/g)).toHaveLength(1);
    command.child.kill('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });
  } finally {
    command.child.kill('SIGKILL');
    standIn.stop();
  }
});

test('one scrape of a shop that cannot be read is printed, and exits with 1', async () => {
  const standIn = await new StandIn().start();
  try {
    standIn.holds = (operation) => operation !== 'DescribeStacks';
    const command = new RunningCommand(standIn.endpoint, ['metrics']);
    await standIn.holding();
    standIn.stop();
    expect(await command.ended).toEqual({ code: 1, signal: null });
    expect(upOf(command.stdout)).toBe('0');
    expect(command.stderr).toContain('The engine stopped answering');
  } finally {
    standIn.stop();
  }
});

test('an address that other machines reach has to be asked for, and one that is taken is named', async () => {
  const standIn = await new StandIn().start();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const { port } = taken.address() as { port: number };
    const run = async (...args: string[]) => {
      const command = new RunningCommand(standIn.endpoint, ['metrics', '--listen', ...args]);
      return { ...(await command.ended), said: command.stderr };
    };
    const [remote, busy] = await Promise.all([run('0.0.0.0:9464'), run(`127.0.0.1:${port}`)]);
    expect(remote).toMatchObject({ code: 1, said: expect.stringContaining('--allow-remote') });
    expect(busy).toMatchObject({ code: 1, said: expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`) });
  } finally {
    taken.close();
    standIn.stop();
  }
});
