// Asks the API how the pipeline is, and shows it. Text from AWS only ever becomes text nodes.

import { Picture, STAGES } from "/pages/flow.js";

const POLL_MS = 3000;
const QUIET_POLL_MS = 10000;
const find = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

let picture, chosen = "stream", seen = null;

function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function number(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "bytes") return bytes(value);
  if (unit === "s") return seconds(value);
  return Number.isInteger(value) ? whole.format(value) : value.toFixed(3);
}

function bytes(value) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let step = 0;
  while (value >= 1000 && step < units.length - 1) { value /= 1000; step += 1; }
  return `${step ? value.toFixed(1) : value} ${units[step]}`;
}

function seconds(value) {
  if (value < 90) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const rounded = Math.round(value);
  return `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")} min`;
}

function ago(instant) {
  const past = (Date.now() - Date.parse(instant)) / 1000;
  if (past < 60) return "just now";
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  return past < 86400 ? `${Math.floor(past / 3600)} h ago` : new Date(instant).toLocaleDateString("en", { day: "numeric", month: "short" });
}

// What a node of the picture says: its number, or where there is none, its words.
function shownStage(name, stage) {
  const figure = stage.figures.find((item) => item.key === STAGES[name].figure);
  const value = figure?.value;
  const words = { absent: "", unknown: "cannot be read", idle: "waits", busy: "at work", failed: "failed", done: "done" }[stage.state];
  const node = { state: stage.state, label: stage.summary, number: value, value: words, unit: "" };
  if (typeof value === "number" && !["absent", "unknown"].includes(stage.state)) {
    node.value = figure.unit === "s" ? seconds(value) : Number.isInteger(value) && value >= 1e6 ? compact.format(value) : number(value, figure.unit);
    node.unit = figure.unit ? figure.label : unitOf(name, value);
  }
  if (name === "stream" && value === null && stage.state === "idle") {
    Object.assign(node, { value: String(stage.figures.find((item) => item.key === "shards").value), unit: "open shards" });
  }
  if (name === "endpoint" && stage.state === "done" && !value) Object.assign(node, { value: "in service", unit: "" });
  return node;
}

const UNITS = { stream: "event", ingest: "run", raw: "object", processed: "month", warehouse: "row", endpoint: "answer", workers: "flight", monitor: "window", delivery: "run" };

function unitOf(name, value) {
  return name === "training" ? "AUC" : `${UNITS[name]}${value === 1 ? "" : "s"}`;
}

function showPicture(state) {
  const shown = {};
  for (const [name, stage] of Object.entries(state.stages)) shown[name] = shownStage(name, stage);
  const count = state.predictions.length;
  const newest = state.predictions[0];
  shown.api = {
    state: count ? "done" : "idle", label: count ? `newest ${ago(newest.predicted_at)}` : "none asked yet",
    number: newest ? Date.parse(newest.predicted_at) : 0, value: count ? ago(newest.predicted_at) : "ask below", unit: "",
  };
  picture.show(shown);
}

// The one sentence above the picture: only when there is something to say.
function news(state) {
  if (!state.reachable) return ["failed", "AWS does not answer.", `Nobody serves ${state.aws}: ${state.reason} Start everything with make up.`];
  const failed = state.stacks.find((stack) => /FAILED|ROLLBACK/.test(stack.status));
  if (failed) return ["failed", `The stack ${failed.name} failed.`, failed.reason || failed.status];
  const moving = state.stacks.find((stack) => /IN_PROGRESS/.test(stack.status));
  if (moving) return ["busy", "The pipeline is being deployed.", `Now: ${moving.name}. The stages appear below as they come to life.`];
  const missing = state.stacks.filter((stack) => stack.status === "NOT_DEPLOYED");
  if (missing.length === state.stacks.length) return ["", "Nothing grows here yet.", "The emulator is ready. make up deploys the pipeline, tells it the flights, and trains the model; this page shows it happen."];
  if (missing.length) return ["busy", "The pipeline is growing.", `Not there yet: ${missing.map((stack) => stack.name).join(", ")}.`];
  if (state.unrecorded) return ["busy", `${whole.format(state.unrecorded)} predictions were answered but not written to the lake.`, state.predictions_reason];
  return null;
}

function showNews(state) {
  const said = news(state), box = find("news");
  box.hidden = !said;
  if (!said) return;
  const [kind, title, text] = said;
  box.className = `news ${kind}`;
  if (box.dataset.said !== title + text) {
    box.dataset.said = title + text;
    box.replaceChildren(make("strong", {}, title), withCode(text));
  }
}

// `make up` in a sentence is a command.
function withCode(text) {
  const line = make("span");
  for (const part of text.split(/(make up)/)) line.append(part === "make up" ? make("code", {}, part) : part);
  return line;
}

function showDetail(state) {
  const body = find("detail-body");
  if (chosen === "api") {
    find("detail-title").textContent = "Predictions · FastAPI";
    body.replaceChildren(
      make("p", { class: "summary" }, "Every answer of the endpoint is written to the lake, where the monitor reads it."),
      make("p", { class: "resource" }, "s3://…/predictions/date=…"),
    );
    return;
  }
  const stage = state.stages[chosen];
  find("detail-title").textContent = `${STAGES[chosen].title} · ${STAGES[chosen].service}`;
  if (!stage) { body.replaceChildren(make("p", { class: "quiet" }, "Nothing is known of it now.")); return; }
  const figures = make("dl");
  for (const figure of stage.figures) figures.append(make("dt", {}, figure.label), make("dd", {}, number(figure.value, figure.unit)));
  body.replaceChildren(
    make("p", { class: "summary" }, stage.summary),
    ...(stage.resource ? [make("p", { class: "resource" }, stage.resource)] : []),
    figures,
    ...[entries(stage.entries), facts(stage.facts)].filter(Boolean),
  );
}

function tag(state) {
  const kind = /SUCC|Compl|DONE|InServ|READY|^ok$/i.test(state) ? "" : /FAIL|ERR|TIMEOUT|STOP|violated/i.test(state) ? "failed" : "busy";
  return make("span", { class: `tag ${kind}` }, state.toLowerCase().replaceAll("_", " "));
}

function entries(list) {
  if (!list.length) return null;
  const rows = list.map((item) => "table" in item
    ? make("tr", {}, make("td", {}, item.table), make("td", { class: "right" }, number(item.rows)))
    : "said" in item ? make("tr", {}, make("td", {}, tag(item.state)), make("td", { class: "name" }, item.name), make("td", { class: "right" }, item.said))
    : make("tr", {}, make("td", {}, tag(item.state)), make("td", {}, ago(item.started)), make("td", { class: "right" }, item.seconds === null ? "–" : seconds(item.seconds))));
  return make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows)));
}

function facts(all) {
  const crawler = all.crawler;
  if (!crawler) return null;
  const last = crawler.last ? `last crawl ${crawler.last.toLowerCase()}` : "has not crawled yet";
  return make("p", { class: "quiet" }, `Crawler ${crawler.name}: ${crawler.state.toLowerCase()}, ${last}${crawler.reason ? `: ${crawler.reason}` : ""}`);
}

const METRICS = { pr_auc: "PR-AUC", brier: "Brier score", accuracy: "Accuracy", calibration: "Predicted to actual", train_rows: "Flights learnt from", test_rows: "Flights tested on" };

function showModel(state) {
  const jobs = state.stages.training?.entries || [];
  const job = jobs.find((item) => Object.keys(item.metrics).length) || jobs[0];
  const body = find("model-body");
  if (!job) { body.replaceChildren(make("p", { class: "quiet" }, "No model has been trained yet. Its numbers on flights that it has never seen will stand here.")); return; }
  const parts = [];
  const { auc, ...others } = job.metrics;
  if (auc !== undefined) {
    parts.push(make("p", { class: "auc" }, make("b", {}, auc.toFixed(3)), make("span", { class: "quiet" }, "AUC on later flights")), scale(auc));
  }
  const numbers = make("dl");
  const known = Object.keys(METRICS), place = (name) => known.includes(name) ? known.indexOf(name) : known.length;
  const ordered = Object.entries(others).sort(([one], [two]) => place(one) - place(two));
  for (const [name, value] of ordered) numbers.append(make("dt", {}, METRICS[name] || name.replaceAll("_", " ")), make("dd", {}, number(value)));
  parts.push(numbers, make("p", { class: "quiet" }, tag(job.state), ` ${job.name}, ${ago(job.started)}${job.seconds ? `, in ${seconds(job.seconds)}` : ""}`));
  if (job.reason) parts.push(make("p", { class: "answer failed" }, job.reason));
  body.replaceChildren(...parts);
}

// Where the AUC lies between guessing (0.5) and 0.9; the band is what is believable without a leak.
function scale(auc) {
  const SVG = "http://www.w3.org/2000/svg", at = (value) => (Math.min(Math.max(value, 0.5), 0.9) - 0.5) / 0.4 * 300;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 300 34");
  svg.setAttribute("class", "scale");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${auc.toFixed(3)} on a scale from 0.5, guessing, to 0.9; 0.73 to 0.80 is expected`);
  const shape = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    svg.append(made);
  };
  shape("rect", { x: 0, y: 8, width: 300, height: 6, rx: 3, class: "rail" });
  shape("rect", { x: at(0.73), y: 8, width: at(0.8) - at(0.73), height: 6, class: "band" });
  shape("rect", { x: at(auc) - 1.5, y: 3, width: 3, height: 16, rx: 1.5, class: "needle" });
  shape("text", { x: 0, y: 31 }, "0.5 guessing");
  shape("text", { x: (at(0.73) + at(0.8)) / 2, y: 31, "text-anchor": "middle" }, "expected");
  shape("text", { x: 300, y: 31, "text-anchor": "end" }, "0.9 a leak");
  return svg;
}

function showPredictions(state) {
  const body = find("predictions-body");
  if (!state.predictions.length) {
    body.replaceChildren(make("p", { class: "quiet" }, state.predictions_reason || "None yet. Ask the model above, or POST a flight to /predict."));
    return;
  }
  const head = make("tr", {}, ...[["Flight"], ["Route"], ["Leaves", "optional"], ["Chance of delay"], [""], ["Asked", "right optional"]].map(([text, kind]) => make("th", { class: kind || "" }, text)));
  const rows = state.predictions.map((item) => make("tr", {},
    make("td", { class: "name" }, `${item.carrier} ${item.flight}`),
    make("td", { class: "name" }, `${item.origin} → ${item.dest}`),
    make("td", { class: "optional" }, leaves(item.scheduled_departure)),
    make("td", {}, chance(item)),
    make("td", {}, verdict(item.late)),
    make("td", { class: "right optional quiet" }, ago(item.predicted_at))));
  body.replaceChildren(make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
}

function leaves(instant) {
  return new Date(instant).toLocaleString("en", { timeZone: "America/New_York", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
}

function chance({ probability, late }) {
  const bar = make("i", { "aria-hidden": "true" });
  bar.style.setProperty("--share", `${(100 * probability).toFixed(1)}%`);
  return make("span", { class: `chance${late ? " late" : ""}` }, bar, `${Math.round(100 * probability)} %`);
}

function verdict(late) {
  return make("span", { class: `tag${late ? " late" : ""}` }, late ? "late" : "on time");
}

function showFrame(state) {
  find("where").textContent = `${state.aws.replace(/^https?:\/\//, "")} · ${state.region}`;
  find("read").textContent = `read ${new Date(state.read_at).toLocaleTimeString("en", { hour12: false })}`;
  const mlflow = find("mlflow");
  mlflow.hidden = !state.links.mlflow;
  if (state.links.mlflow) mlflow.href = state.links.mlflow;
  find("stacks").replaceChildren(...state.stacks.map((stack) => {
    const mark = /NOT_DEPLOYED/.test(stack.status) ? "absent" : /FAILED|ROLLBACK/.test(stack.status) ? "failed" : /IN_PROGRESS/.test(stack.status) ? "busy" : "done";
    return make("span", { title: stack.status }, make("span", { class: `mark ${mark}` }), `${state.name}-${stack.name}`);
  }));
}

function show(state) {
  seen = state;
  showFrame(state);
  showNews(state);
  showPicture(state);
  showDetail(state);
  showModel(state);
  showPredictions(state);
}

async function look() {
  try {
    const answer = await fetch("/pipeline", { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    const box = find("news");
    box.hidden = false;
    box.className = "news failed";
    box.dataset.said = "";
    box.replaceChildren(make("strong", {}, "This page has lost its API."), `It asks again by itself (${error.message}).`);
  }
}

async function poll() {
  if (!document.hidden) await look();
  const settled = seen && Object.values(seen.stages).every((stage) => stage.state === "done");
  setTimeout(poll, settled ? QUIET_POLL_MS : POLL_MS);
}

async function ask(event) {
  event.preventDefault();
  const form = event.target, button = form.querySelector("button"), answer = find("answer");
  const fields = Object.fromEntries(new FormData(form));
  const flight = {
    ...fields, carrier: fields.carrier.toUpperCase(), dest: fields.dest.toUpperCase(),
    flight: Number(fields.flight), origin_mean_delay_2h: Number(fields.origin_mean_delay_2h),
  };
  button.disabled = true;
  try {
    const reply = await fetch("/predict", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(flight) });
    const told = await reply.json();
    answer.className = reply.ok ? "answer" : "answer failed";
    answer.replaceChildren(...(reply.ok
      ? [chance(told), " ", make("b", {}, told.late ? " Probably late." : " Probably on time."), told.warning ? make("div", { class: "quiet" }, told.warning) : null].filter(Boolean)
      : [withCode(told.detail)]));
  } catch (error) {
    answer.className = "answer failed";
    answer.textContent = `The API does not answer (${error.message}).`;
  }
  button.disabled = false;
  await look();
}

picture = new Picture(find("picture"), (name) => { chosen = name; if (seen) showDetail(seen); });
picture.choose(chosen);
find("form").addEventListener("submit", ask);
find("form").elements.origin_mean_delay_2h.addEventListener("input", (event) => { find("delay").textContent = `${event.target.value} min`; });
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
poll();
