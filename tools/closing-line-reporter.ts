import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Ends a run with one plain line, `N passed, N failed[, N skipped]`, after the default reporter's report; a line above
 * it for each test that passed at its second try only.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    const flaky: TestCase[] = [];
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      // A file that could not even be loaded holds no test: it counts as one failure.
      if (module.state() === "failed" && module.children.size === 0) count.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") count[state] += 1;
        if (test.diagnostic()?.flaky) flaky.push(test);
      }
    }
    count.failed += unhandledErrors.length;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    for (const test of flaky) process.stdout.write(`\nat the second try: ${nameOf(test)}`);
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`);
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
