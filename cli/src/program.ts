import { describeError } from "@tideway/errors";
import { Command, CommanderError, Option } from "commander";
import { type Cli, checkGlobals, makeCli, type RawGlobals } from "./cli.ts";
import { CliError, EXIT, exitCodeOf, Interrupted, isDeadline, UsageError, WaitTimeout } from "./exit.ts";
import { type Io, painter } from "./io.ts";

/** A command's code is loaded when it runs: `tideway --help` and completion stay instant. */
type Action = (cli: Cli, args: string[], options: Record<string, unknown>, program: Command) => Promise<void>;
type Load = () => Promise<{ run: Action }>;

const EXAMPLES = `
Two clusters in two commands:
  tideway invite --context west                     prints one line, valid for 15 minutes
  tideway peer 'tideway://...' --context east --wait west is now a node of east

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 timed out (see --timeout), 130 interrupted.`;

export const makeProgram = (io: Io): Command => {
  const program = new Command("tideway")
    .description("Borderless Kubernetes: peer clusters, and run pods in them as if they were here.")
    .addOption(new Option("-o, --output <format>", "table, wide, json or yaml (default: table)"))
    .option(
      "--kubeconfig <path>",
      "kubeconfig file (default: $KUBECONFIG, else the pod's service account, else ~/.kube/config)",
    )
    .option("--context <name>", "context of the kubeconfig")
    .option(
      "--wait",
      "return when it has happened, and show how far it is (default: return when it is asked for)",
    )
    .option("--timeout <duration>", "longest wait, such as 30s or 5m (default: each command's own)")
    .addHelpText("after", EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (s) => io.out(s.trimEnd()), writeErr: (s) => io.err(s.trimEnd()) })
    .showSuggestionAfterError()
    .exitOverride();

  const action =
    (load: Load) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.pop() as Command;
      const options = given.pop() as Record<string, unknown>;
      const cli = makeCli(io, checkGlobals(command.optsWithGlobals<RawGlobals>()));
      try {
        await (
          await load()
        ).run(
          cli,
          given.flat().filter((a) => typeof a === "string"),
          options,
          program,
        );
      } finally {
        await cli.close();
      }
    };

  program
    .command("invite")
    .description("Invite another cluster to use this one: prints one line to hand to its owner.")
    .option("--ttl <duration>", "how long the invitation is valid (default: 15m)")
    .option(
      "--standing",
      "valid for any number of clusters until it is deleted, or until --ttl when that is given",
    )
    .option("--bidirectional", "use the invited cluster as well, as soon as it has come")
    .option("--note <text>", "a remark for yourself, kept in the Invitation")
    .option("--list", "instead: the invitations there are, and what became of them")
    .option(
      "--revoke <name>",
      "instead: make an invitation void (who came in by it stays, see `tideway revoke`)",
    )
    .option("--rotate <name>", "a new token in the place of this invitation's, which is void from then on")
    .action(action(() => import("./commands/invite.ts")));

  program
    .command("peer")
    .description(
      "Use the cluster that sent this invitation, or one that is known here: it becomes a node here.",
    )
    .argument(
      "<invitation>",
      "the line that `tideway invite` printed there; - reads it from standard input; or the name of a peer that uses this cluster",
    )
    .option("--name <name>", "what to call the peer here (default: the name it gives itself)")
    .option("--bidirectional", "let the peer use this cluster as well; with --wait until it does")
    .action(action(() => import("./commands/peer.ts")));

  program
    .command("unpeer")
    .description(
      "Stop using a peer: drains its node, releases what was granted, leaves nothing on either side.",
    )
    .argument("<name>", "name of the peer, see `tideway status`")
    .option(
      "--delete-volumes",
      "delete the data that lies there, and its claims here (default: it is kept there)",
    )
    .action(action(() => import("./commands/unpeer.ts")));

  program
    .command("revoke")
    .description(
      "Cut off a peer that uses this cluster: at once, whatever it holds, and whether it answers or not.",
    )
    .argument("<name>", "name of the peer here, or its cluster ID")
    .option("--reason <text>", "why; it is recorded, and the peer is told")
    .option("--pods <policy>", "what becomes of its pods here: evict, or keep running (default: evict)")
    .option("--undo", "let it in again")
    .action(action(() => import("./commands/revoke.ts")));

  program
    .command("withdraw")
    .description(
      "Take back what a peer is offered, gracefully: no new pods, then its pods leave, then the offer ends.",
    )
    .argument("<name>", "name of the peer here, or its cluster ID")
    .option("--deadline <duration>", "when what is still used is taken back (default: 5m)")
    .option("--cordon-for <duration>", "how long its pods may end by themselves first (default: 30s)")
    .option("--reason <text>", "why; the peer is told")
    .option("--undo", "let the rules of the policy decide again")
    .action(action(() => import("./commands/withdraw.ts")));

  const policy = program.command("policy").description("What this cluster gives, by whose rule.");
  policy
    .command("test")
    .description("Try the SharingPolicy on a past or imagined request: every rule, and the outcome.")
    .option("--peer <name>", "who asks: name here, or cluster ID (default: a stranger)")
    .option(
      "--request <file|peer>",
      "a ResourceRequest in a file, or the one that a peer made (default: the peer's own, else an empty one)",
    )
    .option("--at <time>", "when, such as 2026-01-31T12:00:00Z (default: now)")
    .option("--policy <file>", "a SharingPolicy in a file (default: the one in the cluster)")
    .action(action(() => import("./commands/policy-test.ts")));

  const offload = program.command("offload").description("Let pods of a namespace run in peers.");
  offload
    .command("namespace")
    .alias("ns")
    .description("Let pods of a namespace run in peers.")
    .argument("<namespace>")
    .option(
      "--pod-offloading-strategy <strategy>",
      "Local, Remote or LocalAndRemote (default: LocalAndRemote)",
    )
    .option(
      "--selector <key=value...>",
      "only peers whose virtual node has these labels; comma-separated or repeated",
    )
    .action(action(() => import("./commands/offload.ts")));

  const unoffload = program.command("unoffload").description("Keep pods of a namespace at home again.");
  unoffload
    .command("namespace")
    .alias("ns")
    .description("Keep pods of a namespace at home again; what runs in peers is deleted there.")
    .argument("<namespace>")
    .option("--delete-volumes", "delete its data in peers, and the claims here (default: it is kept there)")
    .action(action(() => import("./commands/unoffload.ts")));

  const volume = program.command("volume").description("Volumes across the border: whose data lies where.");
  volume
    .command("list")
    .description("Our volumes here and in peers, and those of peers that lie here.")
    .argument("[peer]", "only what this peer holds of us, or we of it")
    .action(action(() => import("./commands/volume-list.ts")));
  volume
    .command("evict")
    .description(
      "Take volumes of peers from this cluster: ends the pods that mount them and deletes the data.",
    )
    .argument("[volume...]", "names, see `tideway volume list`")
    .option("--peer <name>", "all of this peer")
    .action(action(() => import("./commands/volume-evict.ts")));

  program
    .command("status")
    .description("This cluster, its peers and what stands between them.")
    .argument("[peer]", "one peer in detail")
    .action(action(() => import("./commands/status.ts")));

  program
    .command("tenants")
    .description("The peers that may run something here: what each uses of what it was offered.")
    .action(action(() => import("./commands/tenants.ts")));

  program
    .command("pods")
    .description("Pods of this cluster that run at peers; with --foreign those of peers that run here.")
    .argument("[peer]", "only of this peer: its name here, or its cluster ID")
    .option("--foreign", "pods of peers that run here")
    .action(action(() => import("./commands/pods.ts")));

  program
    .command("usage")
    .description("What peers have used here over time: CPU hours, memory hours, pod hours, storage hours.")
    .argument("[peer]", "only of this peer: its name here, or its cluster ID")
    .option(
      "--since <when>",
      "only from then on: a duration (24h) or a time; at most 7 days (default: from the start)",
    )
    .action(action(() => import("./commands/usage.ts")));

  program
    .command("discover")
    .description("Clusters that were found by mDNS and DNS, what the policy says of them, and why.")
    .option("-w, --watch", "go on with every change")
    .action(action(() => import("./commands/discover.ts")));

  const network = program.command("network").description("The tunnels to peers: how they are, test, bench.");
  network
    .command("status")
    .description("Tunnels, latency, loss, throughput, and where each side sees the other's addresses.")
    .argument("[peer]", "one peer only")
    .action(action(() => import("./commands/network-status.ts")));
  const inPods = (command: Command): Command =>
    command
      .argument("[peer]", "a peer that this cluster uses (default: the only one)")
      .option("--image <image>", "image of the pods, with Node in it (default: the gateway's own)")
      .option(
        "--peer-kubeconfig <path>",
        "kubeconfig of the peer, to tell its nodes apart and to test from there",
      )
      .option("--peer-context <name>", "context of the peer, in --peer-kubeconfig or --kubeconfig")
      .option("--keep", "leave the pods, to look into them");
  inPods(network.command("test"))
    .description("Who reaches whom, in both directions, from pods and nodes; and who must not.")
    .option("--junit <file>", "also write the result as JUnit XML")
    .option("--patience <duration>", "how long a way is tried that has to pass (default: 15s)")
    .action(action(() => import("./commands/network-test.ts")));
  inPods(network.command("bench"))
    .description("Throughput and round trips between pods across the border.")
    .option("--duration <duration>", "how long each way is measured (default: 5s)")
    .option("--streams <number>", "connections at the same time (default: 1)")
    .action(action(() => import("./commands/network-bench.ts")));

  const move = program.command("move").description("Move data to where it is wanted.");
  move
    .command("volume")
    .description(
      "Move the data of a claim to another node or peer: copied while its pods run, then they wait for the rest.",
    )
    .argument("<claim>", "name of a claim of a virtual storage class")
    .option("--to <place>", "name of a peer, or of a node of this cluster")
    .option("-n, --namespace <namespace>", "namespace of the claim (default: default)")
    .option("--keep <duration>", "how long the old volume is kept afterwards (default: 24h)")
    .option("--confirm", "let the old volume go: at once when it is moved, or now when it was")
    .action(action(() => import("./commands/move-volume.ts")));

  program
    .command("events")
    .description("What happened between the clusters, from the bus.")
    .option("-f, --follow", "go on with what happens from now")
    .option(
      "--since <when>",
      "only what is newer: a duration (10m) or a time (default: all that is kept, 7 days)",
    )
    .option("--peer <name>", "only of this peer: its name here, or its cluster ID")
    .action(action(() => import("./commands/events.ts")));

  program
    .command("audit")
    .description("Who was let in, refused, cut off: what this cluster decided about its peers, and why.")
    .argument("[peer]", "only of this peer: its name here, or its cluster ID (default: all, and strangers)")
    .option("-f, --follow", "go on with what is decided from now")
    .option(
      "--since <when>",
      "only what is newer: a duration (10m) or a time (default: all that is kept, 7 days)",
    )
    .action(action(() => import("./commands/audit.ts")));

  program
    .command("version")
    .description("Version of this CLI and of what runs in the cluster.")
    .option("--client", "of the CLI alone, without asking a cluster")
    .action(action(() => import("./commands/version.ts")));

  program
    .command("completion")
    .description("Script for tab completion: source <(tideway completion bash)")
    .argument("<shell>", "bash, zsh or fish")
    .action(action(() => import("./commands/completion.ts")));

  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .helpOption(false)
    .action(action(() => import("./commands/complete.ts")));

  for (const c of [
    ...program.commands,
    ...offload.commands,
    ...unoffload.commands,
    ...volume.commands,
    ...network.commands,
    ...move.commands,
  ])
    c.exitOverride();
  return program;
};

/** Runs one command line and says what went wrong, where and what to do next. Resolves to the exit code. */
export const run = async (program: Command, io: Io, argv: string[]): Promise<number> => {
  try {
    await program.parseAsync(argv, { from: "user" });
    return io.exitCode;
  } catch (err) {
    if (err instanceof CommanderError) return err.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has said it
    const paint = painter(io);
    if (io.signal.aborted) {
      io.err(`${paint("red", "error:")} ${err instanceof Interrupted ? err.message : "interrupted"}`);
      return EXIT.interrupted;
    }
    const what = isDeadline(err) ? "timed out: the cluster has not answered in time" : describeError(err);
    io.err(`${paint("red", "error:")} ${what}`);
    const next = await nextStep(err);
    if (next) io.err(next.replaceAll(/^/gm, "  "));
    if (err instanceof UsageError) io.err("  see `tideway --help`");
    return exitCodeOf(err);
  }
};

const nextStep = async (err: unknown): Promise<string | undefined> => {
  if (err instanceof CliError || err instanceof WaitTimeout) return err.next;
  return (await import("./advice.ts")).adviceOn(err);
};
