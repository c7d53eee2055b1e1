import { readdirSync } from "node:fs";
import tseslint from "typescript-eslint";

const services = readdirSync("services");
const packages = (names) => names.map((name) => `@tideway/${name}`);

/** DESIGN rule 1: a service imports libs and generated protos, never another service. */
const boundary = (files, forbidden, message) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: [...forbidden, "**/services/*/**", "../../../*/src/**"], message }] },
    ],
  },
});

export default tseslint.config(
  { ignores: ["**/node_modules/**", "dist/**", ".sandbox/**", ".nx/**", "protos/src/gen/**", "**/*.js"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/no-unnecessary-type-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  ...services.map((own) =>
    boundary(
      [`services/${own}/**/*.ts`],
      packages(services.filter((other) => other !== own)),
      "a service imports libs and protos, never another service; facts travel over the bus",
    ),
  ),
  boundary(["libs/**/*.ts", "protos/**/*.ts"], packages(services), "libs do not know services"),
  {
    // Only main.ts reads the process; everything else is given what it needs.
    files: ["services/*/src/**/*.ts"],
    ignores: ["services/*/src/main.ts", "**/*.test.ts"],
    rules: {
      "no-restricted-globals": ["error", { name: "process", message: "only main.ts reads process.*" }],
    },
  },
);
