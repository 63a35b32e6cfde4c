import { Client, isSkeinError } from "skein";

// Relative to the page; a failed request is tried again by itself, as it is on a server.
const client = new Client({ baseUrl: "api", timeout: "10s", raiseForStatus: true });

const element = id => document.getElementById(id);

// ── List and search: what was asked for before is cancelled, so that a late answer never overwrites a newer one ──

let searching;

async function search(text) {
  searching?.cancel("another search");
  const call = client.get("/birds", { params: { search: text || null } });
  searching = call;
  element("status").textContent = "Searching …";
  try {
    const birds = (await call).json();
    element("birds").replaceChildren(...birds.map(({ name }) => item(name)));
    element("status").textContent = `${birds.length} found`;
  } catch (error) {
    if (error.name !== "AbortError") element("status").textContent = error.message;
  }
}

function item(text) {
  const li = document.createElement("li");
  li.textContent = text;
  return li;
}

element("search").addEventListener("input", event => search(event.target.value));

// ── Many requests: a batch ──

let batch;

async function count() {
  const birds = await client.get("/birds").json();
  batch = client.batch(birds, { request: ({ id }) => `/birds/${id}`, concurrency: 6 });
  running(true);
  element("total").textContent = "";
  let total = 0;
  let done = 0;
  element("progress").max = birds.length;
  for await (const task of batch) {
    if (task.state !== "succeeded") continue;
    total += task.response.json().flock;
    done += 1;
    element("progress").value = done;
    element("total").textContent = `${total} birds in ${done} flocks`;
  }
  if (done < birds.length) element("total").textContent += `; stopped, ${birds.length - done} not counted`;
  running(false);
}

function running(is) {
  element("count").disabled = is;
  element("cancel").disabled = !is;
}

element("count").addEventListener("click", () => {
  count().catch(error => {
    element("total").textContent = isSkeinError(error) ? error.message : String(error);
  });
});
element("cancel").addEventListener("click", () => batch.cancel("by the user"));

search("");
