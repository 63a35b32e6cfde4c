import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  apacheServer,
  describe,
  expect,
  nginxServer,
  onTestFinished,
  test,
  testCertificates,
} from "@skein/testkit";
import { Client } from "../../src/entry/node.ts";

const { ca, valid } = testCertificates();

/** A folder with files of 0 bytes to 8 MB; what a byte is says where it stands. */
function folder(): string {
  const root = mkdtempSync(join(tmpdir(), "skein-h2-root-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "files"));
  for (const size of SIZES) writeFileSync(join(root, "files", `${size}.bin`), contentOf(size));
  return root;
}

const SIZES = [0, 1, 16_384, 65_535, 65_536, 1_000_000, 8_000_000];

function contentOf(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251));
}

const SERVERS: Readonly<Record<string, (root: string) => Promise<AsyncDisposable & { url: string }>>> = {
  nginx: root =>
    nginxServer({
      config: ({ port }) => `
daemon off; ${process.getuid?.() === 0 ? "user root;" : ""} worker_processes 1; pid nginx.pid; error_log error.log warn;
events { worker_connections 1000; }
http {
  access_log off; client_max_body_size 20m; client_body_temp_path body;
  proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ssl_certificate ${valid.certFile}; ssl_certificate_key ${valid.keyFile};
  server {
    listen 127.0.0.1:${port} ssl http2;
    root ${root};
    location /drop { return 200 "taken"; }
  }
}
`,
    }),
  apache: root =>
    apacheServer({
      modules: ["ssl", "http2"],
      files: {},
      directives: () => `
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile ${valid.certFile}
SSLCertificateKeyFile ${valid.keyFile}
DocumentRoot ${root}
<Directory ${root}>
  Require all granted
</Directory>
`,
    }),
};

describe.each(Object.keys(SERVERS))("%s over HTTP/2", name => {
  test("files of all sizes, many at once, whole; bodies, conditions and ranges", async () => {
    const root = folder();
    await using server = await SERVERS[name]!(root);
    await using client = new Client({
      http2: true,
      tls: { ca },
      baseUrl: server.url.replace("http:", "https:"),
    });
    const names = Array.from({ length: 10 }, () => SIZES).flat();
    const responses = await Promise.all(names.map(size => client.get(`/files/${size}.bin`)));
    for (const [i, response] of responses.entries()) {
      expect([response.status, response.httpVersion]).toEqual([200, "2"]);
      expect(Buffer.compare(response.bytes(), contentOf(names[i]!))).toBe(0);
    }
    const [first] = responses;
    const etag = first!.headers.get("etag")!;
    expect((await client.get("/files/0.bin", { headers: { "if-none-match": etag } })).status).toBe(304);
    const part = await client.get("/files/1000000.bin", { headers: { range: "bytes=10-19" } });
    expect([part.status, Buffer.compare(part.bytes(), contentOf(20).subarray(10))]).toEqual([206, 0]);
    expect((await client.head("/files/8000000.bin")).headers.get("content-length")).toBe("8000000");
    expect((await client.get("/none")).status).toBe(404);
    const posted = await client.post("/drop", { content: new Uint8Array(5_000_000) });
    expect(posted.status).toBe(name === "nginx" ? 200 : 404);
    const batch = client.batch(
      Array.from({ length: 300 }, (_, i) => `/files/1.bin?i=${i}`),
      { concurrency: 100 },
    );
    for await (const task of batch) expect(task.state).toBe("succeeded");
  });
});
