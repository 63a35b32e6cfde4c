// The floors of packages/skein/src (see ARCHITECTURE.md). Imports run one way; each rule says why.

const floor = name => `^packages/skein/src/${name}/`;
const TESTS = "\\.test\\.ts$";

/** A floor may import only from the floors that are listed (and from itself). */
const only = ({ from, to, why }) => ({
  name: `${from.replace("/", "-")}-imports-only`,
  comment: why,
  severity: "error",
  from: { path: floor(from), pathNot: TESTS },
  to: { path: "^packages/skein/src/", pathNot: [from, ...to].map(floor) },
});

export default {
  forbidden: [
    only({
      from: "core",
      to: [],
      why: "core is the vocabulary that every floor shares: an import here would make a circle of everything.",
    }),
    only({
      from: "protocol",
      to: [],
      why: "the codecs are sans-IO: bytes in, events out. They are tested, fuzzed and reused without the rest.",
    }),
    only({
      from: "policy",
      to: ["core"],
      why: "policies are pure decisions, shared by layers and by the batch; they may not know who asks.",
    }),
    only({
      from: "runtime",
      to: ["core", "protocol"],
      why: "a runtime implements the ports of core (the way through a proxy by its codecs); only entry knows it.",
    }),
    only({
      from: "connection",
      to: ["protocol", "core"],
      why: "a connection moves bytes between a socket port and a codec, and nothing else.",
    }),
    only({
      from: "pool",
      to: ["connection", "policy", "core"],
      why: "the pool decides which connection carries a request; what the request means stands above it.",
    }),
    only({
      from: "layers",
      to: ["policy", "core"],
      why: "a layer knows only Service: so layers can be reordered, left out and tested by themselves.",
    }),
    only({
      from: "batch",
      to: ["policy", "core"],
      why: "a batch sends through a Service that it is handed; it must not depend on the client that offers it.",
    }),
    only({
      from: "client",
      to: ["batch", "layers", "policy", "core"],
      why: "the client wires layers over a transport; runtimes and sockets come in from entry, as ports.",
    }),
    only({
      from: "simulation",
      to: ["client", "connection", "policy", "core"],
      why: "a simulation puts time and servers below a client, and says what went wrong in the words of a connection.",
    }),
    only({
      from: "jobs",
      to: ["entry", "core"],
      why: "durable jobs use the library as its users do: through the public exports and core's types.",
    }),
    only({
      from: "cli",
      to: ["jobs", "entry"],
      why: "the command line is a user of the library; what it needs must be public.",
    }),
    {
      name: "nothing-imports-the-cli",
      comment: "the command line is the top: a library that imports it would print and exit.",
      severity: "error",
      from: { path: "^packages/skein/src/", pathNot: floor("cli") },
      to: { path: floor("cli") },
    },
    {
      name: "layers-do-not-know-each-other",
      comment: "a layer that imports another can't be moved or left out by itself.",
      severity: "error",
      from: { path: "^packages/skein/src/layers/([^/]+)/", pathNot: TESTS },
      to: { path: "^packages/skein/src/layers/([^/]+)/", pathNot: "^packages/skein/src/layers/$1/" },
    },
    {
      name: "only-runtime-names-a-runtime",
      comment:
        "the same client must run in a page, on the edge and under the fake clock: node: stays in runtime/.",
      severity: "error",
      from: {
        path: "^packages/skein/src/(core|protocol|policy|connection|pool|layers|batch|client)/",
        pathNot: TESTS,
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-circles",
      comment: "two modules that need each other are one module, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolved",
      comment: "an import that is not found would make every rule above blind to it.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^node:sqlite$" },
    },
    {
      name: "tests-are-not-imported",
      comment: "a test stands beside its source; nothing may depend on it.",
      severity: "error",
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types"] },
  },
};
