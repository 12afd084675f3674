/**
 * For tests: Azurite, Microsoft's emulator of the service, as a process. The test command installs it into a cache folder and says where
 * with TEST_AZURITE_FOLDER (`tooling/provide-azurite.ts`); where that does not work these tests are left out.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The folder of Azurite, if there is one. */
export const azuriteFolder = process.env['TEST_AZURITE_FOLDER'];

export interface Azurite {
  readonly connection: string;
  close(): Promise<void>;
}

/** The account and key that every Azurite has. They are public. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export async function startAzurite(folder: string): Promise<Azurite> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-azurite-'));
  const program = join(folder, 'dist/src/blob/main.js');
  const words = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--location', directory, '--skipApiVersionCheck'];
  const child = spawn(process.execPath, [program, ...words, '--disableTelemetry'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /listens on (http:\S+)|listening at (http:\S+)/
      .exec(line)
      ?.slice(1)
      .find((found) => found !== undefined);
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error('Azurite did not start.');
  child.stdout.resume();
  return {
    connection: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${url}/${account};`,
    async close() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
