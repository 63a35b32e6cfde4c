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

export type CertificateKind =
  | "valid"
  | "expired"
  | "notYetValid"
  | "wrongHost"
  | "selfSigned"
  /** Of `*.wild.test`. */
  | "wildcard"
  /** With its host as a URI only, which is no name of a server's. */
  | "uriOnly"
  /** With its host as the common name only. */
  | "commonNameOnly"
  /** Issued by `intermediate`, whose certificate a server must show, too. */
  | "ofIntermediate"
  | "intermediate"
  /** In the revocation list. */
  | "revoked"
  /** A client's. */
  | "client"
  /** Issued by nobody that `ca` knows. */
  | "untrusted";

/** An authority of our own and the certificates of servers on localhost, 127.0.0.1 and ::1. */
export interface TestCertificates extends Readonly<Record<CertificateKind, TestCertificate>> {
  /** The authority's certificate, PEM. It issued all but `selfSigned`. */
  readonly ca: string;
  readonly caFile: string;
  /** The authority's revocation list, PEM: `revoked` stands in it. */
  readonly crl: string;
}

const LOCAL_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1";
interface KindFacts {
  /** Its subjectAltName; empty: none. */
  readonly names: string;
  readonly subject?: string;
  /** Not before, and not after. */
  readonly between?: readonly [string, string];
  /** Who issues it. Default: the authority. */
  readonly issuer?: "itself" | "intermediate" | "stranger";
  readonly use?: "client" | "authority";
}

const KINDS: Readonly<Record<CertificateKind, KindFacts>> = {
  intermediate: { names: "", use: "authority" },
  valid: { names: LOCAL_NAMES },
  expired: { names: LOCAL_NAMES, between: ["20200101000000Z", "20210101000000Z"] },
  notYetValid: { names: LOCAL_NAMES, between: ["20900101000000Z", "20910101000000Z"] },
  wrongHost: { names: "DNS:somewhere-else.test" },
  selfSigned: { names: LOCAL_NAMES, issuer: "itself" },
  wildcard: { names: "DNS:*.wild.test" },
  uriOnly: { names: "URI:https://localhost/", subject: "localhost" },
  commonNameOnly: { names: "", subject: "localhost" },
  ofIntermediate: { names: LOCAL_NAMES, issuer: "intermediate" },
  revoked: { names: LOCAL_NAMES },
  client: { names: "email:client@skein.test", use: "client" },
  untrusted: { names: LOCAL_NAMES, issuer: "stranger" },
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
  const servers = Object.fromEntries(Object.keys(KINDS).map(kind => [kind, read(kind)]));
  return {
    ...(servers as Record<CertificateKind, TestCertificate>),
    ca: authority.cert,
    caFile: authority.certFile,
    crl: readFileSync(join(directory, "crl.pem"), "utf8"),
  };
}

function cachedDirectory(): string {
  const user = process.getuid?.() ?? 0;
  const wanted = join(tmpdir(), `skein-test-certificates-2-${user}`);
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
  writeFileSync(join(directory, "crlnumber"), "1000\n");
  writeFileSync(join(directory, "openssl.cnf"), configuration());
  for (const name of ["ca", "stranger", ...Object.keys(KINDS)]) makeKey(directory, name);
  selfSign(directory, "ca", "v3_ca");
  selfSign(directory, "stranger", "v3_ca");
  for (const [name, facts] of Object.entries(KINDS)) {
    if (facts.issuer === "itself") selfSign(directory, name, name);
    else issue(directory, name, facts);
  }
  openssl(directory, ["ca", ...AUTHORITY, "-revoke", "revoked.pem"]);
  openssl(directory, ["ca", ...AUTHORITY, "-gencrl", "-crldays", "30", "-out", "crl.pem"]);
  writeFileSync(join(directory, LAST_FILE), "");
}

function configuration(): string {
  const servers = Object.entries(KINDS).map(
    ([name, facts]) => `[${name}]\n${extensions(facts).join("\n")}\n`,
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
crlnumber = crlnumber
unique_subject = no
default_md = sha256
default_days = 30
policy = anything
[anything]
commonName = supplied
${servers.join("")}`;
}

function extensions({ names, use }: KindFacts): string[] {
  const alternative = names === "" ? [] : [`subjectAltName = ${names}`];
  if (use === "authority")
    return ["basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign,cRLSign"];
  return [...alternative, `extendedKeyUsage = ${use === "client" ? "clientAuth" : "serverAuth"}`];
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

const AUTHORITY = ["-config", "openssl.cnf", "-name", "authority", "-cert", "ca.pem", "-keyfile", "ca.key"];

function issue(directory: string, name: string, facts: KindFacts): void {
  const { subject = `Skein test ${name}`, between, issuer = "ca" } = facts;
  const request = ["-subj", `/CN=${subject}`, "-config", "openssl.cnf"];
  openssl(directory, ["req", "-new", "-key", `${name}.key`, ...request, "-out", `${name}.csr`]);
  const dates = between === undefined ? [] : ["-startdate", between[0], "-enddate", between[1]];
  const authority = AUTHORITY.map(word => word.replace(/^ca(?=\.)/, issuer));
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
