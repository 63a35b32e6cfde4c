import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command, Option } from "commander";
import { closest } from "../closest.ts";
import { FileError, UsageError } from "../exit-code.ts";
import { isSetting, settingValue } from "./setting.ts";

/** Looked for where the program is started, if no file is named. */
const NAMES = ["skein.config.json", "skein.config.ts"];

/** The values of flags, by command and name. */
export class Config {
  readonly #byCommand: ReadonlyMap<string, ReadonlyMap<string, unknown>>;

  constructor(byCommand: ReadonlyMap<string, ReadonlyMap<string, unknown>>) {
    this.#byCommand = byCommand;
  }

  value(command: Command, option: Option): unknown {
    return this.#byCommand.get(command.name())?.get(option.attributeName());
  }
}

/**
 * Reads the file that is named, or the one that stands here; undefined where there is none.
 *
 * @throws UsageError telling all that is wrong in it, each by its place; FileError when it can't be read
 */
export async function readConfig(named: string | undefined, program: Command): Promise<Config | undefined> {
  const path = named ?? foundHere();
  if (path === undefined) return undefined;
  const content = /\.(ts|mts|js|mjs)$/.test(path) ? await importDefault(path) : parseJson(path);
  const problems: string[] = [];
  const config = checkConfig(content, program, problems);
  if (problems.length > 0) throw new UsageError(`${path}: ${problems.join("; ")}`);
  return config;
}

function foundHere(): string | undefined {
  const found = NAMES.filter(name => existsSync(name));
  if (found.length < 2) return found[0];
  throw new UsageError(
    `${found.join(" and ")} both stand here: remove one of them, or name it with --config`,
  );
}

function parseJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new FileError(`--config: can't read ${path}: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The message of the parser repeats what stands there, which may be a secret.
    throw new UsageError(`${path}: not valid JSON`);
  }
}

async function importDefault(path: string): Promise<unknown> {
  if (!existsSync(path)) throw new FileError(`--config: can't read ${path}: there is no such file`);
  if (/ts$/.test(path) && !process.features.typescript) {
    throw new UsageError(
      `${path}: this Node (${process.versions.node}) can't run TypeScript; Node 22.18 and newer can, or write skein.config.json`,
    );
  }
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  return module.default;
}

function checkConfig(content: unknown, program: Command, problems: string[]): Config {
  const byCommand = new Map(program.commands.map(command => [command.name(), new Map<string, unknown>()]));
  if (!isRecord(content)) {
    problems.push("expected an object of flags, and of commands with their flags");
    return new Config(byCommand);
  }
  // What stands at the top holds for all commands that have it; a command's own comes after, and wins.
  const sections = Object.entries(content).filter(([name]) => byCommand.has(name));
  const shared = Object.entries(content).filter(([name]) => !byCommand.has(name));
  for (const [name, value] of shared) {
    const having = program.commands.filter(command => settingOf(command, name) !== undefined);
    if (having.length === 0) problems.push(unknown(name, namesOf(program.commands, [...byCommand.keys()])));
    for (const [index, command] of having.entries())
      take(value, { command, name, place: name, problems: index === 0 ? problems : [] }, byCommand);
  }
  for (const [section, flags] of sections) {
    const command = program.commands.find(candidate => candidate.name() === section)!;
    if (!isRecord(flags)) problems.push(`${section}: expected an object of flags`);
    else
      for (const [name, value] of Object.entries(flags)) {
        if (settingOf(command, name) === undefined)
          problems.push(`${section}: ${unknown(name, namesOf([command], []))}`);
        else take(value, { command, name, place: `${section}.${name}`, problems }, byCommand);
      }
  }
  return new Config(byCommand);
}

interface Taken {
  readonly command: Command;
  readonly name: string;
  readonly place: string;
  readonly problems: string[];
}

function take(
  value: unknown,
  { command, name, place, problems }: Taken,
  byCommand: ReadonlyMap<string, Map<string, unknown>>,
): void {
  const option = settingOf(command, name)!;
  try {
    byCommand.get(command.name())!.set(name, settingValue(option, value, place));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    problems.push(error.message);
  }
}

function settingOf(command: Command, name: string): Option | undefined {
  return command.options.find(option => isSetting(option) && option.attributeName() === name);
}

function namesOf(commands: readonly Command[], others: readonly string[]): string[] {
  const options = commands.flatMap(command => command.options.filter(isSetting));
  return [...others, ...options.map(option => option.attributeName())];
}

function unknown(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  return `unknown name ${JSON.stringify(name)}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
