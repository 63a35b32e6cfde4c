import { InvalidOption } from "../../core/errors.ts";

/**
 * The text of a netrc file: of `path`, else of the one that the environment variable NETRC names, else of `.netrc`
 * (on Windows `_netrc`) in the home directory.
 *
 * @throws InvalidOption naming the file when it can't be read
 */
export async function readNetrcFile(path?: string): Promise<string> {
  const [{ readFile }, { homedir }, { join }] = await Promise.all([
    import("node:fs/promises"),
    import("node:os"),
    import("node:path"),
  ]);
  const name = process.platform === "win32" ? "_netrc" : ".netrc";
  const file = path ?? (process.env.NETRC || join(homedir(), name));
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : `it can't be read (${code})`;
    throw new InvalidOption(`NetrcAuth: ${file}: ${why}`);
  }
}
