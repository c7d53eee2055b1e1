import { defineConfig } from "vitest/config";

/** Real servers share two cores: their suites run one file at a time. */
const alone = { fileParallelism: false, pool: "forks" as const };
const never = ["**/node_modules/**", "dist/**", ".sandbox/**"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{libs,services,cli,protos,test,hack}/**/*.test.ts"],
          exclude: [...never, "**/*.int.test.ts", "test/e2e/**"],
          pool: "threads",
          maxWorkers: 2,
          testTimeout: 60_000, // thousands of runs of a property, beside other work on the machine
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "service",
          include: ["{libs,services,cli,test/sandbox,test/platform}/**/*.int.test.ts"],
          exclude: never,
          testTimeout: 180_000, // longer than what a single wait takes before it says what it waits for
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          ...alone,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/setup.ts",
          exclude: never,
          testTimeout: 180_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: 60_000, interval: 500 } },
          ...alone,
        },
      },
    ],
  },
});
