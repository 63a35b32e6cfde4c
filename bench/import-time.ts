import { median, pinned, runCommand } from "./measure.ts";

/** By name, what a program would import. */
const MODULES: Readonly<Record<string, string>> = {
  skein: new URL("../packages/skein/dist/index.js", import.meta.url).href,
  undici: import.meta.resolve("undici"),
  got: import.meta.resolve("got"),
  axios: import.meta.resolve("axios"),
};

/** How long `import` takes in a process that has done nothing else, on one core. */
export async function benchImport(rounds: number): Promise<string> {
  const taken = new Map<string, number[]>(Object.keys(MODULES).map(name => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, module] of Object.entries(MODULES)) taken.get(name)!.push(await importTime(module));
  const rows = [...taken].map(([name, values]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return `| ${name} | ${median(values).toFixed(1)} | ${low.toFixed(1)}–${high.toFixed(1)} |`;
  });
  return [
    "## Import",
    "",
    "Milliseconds that `import` takes in a fresh process, on one core. Goal of `skein`: 40.",
    "",
    "| | ms, median | min–max |",
    "| --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function importTime(module: string): Promise<number> {
  const code = `const start = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - start);`;
  return Number(await runCommand(...pinned(process.execPath, ["--input-type=module", "-e", code])));
}
