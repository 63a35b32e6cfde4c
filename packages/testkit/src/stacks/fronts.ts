import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apacheServer } from "../apache-server.ts";
import { nginxServer } from "../nginx-server.ts";
import { freePort, type ServerProcess, serverProcess } from "../server-process.ts";
import { testCertificates } from "../test-certificates.ts";
import { frameFront } from "./frame-front.ts";

/** A server of HTTP/2 over TLS, and of nothing else, that hands each request on to an origin of HTTP/1.1. */
export interface Front extends AsyncDisposable {
  readonly port: number;
}

/** By name, what starts one before the origin on a port of 127.0.0.1. */
export const FRONTS = {
  /** Ours: written frame by frame. */
  frames: frameFront,
  nginx: nginxFront,
  apache: apacheFront,
  caddy: caddyFront,
  nghttpx: nghttpxFront,
} as const satisfies Readonly<Record<string, (originPort: number) => Promise<Front>>>;

export type FrontName = keyof typeof FRONTS;

function nginxFront(origin: number): Promise<ServerProcess> {
  const { certFile, keyFile } = testCertificates().valid;
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return nginxServer({
    config: ({ port }) => `
daemon off; ${user} worker_processes 1; pid nginx.pid; error_log error.log warn;
events { worker_connections 1000; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path body; large_client_header_buffers 8 64k;
  proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
  ignore_invalid_headers off; underscores_in_headers on;
  server {
    listen 127.0.0.1:${port} ssl http2;
    if ($server_protocol != HTTP/2.0) { return 505; }
    location / {
      proxy_pass http://127.0.0.1:${origin};
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_request_buffering off; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
      proxy_read_timeout 1h; proxy_send_timeout 1h;
    }
  }
}
`,
  });
}

function apacheFront(origin: number): Promise<ServerProcess> {
  const { certFile, keyFile } = testCertificates().valid;
  return apacheServer({
    modules: ["ssl", "http2", "env", "proxy", "proxy_http"],
    files: {},
    directives: () => `
Protocols h2
SSLEngine on
SSLCertificateFile ${certFile}
SSLCertificateKeyFile ${keyFile}
LimitRequestFieldSize 65536
LimitRequestLine 65536
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyAddHeaders Off
ProxyTimeout 8
ThreadsPerChild 192
MaxRequestWorkers 192
ThreadLimit 192
H2MinWorkers 128
H2MaxWorkers 128
SetEnv proxy-sendchunked 1
ProxyPass / http://127.0.0.1:${origin}/ nocanon flushpackets=on retry=0
`,
  });
}

function caddyFront(origin: number): Promise<ServerProcess> {
  const { certFile, keyFile } = testCertificates().valid;
  return ownServer(async (directory, port) => {
    const file = join(directory, "Caddyfile");
    writeFileSync(
      file,
      `
{
  admin off
  auto_https disable_redirects
  skip_install_trust
  storage file_system ${directory}
  servers {
    protocols h1 h2
  }
}
https://:${port} {
  bind 127.0.0.1
  tls ${certFile} ${keyFile} {
    alpn h2
  }
  reverse_proxy 127.0.0.1:${origin} {
    flush_interval -1
    header_up -X-Forwarded-For
  }
}
`,
    );
    const args = ["run", "--config", file, "--adapter", "caddyfile"];
    return await serverProcess("caddy", args, { port, directory, debian: "caddy" });
  });
}

function nghttpxFront(origin: number): Promise<ServerProcess> {
  const { certFile, keyFile } = testCertificates().valid;
  return ownServer((directory, port) => {
    const log = join(directory, "error.log");
    const args = [
      "--conf=/dev/null",
      `--frontend=127.0.0.1,${port}`,
      `--backend=127.0.0.1,${origin}`,
      "--workers=1",
      "--single-process",
      "--npn-list=h2",
      "--no-via",
      "--no-server-rewrite",
      "--no-location-rewrite",
      `--errorlog-file=${log}`,
      keyFile,
      certFile,
    ];
    return serverProcess("nghttpx", args, { port, directory, debian: "nghttp2-proxy" });
  });
}

async function ownServer(
  start: (directory: string, port: number) => Promise<ServerProcess>,
): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "skein-front-"));
  try {
    return await start(directory, await freePort());
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}
