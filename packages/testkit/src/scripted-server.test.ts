import { connect } from "node:net";
import { expect, scriptedServer, test } from "./index.ts";

/** What comes back for `sent`, and how the connection ended. */
function talk(port: number, sent: string): Promise<{ text: string; error: string | undefined }> {
  return new Promise(resolve => {
    const socket = connect(port, "127.0.0.1", () => socket.write(sent));
    let text = "";
    let error: string | undefined;
    socket.setEncoding("latin1");
    socket.on("data", chunk => {
      text += chunk;
    });
    socket.on("error", (failure: NodeJS.ErrnoException) => {
      error = failure.code;
    });
    socket.on("close", () => resolve({ text, error }));
  });
}

const HEAD = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

test("every byte of the answer is the script's", async () => {
  const server = await scriptedServer(async connection => {
    const head = await connection.readHead();
    const body = Buffer.from(await connection.readBytes(3)).toString();
    await connection.write(`${head.split("\r\n")[0]}|${body}|\xff`);
    await connection.write(new Uint8Array([0, 10]));
    connection.end();
  });
  expect((await talk(server.port, `${HEAD}abc`)).text).toBe("GET / HTTP/1.1|abc|\xff\0\n");
  await server.close();
});

test("each connection runs the script, and knows its number", async () => {
  const server = await scriptedServer(async connection => {
    await connection.readHead();
    await connection.write(String(connection.number));
    connection.end();
  });
  expect([await talk(server.port, HEAD), await talk(server.port, HEAD)].map(({ text }) => text)).toEqual([
    "1",
    "2",
  ]);
  expect(server.connections).toBe(2);
  await server.close();
});

test("a head that comes in pieces, and two in one piece", async () => {
  const heads: string[] = [];
  const server = await scriptedServer(async connection => {
    heads.push(await connection.readHead(), await connection.readHead());
    connection.end();
  });
  await talk(server.port, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  expect(heads).toEqual(["GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n"]);
  await server.close();
});

test("reset sends a TCP reset", async () => {
  const server = await scriptedServer(async connection => {
    await connection.readHead();
    connection.reset();
  });
  expect((await talk(server.port, HEAD)).error).toBe("ECONNRESET");
  await server.close();
});

test("closing ends connections that the script has left open", async () => {
  const server = await scriptedServer(async connection => {
    await connection.readHead();
    await connection.write("partial");
  });
  const talking = talk(server.port, HEAD);
  while (server.openConnections === 0) await new Promise(resolve => setTimeout(resolve, 5));
  await server.close();
  await talking;
  expect(server.openConnections).toBe(0);
});

test("a client that leaves is no failure; a script that throws fails the test at close", async () => {
  const left = await scriptedServer(async connection => {
    await connection.readHead();
  });
  await new Promise<void>(resolve => {
    const socket = connect(left.port, "127.0.0.1", () => socket.end("GET"));
    socket.on("close", () => resolve());
    socket.resume();
  });
  await left.close();

  const broken = await scriptedServer(async connection => {
    await connection.readHead();
    throw new Error("the script's own mistake");
  });
  await talk(broken.port, HEAD);
  await expect(broken.close()).rejects.toThrow("the script's own mistake");
});
