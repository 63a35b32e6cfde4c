import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CookieJar, isSkeinError } from "../../entry/node.ts";
import { FileError } from "../exit-code.ts";

/** Cookies that outlive a command, in a file that only its owner may read: they are credentials. */
export class Session {
  readonly jar = new CookieJar();
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws FileError when the file can't be read, or holds something else */
  static async open(path: string): Promise<Session> {
    const session = new Session(path);
    const text = readIfThere(path);
    if (text === undefined) return session;
    try {
      await session.jar.load(JSON.parse(text));
    } catch (error) {
      if (!(error instanceof SyntaxError) && !isSkeinError(error)) throw error;
      throw new FileError(`--session: ${path} holds no session of skein; expected another file, or none yet`);
    }
    return session;
  }

  /**
   * Writes the cookies as they are now: all or nothing, whatever ends the process in between.
   *
   * @throws FileError
   */
  async save(): Promise<void> {
    const beside = `${this.#path}.${randomUUID()}.tmp`;
    const text = `${JSON.stringify(await this.jar.save(), null, 2)}\n`;
    try {
      writeFileSync(beside, text, { mode: 0o600, flush: true });
      renameSync(beside, this.#path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw new FileError(`--session: can't write ${this.#path}: ${(error as Error).message}`);
    }
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FileError(`--session: can't read ${path}: ${(error as Error).message}`);
  }
}
