import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its key, as PEM text and as files (for nginx, or the command line's `--cacert`). */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export type CertificateKind = "valid" | "expired" | "wrongHost" | "selfSigned";

/** An authority of our own and the certificates of servers on localhost, 127.0.0.1 and ::1. */
export interface TestCertificates extends Readonly<Record<CertificateKind, TestCertificate>> {
  /** The authority's certificate, PEM. It issued all but `selfSigned`. */
  readonly ca: string;
  readonly caFile: string;
}

const LOCAL_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1";
const KINDS: Readonly<Record<CertificateKind, { names: string; expired?: boolean; selfSigned?: boolean }>> = {
  valid: { names: LOCAL_NAMES },
  expired: { names: LOCAL_NAMES, expired: true },
  wrongHost: { names: "DNS:somewhere-else.test" },
  selfSigned: { names: LOCAL_NAMES, selfSigned: true },
};

/** They are valid for longer than this, and made again after it. */
const FRESH_MS = 24 * 3_600_000;
const LAST_FILE = "complete";

let loaded: TestCertificates | undefined;

/**
 * The certificates of the tests. Made with the openssl command when first asked for, and shared through a folder of
 * the system's temporary one by all processes of this user for a day.
 *
 * @throws Error when openssl is not installed
 */
export function testCertificates(): TestCertificates {
  loaded ??= load(cachedDirectory());
  return loaded;
}

function load(directory: string): TestCertificates {
  const read = (name: string): TestCertificate => {
    const certFile = join(directory, `${name}.pem`);
    const keyFile = join(directory, `${name}.key`);
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  };
  const authority = read("ca");
  return {
    ca: authority.cert,
    caFile: authority.certFile,
    valid: read("valid"),
    expired: read("expired"),
    wrongHost: read("wrongHost"),
    selfSigned: read("selfSigned"),
  };
}

function cachedDirectory(): string {
  const user = process.getuid?.() ?? 0;
  const wanted = join(tmpdir(), `skein-test-certificates-${user}`);
  if (isUsable(wanted, user)) return wanted;
  const made = mkdtempSync(join(tmpdir(), "skein-test-certificates-new-"));
  issueAll(made);
  try {
    rmSync(wanted, { recursive: true, force: true });
    renameSync(made, wanted);
    return wanted;
  } catch (error) {
    // Another process was faster: its certificates are as good as ours.
    if (!isUsable(wanted, user)) throw error;
    rmSync(made, { recursive: true, force: true });
    return wanted;
  }
}

/** Ours (nobody else could have put it there), whole, and of today. */
function isUsable(directory: string, user: number): boolean {
  if (!existsSync(join(directory, LAST_FILE))) return false;
  const facts = lstatSync(directory);
  return facts.isDirectory() && facts.uid === user && Date.now() - facts.mtimeMs < FRESH_MS;
}

function issueAll(directory: string): void {
  mkdirSync(join(directory, "issued"));
  writeFileSync(join(directory, "index.txt"), "");
  writeFileSync(join(directory, "openssl.cnf"), configuration());
  for (const name of ["ca", ...Object.keys(KINDS)]) makeKey(directory, name);
  selfSign(directory, "ca", "v3_ca");
  for (const [name, { expired, selfSigned }] of Object.entries(KINDS)) {
    if (selfSigned) selfSign(directory, name, name);
    else issue(directory, name, expired ? ["20200101000000Z", "20210101000000Z"] : undefined);
  }
  writeFileSync(join(directory, LAST_FILE), "");
}

function configuration(): string {
  const servers = Object.entries(KINDS).map(
    ([name, { names }]) => `[${name}]\nsubjectAltName = ${names}\nextendedKeyUsage = serverAuth\n`,
  );
  return `
[req]
distinguished_name = subject
[subject]
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[authority]
database = index.txt
new_certs_dir = issued
rand_serial = yes
unique_subject = no
default_md = sha256
default_days = 30
policy = anything
[anything]
commonName = supplied
${servers.join("")}`;
}

function makeKey(directory: string, name: string): void {
  openssl(directory, ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`]);
}

function selfSign(directory: string, name: string, extensions: string): void {
  const request = [
    "req",
    "-x509",
    "-new",
    "-key",
    `${name}.key`,
    "-days",
    "30",
    "-subj",
    `/CN=Skein test ${name}`,
  ];
  openssl(directory, [
    ...request,
    "-config",
    "openssl.cnf",
    "-extensions",
    extensions,
    "-out",
    `${name}.pem`,
  ]);
}

function issue(directory: string, name: string, between: readonly [string, string] | undefined): void {
  const subject = ["-subj", `/CN=Skein test ${name}`, "-config", "openssl.cnf"];
  openssl(directory, ["req", "-new", "-key", `${name}.key`, ...subject, "-out", `${name}.csr`]);
  const dates = between === undefined ? [] : ["-startdate", between[0], "-enddate", between[1]];
  const authority = ["-config", "openssl.cnf", "-name", "authority", "-cert", "ca.pem", "-keyfile", "ca.key"];
  const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-notext", "-batch"];
  openssl(directory, ["ca", ...authority, "-extensions", name, ...dates, ...files]);
}

function openssl(directory: string, args: readonly string[]): void {
  try {
    execFileSync("openssl", args, { cwd: directory, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    if (code === "ENOENT") throw new Error("openssl is not installed: apt-get install openssl");
    throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  }
}
