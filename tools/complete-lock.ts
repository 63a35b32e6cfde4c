import { readFileSync, writeFileSync } from "node:fs";

/**
 * Completes package-lock.json after `npm install`: platform packages (of Biome, Rolldown, Oxc …) that the registry at hand
 * does not offer are left out by npm, and then `npm ci` refuses the lock file as out of step. They are entered with the
 * version that their parent asks for, and the platform that their name tells, so that `npm ci` passes them over where they
 * don't belong. Run it as `npm run lock`.
 */
interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
let added = 0;

for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const version = range.replace(/^[^\d]*/, "");
    const found = resolve(place, name);
    if (found !== undefined && (found.version === version || version !== range)) continue;
    // Another version stands at the top: this one goes beneath its parent.
    const home = found === undefined ? `node_modules/${name}` : `${place}/node_modules/${name}`;
    const dev = entry.dev === true ? { dev: true } : {};
    lock.packages[home] = { version, ...dev, optional: true, ...platformOf(name) };
    added += 1;
  }
}

const root = Object.entries(lock.packages).filter(([place]) => place === "");
const others = Object.entries(lock.packages).filter(([place]) => place !== "");
others.sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries([...root, ...others]);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} platform packages entered`);

/** As Node looks a package up: beneath its parent, then beneath each folder above. */
function resolve(place: string, name: string): LockEntry | undefined {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const found = lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`];
    if (found !== undefined || !folder.includes("/node_modules/"))
      return found ?? lock.packages[`node_modules/${name}`];
  }
}

function platformOf(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> {
  const words = name.split(/[/-]/);
  const os = words.find(word =>
    ["android", "darwin", "freebsd", "linux", "openharmony", "win32"].includes(word),
  );
  const cpu = words.find(word =>
    ["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "wasm32", "x64"].includes(word),
  );
  if (os === undefined && cpu === undefined)
    throw new Error(`${name}: its name tells no platform; enter it by hand`);
  const libc = os !== "linux" ? undefined : /musl/.test(name) ? "musl" : "glibc";
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(os === undefined ? {} : { os: [os] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}
