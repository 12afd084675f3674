/** Packages that pass through the control plane (S1.5): of any size, to machines of any speed, in memory that does not grow with either. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { createTestGallery } from './test-gallery.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-proxied-'));
const name = `${'5'.repeat(64)}.zip`;
const length = 256 * 1024 * 1024;
const slowMachines = 12;
/** Half of one package. Held back for the slow machines alone it would be three thousand megabytes. */
const mostMegabytes = 128;

let plane: ControlPlaneProcess;
beforeAll(async () => {
  const { directory } = await createTestGallery(join(folder, 'gallery'));
  // Nobody in between looks at what is in it.
  writeFileSync(join(directory, 'packages', name), '');
  truncateSync(join(directory, 'packages', name), length);
  plane = await startControlPlaneProcess(join(folder, 'state'), '--gallery', directory);
});
afterAll(async () => {
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

async function download(agent: Agent, range?: string): Promise<IncomingMessage> {
  const headers = range === undefined ? {} : { range };
  const sent = request({ agent, host: '127.0.0.1', port: plane.port, path: `/packages/${name}`, headers });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
}

async function bytesOf(answer: IncomingMessage): Promise<number> {
  let had = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) had += chunk.length;
  return had;
}

/** The most that the process has ever had in memory, in megabytes. */
function peakMegabytes(): number {
  const status = readFileSync(`/proc/${plane.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

test('S1.5 T19 a large package passes to many machines, most of which take it slowly, without being held in memory', async () => {
  const agent = new Agent({ ca: readFileSync(plane.operator.caFile), servername: 'localhost' });
  const slow: IncomingMessage[] = [];
  try {
    expect(await bytesOf(await download(agent, 'bytes=0-1048575'))).toBe(1_048_576);
    const before = peakMegabytes();
    for (let i = 0; i < slowMachines; i += 1) {
      const answer = await download(agent);
      // What nobody takes stays where it is.
      answer.pause();
      slow.push(answer);
    }
    expect(await bytesOf(await download(agent))).toBe(length);
    expect(await bytesOf(await download(agent, `bytes=${length - 10}-`))).toBe(10);
    expect(peakMegabytes() - before).toBeLessThan(mostMegabytes);
  } finally {
    for (const answer of slow) answer.destroy();
    agent.destroy();
  }
});
