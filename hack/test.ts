/**
 * `make test`: every suite in order, the cheap ones first, all of them even after a failure.
 * Ends with one line, `N passed, N failed`: the sums of the suites' own counts; a check without tests of its
 * own (lint, types, generated code) counts as one.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

interface Count {
  passed: number;
  failed: number;
  /** What failed, and the first line of why: said once more at the end, where a long log is read first. */
  failures?: string[];
}
interface Suite {
  name: string;
  run: () => Promise<Count>;
}

const reports = join(".sandbox", "reports");

const exec = (command: string, args: string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });

const check = (name: string, ...command: [string, ...string[]]): Suite => ({
  name,
  run: async () => {
    const [bin, ...args] = command;
    return (await exec(bin, args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  },
});

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

const failuresOf = (file: VitestReport["testResults"][number]): string[] => {
  const where = relative(".", file.name);
  const line = (title: string, why: string): string => `${where}: ${title}: ${why.split("\n")[0] ?? ""}`;
  if (file.assertionResults.length === 0 && file.status === "failed") return [line("(file)", file.message)];
  return file.assertionResults
    .filter((t) => t.status === "failed")
    .map((t) => line(t.fullName, t.failureMessages[0] ?? ""));
};

/** A file that failed before its first test has no failed test to count: it counts as one itself. */
const countOf = (report: VitestReport): Count => {
  const broken = report.testResults.filter(
    (f) => f.status === "failed" && f.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    failures: report.testResults.flatMap(failuresOf),
  };
};

const vitest = (project: string): Suite => ({
  name: `${project} tests`,
  run: async () => {
    const file = join(reports, `${project}.json`);
    const code = await exec("vitest", [
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ]);
    try {
      const count = countOf(JSON.parse(readFileSync(file, "utf8")) as VitestReport);
      return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
    } catch {
      return { passed: 0, failed: 1 }; // no report: the runner itself broke
    }
  },
});

const suites: Suite[] = [
  check("generated code is current", "node", "hack/generate.ts", "--check"),
  check("format", "prettier", "--check", "--log-level", "warn", "."),
  check("types", "nx", "run", "tideway:types", "--outputStyle=stream"),
  check("lint", "nx", "run", "tideway:lint", "--outputStyle=stream"),
  vitest("unit"),
  vitest("service"),
  vitest("e2e"),
];

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const only = process.argv.slice(2);
const total: Count = { passed: 0, failed: 0 };
const lines: string[] = [];
const failures: string[] = [];
for (const suite of suites.filter((s) => only.length === 0 || only.some((o) => s.name.startsWith(o)))) {
  console.log(`\n=== ${suite.name}`);
  const startedAt = performance.now();
  const count = await suite.run();
  total.passed += count.passed;
  total.failed += count.failed;
  failures.push(...(count.failures ?? []));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  lines.push(
    `${count.failed > 0 ? "FAILED" : "ok    "}  ${suite.name.padEnd(28)} ${count.passed} passed, ${count.failed} failed  ${seconds} s`,
  );
}
console.log(`\n${lines.join("\n")}\n`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
