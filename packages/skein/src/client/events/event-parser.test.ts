import { describe, expect, test } from "@skein/testkit";
import { LineSplitter } from "../stream/line-splitter.ts";
import { EventParser, type ServerSentEvent } from "./event-parser.ts";

function eventsOf(text: string, parser = new EventParser("")): ServerSentEvent[] {
  return new LineSplitter()
    .push(text)
    .map(line => parser.push(line))
    .filter(event => event !== undefined);
}

describe("an event stream", () => {
  // The examples of the HTML standard, and what its rules say of the rest.
  test.each<[text: string, events: Partial<ServerSentEvent>[]]>([
    ["data: YHOO\ndata: +2\ndata: 10\n\n", [{ data: "YHOO\n+2\n10" }]],
    [
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
      [
        { data: "first event", id: "1" },
        { data: "second event", id: "" },
      ],
    ],
    ["data\n\ndata\ndata\n\ndata:", [{ data: "" }, { data: "\n" }]],
    ["data:test\n\ndata: test\n\n", [{ data: "test" }, { data: "test" }]],
    ["event: add\ndata: 1\n\ndata: 2\n\n", [{ event: "add" }, { event: "message" }]],
    ["event: nothing\n\n", []],
    ["data: a\r\rdata: b\r\n\r\n", [{ data: "a" }, { data: "b" }]],
    ["id: a\0b\ndata: x\n\n", [{ id: "", data: "x" }]],
    ["retry: 1500\ndata: x\n\ndata: y\n\n", [{ retry: 1500 }, { retry: undefined }]],
    ["retry: 1.5\nretry: -1\nretry:\ndata: x\n\n", [{ retry: undefined }]],
    ["unknown: x\ndata: y\n\n", [{ data: "y" }]],
    ["data: no end\n", []],
  ])("%j", (text, events) => {
    expect(eventsOf(text)).toEqual(events.map(event => expect.objectContaining(event)));
  });

  test("an id lasts until there is another one, and is known without data too", () => {
    const parser = new EventParser("0");
    expect(eventsOf("data: a\n\nid: 5\n\ndata: b\n\nid: 6\ndata: c", parser).map(({ id }) => id)).toEqual([
      "0",
      "5",
    ]);
    expect(parser.lastEventId).toBe("5");
  });

  test("what has not ended when the connection does is forgotten", () => {
    const parser = new EventParser("");
    eventsOf("id: 9\nevent: x\ndata: half\n", parser);
    parser.reset();
    expect(eventsOf("data: whole\n\n", parser)).toEqual([
      { id: "", event: "message", data: "whole", retry: undefined },
    ]);
  });
});
