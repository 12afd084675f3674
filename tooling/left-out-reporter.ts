/**
 * Names every test that did not run, and why, so that a green run never hides one: an ordinary user is told exactly what
 * needs root. Ends with the plain count that continuous integration reads.
 */
import type { Reporter, TestModule } from 'vitest/node';

export class LeftOutReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const left: string[] = [];
    let passed = 0;
    let failed = 0;
    for (const module of modules) {
      if (!module.ok() && module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else left.push(`  ${module.relativeModuleId} › ${test.fullName}`);
      }
    }
    const why = process.getuid?.() === 0 ? 'the reason is beside each' : 'run the same command as root to include them';
    if (left.length > 0)
      process.stdout.write(`\nLeft out, because this user or machine cannot run them (${why}):\n${left.join('\n')}\n`);
    process.stdout.write(`\n${passed} passed, ${failed} failed${left.length > 0 ? `, ${left.length} skipped` : ''}\n`);
  }
}
