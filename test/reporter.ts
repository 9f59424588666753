import type { Reporter, TestModule } from "vitest/node";

/**
 * Prints `N passed, N failed` alone on the last line: CI reads it. A test file that does not load, a group whose set-up
 * fails and an error outside any test count as a failure each; a skipped test counts as neither.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const brokenGroups = groups.filter((group) => group.errors().length > 0).length;
    const line = `${count("passed")} passed, ${count("failed") + brokenGroups + unhandled.length} failed`;
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
