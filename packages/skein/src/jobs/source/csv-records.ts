import { type CsvError, type Info, type Parser, parse } from "csv-parse";

/** A field that is longer, or a quote that is never closed, must not fill the memory. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A record, and where the one after it begins: bytes from where the reading began. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly end: number;
}

/** Takes the bytes of a table as they come and gives the records that they complete (RFC 4180). */
export class CsvRecords {
  readonly #parser: Parser;
  #failure: CsvError | undefined;

  constructor(delimiter: string) {
    this.#parser = parse({
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      bom: true,
      info: true,
      relax_column_count: true,
      // Half of the tables that people write have a lone quote somewhere; it then stands for itself.
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_BYTES,
    });
    this.#parser.on("error", error => {
      this.#failure = error as CsvError;
    });
  }

  /** What is wrong with the table; undefined where nothing is so far. */
  get failure(): Error | undefined {
    return this.#failure ?? this.#parser.errored ?? undefined;
  }

  push(bytes: Uint8Array): CsvRecord[] {
    this.#parser.write(bytes);
    return this.#taken();
  }

  /** The last record, where no line break ended it. */
  end(): CsvRecord[] {
    this.#parser.end();
    return this.#taken();
  }

  #taken(): CsvRecord[] {
    const records: CsvRecord[] = [];
    for (let found = this.#parser.read(); found !== null; found = this.#parser.read()) {
      const { record, info } = found as { record: string[]; info: Info };
      records.push({ cells: record, end: info.bytes });
    }
    return records;
  }
}
