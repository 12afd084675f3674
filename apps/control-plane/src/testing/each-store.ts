/** Runs a group of tests on every database there is behind the store: what holds on one has to hold on the other. */
import { hasPostgres, startPostgres, temporaryDirectory, type PostgresServer } from '@sallyport/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { readPostgresAddress, type PostgresAddress } from '../store/postgres/address.ts';
import { openStore, type Store } from '../store/store.ts';

export interface TestStore {
  /** A directory of its own, gone afterwards; SQLite's file is there. */
  readonly directory: string;
  /** Where it is in PostgreSQL; undefined for SQLite. */
  readonly postgres: PostgresAddress | undefined;
  /** Opens it; the group closes what it opened. */
  open(): Promise<Store>;
}

/** `tests` gets a function that makes a new, empty store; call it in tests and hooks only. */
export function eachStore(name: string, tests: (makeStore: () => TestStore) => void): void {
  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    // Left out where Debian's package postgresql is not there.
    describe.skipIf(kind === 'PostgreSQL' && !hasPostgres())(`${name}, on ${kind}`, () => {
      let server: PostgresServer | undefined;
      const directories: Disposable[] = [];
      beforeAll(async () => {
        if (kind === 'PostgreSQL') server = await startPostgres();
      });
      afterAll(async () => {
        await server?.stop();
        for (const directory of directories) directory[Symbol.dispose]();
      });
      tests(() => {
        const directory = temporaryDirectory('store');
        directories.push(directory);
        const postgres = server === undefined ? undefined : readPostgresAddress(server.database());
        return { directory: directory.path, postgres, open: () => openStore(directory.path, postgres) };
      });
    });
  }
}
