/**
 * One measurement in a process of its own: `node body-process.js <client> <streamed|buffered> <url> <length> <seconds>`
 * prints MB a second, MB a second of its own time on the processor, and the most memory that it had resident, in MB:
 * with the first body, and in all. It is JavaScript, with its clients: what strips types would be counted as theirs, 17 MB.
 */
const [name, how, url, length, seconds] = process.argv.slice(2);
const { makeClient } = await import(`./body-clients/${name}.js`);
const client = makeClient(url);
const MB = 1e6;

async function fetchBody() {
  const received = await client[how](url);
  if (received !== Number(length)) throw new Error(`${name} got ${received} of ${length} bytes`);
}

const peak = () => Math.round((process.resourceUsage().maxRSS * 1_024) / MB);

await fetchBody();
const firstPeak = peak();
const start = performance.now();
const usage = process.cpuUsage();
let count = 0;
do {
  await fetchBody();
  count += 1;
} while (performance.now() - start < Number(seconds) * 1_000);
const elapsed = (performance.now() - start) / 1_000;
const { user, system } = process.cpuUsage(usage);
const received = (count * Number(length)) / MB;
const rate = received / elapsed;
const perCpuSecond = received / ((user + system) / 1e6);
console.log(JSON.stringify({ rate, perCpuSecond, firstPeak, peak: peak() }));
await client.close();
process.exit(0);
