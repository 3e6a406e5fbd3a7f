// Jobs and deliveries: state, duration, reason, and the last lines of their logs on demand.

import { ago, find, make, quiet, replace, seconds, tag, unread } from "/pages/dom.js";

export function showWork(body, part) {
  const told = part.value;
  if (!told) { replace(body, unread(part, "Jobs and deliveries") || quiet("Is being read …")); return; }
  const broken = Object.entries(told.unread).map(([name, reason]) => make("p", { class: "unread" }, make("strong", {}, `${name} cannot be read now. `), reason));
  replace(body, unread(part, "Jobs and deliveries"), ...broken,
    make("h3", {}, "Deliveries"),
    told.runs.length ? make("div", {}, ...told.runs.map(run)) : quiet("None yet. An alarm of the monitor, or new code, starts one."),
    make("h3", {}, "Jobs"),
    told.jobs.length ? make("ul", { class: "plain jobs" }, ...told.jobs.slice(0, 12).map(job)) : quiet("Nothing has run yet."));
}

// How far a delivery came, as one stroke for each of its stages.
function run(item) {
  const stages = [];
  for (const action of item.actions) {
    const last = stages.at(-1);
    if (last?.name === action.stage) last.actions.push(action);
    else stages.push({ name: action.stage, actions: [action] });
  }
  const strokes = stages.map(({ name, actions }) => make("i", { class: worst(actions), title: name }));
  const stuck = item.actions.find((action) => action.state === "Failed") || item.actions.find((action) => action.state === "InProgress");
  const where = stuck ? `${stuck.stage}: ${stuck.name}` : stages.at(-1)?.name || "";
  return make("details", { "data-key": item.id, class: "run" },
    make("summary", { "data-key": `${item.id}-summary` }, tag(item.state), make("span", { class: "strokes", "aria-hidden": "true" }, ...strokes), make("span", { class: "where" }, where),
      make("span", { class: "quiet when" }, `${ago(item.started)}, ${seconds(item.seconds)}`),
      stuck?.reason ? make("span", { class: "because" }, stuck.reason) : null),
    make("ul", { class: "plain jobs" }, ...item.actions.map((action) => line(action, `${action.stage} · ${action.name}`))));
}

function worst(actions) {
  const states = actions.map((action) => action.state);
  return states.includes("Failed") ? "failed" : states.includes("InProgress") ? "busy" : states.every((state) => state === "Succeeded") ? "done" : "";
}

const job = (item) => line(item, item.name, item.kind);

function line(item, name, kind) {
  const ask = item.log ? make("button", { type: "button", class: "small", "data-key": `${item.log.kind}-${item.log.id}-${name}`, "aria-label": `Log of ${name}` }, "Log") : null;
  ask?.addEventListener("click", () => openLog(item.log, name));
  return make("li", {},
    tag(item.state), make("span", { class: "what" }, kind ? make("span", { class: "kind" }, kind) : null, name),
    make("span", { class: "quiet when" }, `${ago(item.started)}, ${seconds(item.seconds)}`), ask,
    item.reason ? make("span", { class: /FAIL|ERR|STOP/i.test(item.state) ? "because wrong" : "because" }, item.reason) : null);
}

async function openLog(log, name) {
  const dialog = find("log"), text = find("log-lines");
  find("log-title").textContent = name;
  find("log-again").onclick = () => openLog(log, name);
  if (!dialog.open) dialog.showModal();
  text.textContent = "Is being read …";
  try {
    const answer = await fetch(`/v1/console/logs?${new URLSearchParams(log)}`, { headers: { accept: "application/json" } });
    const told = await answer.json();
    if (!answer.ok) { text.textContent = told.detail; return; }
    text.replaceChildren(...told.lines.map((item) => make("span", {}, make("time", {}, new Date(item.at).toLocaleTimeString("en", { hour12: false })), ` ${item.text}\n`)));
    if (!told.lines.length) text.textContent = "Nothing has been written to it yet.";
    text.scrollTop = text.scrollHeight;
  } catch (error) {
    text.textContent = `The API does not answer (${error.message}).`;
  }
}
