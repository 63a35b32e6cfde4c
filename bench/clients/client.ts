/** A client under measurement: `get` fetches the URL and reads the body as text. */
export interface BenchClient {
  get(url: string): Promise<string>;
  close(): Promise<void> | void;
}

export type MakeClient = (settings: {
  url: string;
  connections: number;
}) => Promise<BenchClient> | BenchClient;
