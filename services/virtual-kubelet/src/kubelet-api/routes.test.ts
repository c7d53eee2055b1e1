import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessFor, logsPath, type Route, routeOf, streamPath } from "./routes.ts";

const target = { namespace: "shop", pod: "web-0", container: "app" };
const paramsOf = (path: string): [string, string][] => [...new URL(path, "https://x").searchParams];

describe("what a kubelet is asked", () => {
  it.each<[string, Route | undefined]>([
    ["/containerLogs/shop/web-0/app", { kind: "logs", target }],
    ["/exec/shop/web-0/app", { kind: "stream", stream: "exec", target }],
    ["/exec/shop/web-0/0d9a-uid/app", { kind: "stream", stream: "exec", target }],
    ["/attach/shop/web-0/app", { kind: "stream", stream: "attach", target }],
    [
      "/portForward/shop/web-0",
      { kind: "stream", stream: "portforward", target: { ...target, container: "" } },
    ],
    [
      "/portForward/shop/web-0/0d9a-uid",
      { kind: "stream", stream: "portforward", target: { ...target, container: "" } },
    ],
    ["/stats/summary", { kind: "summary" }],
    ["/metrics/resource", { kind: "resource" }],
    ["/pods", { kind: "pods" }],
    ["/runningpods/", { kind: "runningpods" }],
    ["/healthz", { kind: "healthz" }],
    ["/", undefined],
    ["/run/shop/web-0/app", undefined],
    ["/configz", undefined],
    ["/containerLogs/shop/web-0", undefined],
    ["/exec/shop/..%2Fx/app", undefined],
    ["/exec/shop/web-0/app/more/and/more", undefined],
    ["/constructor/shop/web-0", undefined],
  ])("%s", (path, route) => expect(routeOf(path)).toEqual(route));

  it("nothing that is not a name reaches a path of the provider", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ns, pod) => {
        const route = routeOf(`/exec/${ns}/${pod}/app`);
        if (route && "target" in route)
          expect(route.target.namespace + route.target.pod).toMatch(/^[-.a-z0-9]+$/);
      }),
    );
  });
});

describe("how the same is asked of an API server", () => {
  it("exec: flags by their other names, the command word by word", () => {
    const query = new URLSearchParams(
      "command=sh&command=-c&command=echo+%22a+b%22%3B+exit+3&input=1&output=1&tty=1",
    );
    expect(paramsOf(streamPath("exec", "twin", target, query))).toEqual([
      ["container", "app"],
      ["stdin", "true"],
      ["stdout", "true"],
      ["stderr", "false"],
      ["tty", "true"],
      ["command", "sh"],
      ["command", "-c"],
      ["command", 'echo "a b"; exit 3'],
    ]);
    expect(streamPath("exec", "twin", target, query)).toMatch(
      /^\/api\/v1\/namespaces\/twin\/pods\/web-0\/exec\?/,
    );
  });
  it("attach carries no command", () => {
    expect(
      paramsOf(streamPath("attach", "twin", target, new URLSearchParams("output=1&error=1&command=rm"))),
    ).toEqual([
      ["container", "app"],
      ["stdin", "false"],
      ["stdout", "true"],
      ["stderr", "true"],
      ["tty", "false"],
    ]);
  });
  it("port-forward: ports of a WebSocket one by one, none for SPDY", () => {
    expect(streamPath("portforward", "twin", target, new URLSearchParams("port=80,8080"))).toBe(
      "/api/v1/namespaces/twin/pods/web-0/portforward?ports=80&ports=8080",
    );
    expect(streamPath("portforward", "twin", target, new URLSearchParams())).toBe(
      "/api/v1/namespaces/twin/pods/web-0/portforward",
    );
  });
  it("logs: every option as it is, also ones of later versions", () => {
    const all =
      "follow=true&previous=true&tailLines=5&sinceSeconds=3&sinceTime=2030-01-01T00%3A00%3A00Z&timestamps=true&limitBytes=9&stream=Stderr&new=1";
    expect(paramsOf(logsPath("twin", target, new URLSearchParams(all)))).toEqual([
      ...new URLSearchParams(all),
      ["container", "app"],
    ]);
  });
});

it("running commands always needs create, also when the stream is opened by GET", () => {
  expect(accessFor({ kind: "stream", stream: "exec", target })).toEqual({
    verb: "create",
    subresources: ["proxy"],
  });
});
