import { expect, test } from "vitest";
import { UsageError } from "./exit.ts";
import { parseFormat, renderDocument, renderTable } from "./output.ts";

test("a table has aligned columns, no borders, dashes for what is empty, and no trailing spaces", () => {
  const text = renderTable(
    ["PEER", "STATE", "N"],
    [
      ["west", undefined, 0],
      ["a-long-name", "Ready", 12],
    ],
  );
  expect(text).toBe("PEER          STATE   N\nwest          -       0\na-long-name   Ready   12");
});

test("a document is JSON or YAML that reads back", async () => {
  const value = { a: [1, "yes"], long: "x".repeat(200) };
  expect(JSON.parse(await renderDocument(value, "json"))).toEqual(value);
  const { parse } = await import("yaml");
  expect(parse(await renderDocument(value, "yaml"))).toEqual(value);
});

test("a format that is not known is refused with those that are", () => {
  expect(() => parseFormat("xml")).toThrow(UsageError);
  expect(parseFormat("wide")).toBe("wide");
});
