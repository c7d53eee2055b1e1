import { groups, type TestReport } from "./report.ts";

const escape = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, "?") // what XML 1.0 has no way to say
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const attributes = (all: Record<string, string | number>): string =>
  Object.entries(all)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join("");

/** JUnit's XML as CI systems read it: a suite a kind, a case a cell. */
export const renderJunit = (r: TestReport): string => {
  const kinds = [...new Set(groups(r.cells).map((g) => g.kind))];
  const suites = kinds.map((kind) => {
    const cells = r.cells.filter((c) => c.kind === kind);
    const cases = cells.map((c) => {
      const head = attributes({
        classname: `tideway.network.${kind}`,
        name: `${c.check} ${c.from} -> ${c.to}${c.expect === "blocked" ? " is blocked" : ""}`,
        time: ((c.ms ?? 0) / 1_000).toFixed(4),
      });
      if (c.result === "ok") return `    <testcase${head}/>`;
      const tag = c.result === "failed" ? "failure" : "skipped";
      return `    <testcase${head}><${tag}${attributes({ message: c.detail ?? "" })}/></testcase>`;
    });
    const head = attributes({
      name: `network ${r.peer}: ${kind}`,
      tests: cells.length,
      failures: cells.filter((c) => c.result === "failed").length,
      skipped: cells.filter((c) => c.result === "skipped").length,
      timestamp: r.startedAt,
    });
    return `  <testsuite${head}>\n${cases.join("\n")}\n  </testsuite>`;
  });
  const total = attributes({
    tests: r.cells.length,
    failures: r.failed,
    skipped: r.skipped,
    time: (r.elapsedMs / 1_000).toFixed(3),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${total}>\n${suites.join("\n")}\n</testsuites>`;
};
