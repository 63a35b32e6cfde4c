/** A client under measurement: `call` fetches the URL, or posts to it, and reads the body as text. */
export interface BenchClient {
  call(url: string): Promise<string>;
  close(): Promise<void> | void;
}

export type MakeClient = (settings: {
  url: string;
  connections: number;
}) => Promise<BenchClient> | BenchClient;
