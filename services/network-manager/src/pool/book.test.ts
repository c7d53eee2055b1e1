import fc from "fast-check";
import { overlaps } from "@tideway/net";
import { describe, expect, it } from "vitest";
import {
  acquireAddress,
  acquirePrefix,
  type Book,
  ExhaustedError,
  mapAddress,
  release,
  releasePrefixes,
} from "./book.ts";
import { isMapOfPeer, isOfPeer, isOurs, mapOwner, parseMapOwner, podsOwner } from "./owners.ts";

const book = (over: Partial<Book> = {}): Book => ({
  spec: { prefixes: ["10.64.0.0/10"] },
  status: { externalCIDR: "10.64.0.0/28" },
  own: ["10.200.0.0/16", "10.96.0.0/12"],
  ...over,
});
const wish = (owner: string, length: number, wanted: string[] = []) =>
  ({ owner, length, wanted, family: 4 }) as const;

describe("networks", () => {
  it("changes nothing for an owner that has one", () => {
    const first = acquirePrefix(book(), wish("a", 16));
    const again = acquirePrefix(book({ status: first.status }), wish("a", 16));
    expect(again).toEqual({ status: first.status, value: first.value });
    expect(again.status).toBe(first.status);
  });

  it("moves an owner whose network this cluster uses now", () => {
    const first = acquirePrefix(book(), wish("a", 16, ["10.77.0.0/16"]));
    expect(first.value).toBe("10.77.0.0/16");
    const moved = acquirePrefix(
      book({ status: first.status, own: ["10.77.3.0/24"] }),
      wish("a", 16, ["10.77.0.0/16"]),
    );
    expect(overlaps(moved.value, "10.77.3.0/24")).toBe(false);
    expect(moved.status.allocations).toHaveLength(1);
  });

  it.each([["10.200.0.0/17"], ["10.64.0.0/29"], ["10.99.0.0/16"], ["172.20.0.0/16"]])(
    "does not give %s, which is in use",
    (wanted) => {
      const spec = { prefixes: ["10.64.0.0/10"], reserved: ["172.20.0.0/14"] };
      const length = Number(wanted.split("/")[1]);
      expect(acquirePrefix(book({ spec }), wish("a", length, [wanted])).value).not.toBe(wanted);
    },
  );

  it("has nothing of another family", () => {
    expect(() => acquirePrefix(book(), { ...wish("a", 64), family: 6 })).toThrow(/no IPv6 network/);
  });

  it("never gives two that overlap, whatever is taken and given back", () => {
    const step = fc.record({
      owner: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 14, max: 30 }),
      back: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let b = book();
        for (const { owner, length, back } of steps) {
          try {
            const { status } = back
              ? releasePrefixes(b, (o) => o === `${owner}`)
              : acquirePrefix(b, wish(`${owner}`, length));
            b = { ...b, status };
          } catch (err) {
            expect(err).toBeInstanceOf(ExhaustedError);
          }
        }
        const all = [...(b.status.allocations ?? []).map((a) => a.prefix), ...b.own, b.status.externalCIDR!];
        for (const [i, p] of all.entries())
          for (const q of all.slice(i + 1)) expect(overlaps(p, q)).toBe(false);
      }),
    );
  });
});

describe("addresses", () => {
  it("keeps the ends of the external CIDR, and says when it is full", () => {
    let b = book();
    const given: string[] = [];
    for (let i = 0; i < 13; i++) {
      const { status, value } = acquireAddress(b, `a/${i}`);
      b = { ...b, status };
      given.push(value);
    }
    expect(given[0]).toBe("10.64.0.2");
    expect(given.at(-1)).toBe("10.64.0.14");
    expect(() => acquireAddress(b, "more")).toThrow(/all 13 addresses of the external CIDR 10\.64\.0\.0\/28/);
    const freed = release(b, (m) => m.owner === "a/4");
    expect(acquireAddress({ ...b, status: freed.status }, "more").value).toBe("10.64.0.6");
  });

  it("maps one address for each peer and namespace", () => {
    const one = mapAddress(book(), mapOwner("west", "shop"), "192.168.0.9");
    const two = mapAddress(book({ status: one.status }), mapOwner("north", "shop"), "192.168.0.9");
    expect(two.value).not.toBe(one.value);
    const left = release({ ...book(), status: two.status }, isMapOfPeer("west"));
    expect(left.status.mappings?.map((m) => m.owner)).toEqual(["map/north/shop"]);
  });

  it.each([["fd00::1"], ["10.64.0.5"], ["nonsense"]])("does not map %s", (address) =>
    expect(() => mapAddress(book(), "map/a/b", address)).toThrow(),
  );
});

describe("owners", () => {
  it("are told apart by their whole ID", () => {
    expect(isOfPeer("a")(podsOwner("a"))).toBe(true);
    expect(isOfPeer("a")(podsOwner("ab"))).toBe(false);
    expect(parseMapOwner(mapOwner("west", "shop"))).toEqual({ peer: "west", namespace: "shop" });
    expect(parseMapOwner("test/1/2")).toBeUndefined();
    expect([isOurs("peer/x/pods"), isOurs("map/x/y"), isOurs("storage/x")]).toEqual([true, true, false]);
  });
});
