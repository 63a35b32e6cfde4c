import { describe, expect, test } from "@skein/testkit";
import { LiveRegion, type Screen } from "./live-region.ts";

const ESCAPE = "\\u001b\\[";
const TOKEN = new RegExp(`${ESCAPE}\\d*[AKJ]|[^]`, "g");
const UP = new RegExp(`^${ESCAPE}(\\d+)A$`);

/** A terminal with as much understanding as the region asks for: lines, moving up, clearing. */
class FakeTerminal implements Screen {
  columns = 20;
  rows = 10;
  readonly lines = [""];
  #row = 0;
  #column = 0;

  write(text: string): void {
    for (const token of text.match(TOKEN) ?? []) this.#apply(token);
  }

  #apply(token: string): void {
    const up = UP.exec(token);
    if (up !== null) this.#row -= Number(up[1]);
    else if (token === "\r") this.#column = 0;
    else if (token === "\n") {
      this.#row += 1;
      this.#column = 0;
      this.lines[this.#row] ??= "";
    } else if (token === "\x1b[K") this.lines[this.#row] = this.#left();
    else if (token === "\x1b[J") {
      this.lines[this.#row] = this.#left();
      this.lines.length = this.#row + 1;
    } else {
      const line = this.lines[this.#row]!;
      this.lines[this.#row] = line.slice(0, this.#column) + token + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #left(): string {
    return this.lines[this.#row]!.slice(0, this.#column);
  }
}

describe("LiveRegion", () => {
  test("draws in place, also when a picture has fewer or shorter lines", () => {
    const terminal = new FakeTerminal();
    terminal.write("before\n");
    const region = new LiveRegion(terminal);
    region.draw(["one", "two two", "three"]);
    expect(terminal.lines).toEqual(["before", "one", "two two", "three", ""]);
    region.draw(["eins", "zwei"]);
    expect(terminal.lines).toEqual(["before", "eins", "zwei", ""]);
  });

  test("clears what it drew and nothing else", () => {
    const terminal = new FakeTerminal();
    terminal.write("before\n");
    const region = new LiveRegion(terminal);
    region.draw(["one", "two"]);
    region.clear();
    region.clear();
    terminal.write("after\n");
    expect(terminal.lines).toEqual(["before", "after", ""]);
  });

  test("a note can stand above the next picture", () => {
    const terminal = new FakeTerminal();
    const region = new LiveRegion(terminal);
    region.draw(["one"]);
    region.clear();
    terminal.write("note\n");
    region.draw(["two"]);
    expect(terminal.lines).toEqual(["note", "two", ""]);
  });

  test("a narrower terminal may have wrapped what was drawn: nothing above is touched", () => {
    const terminal = new FakeTerminal();
    terminal.write("before\n");
    const region = new LiveRegion(terminal);
    region.draw(["one"]);
    terminal.columns = 10;
    region.draw(["two"]);
    region.draw(["three"]);
    expect(terminal.lines).toEqual(["before", "one", "three", ""]);
    terminal.columns = 5;
    region.clear();
    terminal.write("after\n");
    expect(terminal.lines).toEqual(["before", "one", "three", "after", ""]);
  });

  test("a terminal with few rows gets what fits", () => {
    const terminal = new FakeTerminal();
    terminal.rows = 3;
    new LiveRegion(terminal).draw(["a", "b", "c", "d"]);
    expect(terminal.lines).toEqual(["a", "b", ""]);
  });
});
