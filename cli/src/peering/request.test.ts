import type { ForeignCluster } from "@tideway/api";
import { describe, expect, test } from "vitest";
import { choosePeerName, foreignCluster, tokenSecret, tokenSecretName } from "./request.ts";

const here = { clusterID: "id-east", nowMs: Date.parse("2026-01-31T12:00:00Z") };
const invited = { id: "id-west", name: "west", endpoint: "w:443", pin: "sha256/x", token: "t" };
const fc = (
  name: string,
  clusterID: string,
  metadata: Partial<ForeignCluster["metadata"]> = {},
): ForeignCluster => ({
  metadata: { name, uid: `uid-${name}`, ...metadata },
  spec: { clusterID, clusterName: name, authEndpoint: "x:1", pins: [] },
});

describe("the name of a peer", () => {
  test("is the one it gives itself", () => expect(choosePeerName(invited, undefined, [], here)).toBe("west"));

  test("is the one asked for", () => expect(choosePeerName(invited, "wild", [], here)).toBe("wild"));

  test("is the one it already has here", () =>
    expect(choosePeerName(invited, undefined, [fc("occident", "id-west")], here)).toBe("occident"));

  test("gets the start of its ID where another cluster has that name", () =>
    expect(choosePeerName(invited, undefined, [fc("west", "id-other")], here)).toBe("west-idwest"));

  test("is refused when it is taken, no peer name, or not the one it already has", () => {
    expect(() => choosePeerName(invited, "w", [fc("w", "id-other")], here)).toThrow(/already called "w"/);
    expect(() => choosePeerName(invited, "Wild--West", [], here)).toThrow(/not a peer name/);
    expect(() => choosePeerName(invited, "w", [fc("west", "id-west")], here)).toThrow(
      /already known here as "west"/,
    );
  });
});

describe("an invitation is refused", () => {
  test("when it is this cluster's own", () =>
    expect(() => choosePeerName({ ...invited, id: "id-east" }, undefined, [], here)).toThrow(/own/));

  test("when it has expired", () =>
    expect(() => choosePeerName({ ...invited, exp: "2026-01-31T12:00:00Z" }, undefined, [], here)).toThrow(
      /expired/,
    ));

  test("while the same peer is being unpeered", () => {
    const leaving = fc("west", "id-west", { deletionTimestamp: "2026-01-31T11:59:59Z" });
    expect(() => choosePeerName(invited, undefined, [leaving], here)).toThrow(/just being unpeered/);
  });
});

describe("what is asked for", () => {
  test("carries the uid of an existing object, so that it is not made anew", () => {
    expect(foreignCluster("west", invited, fc("west", "id-west")).metadata.uid).toBe("uid-west");
    expect(foreignCluster("west", invited, undefined).metadata).toEqual({ name: "west" });
  });

  test("changes with the token, so that a refused peering is tried again", () => {
    expect(tokenSecretName("west", "a")).not.toBe(tokenSecretName("west", "b"));
    const spec = foreignCluster("west", invited, undefined).spec;
    expect(spec).toMatchObject({
      outgoingPeering: "Yes",
      tokenSecretRef: { name: tokenSecret("west", "t").metadata.name },
    });
  });
});
