/** What tests of several packages need: directories, archives honest and hostile, and handlers that behave in one way each. */
export * from './end-with-worker.ts';
export * from './hostile-corpus.ts';
export * from './hostile-zip.ts';
export * from './postgres-server.ts';
export * from './programs.ts';
export * from './sample-handlers.ts';
export * from './software-token.ts';
export * from './store-under-test.ts';
export * from './temporary-directory.ts';
export * from './test-package.ts';
export * from './without-nameless-files.ts';
