import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";

export interface ProtoPackage {
  /** First folder: `events`, `auth`. */
  concern: string;
  /** Name of the generated module: `events_v1`. */
  module: string;
  /** Paths of its .proto files, sorted. */
  files: string[];
  /** Its messages in order of their files. */
  messages: protobuf.Type[];
}

const messagesOf = (file: string): protobuf.Type[] => {
  const root = new protobuf.Root();
  const parsed = protobuf.parse(readFileSync(file, "utf8"), root, {
    keepCase: true,
    alternateCommentMode: true,
  });
  root.resolveAll();
  const ns = root.lookup(parsed.package ?? "");
  return ns instanceof protobuf.Namespace ? ns.nestedArray.filter((n) => n instanceof protobuf.Type) : [];
};

/** Every folder `<concern>/<version>/` below `root` that holds .proto files. */
export const parsePackages = (root: string): ProtoPackage[] =>
  readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((e) => e.isDirectory() && /^v\d+/.test(e.name) && !e.parentPath.includes("node_modules"))
    .map((e) => join(e.parentPath, e.name))
    .sort()
    .flatMap((dir) => {
      const [concern = "", version = ""] = dir.slice(root.length + 1).split("/");
      const files = readdirSync(dir)
        .filter((f) => f.endsWith(".proto"))
        .sort()
        .map((f) => join(dir, f));
      return files.length === 0
        ? []
        : [{ concern, module: `${concern}_${version}`, files, messages: files.flatMap(messagesOf) }];
    });
