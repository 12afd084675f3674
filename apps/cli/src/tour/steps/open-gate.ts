/** The story starts with an open gate: what an earlier telling, or its reader, has set against the extension is taken back, aloud. */
import * as z from 'zod/mini';
import { parseJson } from '@sallyport/model';
import { customScript, otherwise, serverVariables, type Stage } from '../stage.ts';

/** What opens the gate where a rule of the server's own controls keeps it closed. */
const openings: Readonly<Record<string, readonly string[]>> = {
  'extension-manager-disabled': ['extensions.enabled', 'true'],
  'not-on-managed-list': ['config.mode', 'full'],
  'on-blocklist': ['extensions.blocklist', customScript, '--remove'],
  'not-on-allowlist': ['extensions.allowlist', customScript, '--add'],
  'allow-none': ['extensions.allowlist', customScript],
};

const explanationSchema = z.object({
  operations: z.array(z.object({ outcome: z.string(), rule: z.string(), message: z.string() })),
});

/** Asks the server what stands against the extension, and takes it back one by one. */
export async function openGate({ state, narrator, programs }: Stage): Promise<void> {
  const variables = serverVariables(state);
  // Each opening takes away one rule for good, so there are no more rounds than rules.
  for (const _ of [...Object.keys(openings), 'the last look']) {
    const { operations } = parseJson(
      explanationSchema,
      await programs.mustRun('azcmagent', ['extension', 'explain', customScript, 'install', '--json'], variables),
      "The answer of 'azcmagent extension explain'",
    );
    const closed = operations.find(({ outcome }) => outcome !== 'allow');
    if (closed === undefined) return;
    const opening = openings[closed.rule];
    if (opening === undefined) throw otherwise(`The server does not let the extension in: ${closed.message}`);
    const args = ['config', 'set', ...opening];
    narrator.command('azcmagent', ...args);
    narrator.output(await programs.mustRun('azcmagent', args, variables));
  }
}
