// One stage: what its box in the picture says, and everything that is known of it.

import { STAGES } from "/pages/flow.js";
import { ago, clock, compact, make, number, quiet, rate, replace, seconds, tag } from "/pages/dom.js";

const UNITS = { stream: "event", ingest: "run", raw: "object", processed: "month", warehouse: "row", endpoint: "answer", workers: "flight", monitor: "window", delivery: "run", rolling: "flight", gateway: "request", dashboards: "sheet" };
const WORDS = { absent: "", reading: "is being read", unknown: "cannot be read", idle: "waits", busy: "at work", failed: "failed", done: "done" };

function unitOf(name, value) {
  return name === "training" ? "AUC" : `${UNITS[name]}${value === 1 ? "" : "s"}`;
}

// What a box says: its number, or where there is none, its words; and how fast the number grows.
export function boxOf(name, stage, growth) {
  const figure = stage.figures.find((item) => item.key === STAGES[name].figure);
  const value = figure?.value;
  const box = { state: stage.state, label: stage.summary, number: value, value: WORDS[stage.state], unit: "", trail: growth?.trail || [] };
  if (growth?.per_second) box.rate = rate(growth.per_second);
  if (typeof value === "number" && !["absent", "unknown", "reading"].includes(stage.state)) {
    box.value = figure.unit === "s" ? seconds(value) : Number.isInteger(value) && value >= 1e6 ? compact(value) : number(value, figure.unit);
    box.unit = figure.unit ? figure.label : unitOf(name, value);
  }
  if (name === "stream" && value === null && stage.state === "idle") {
    Object.assign(box, { value: String(stage.figures.find((item) => item.key === "shards").value), unit: "open shards" });
  }
  if (name === "endpoint" && stage.state === "done" && !value) Object.assign(box, { value: "in service", unit: "" });
  return box;
}

// The service that answers: its tasks, or, where this API runs by itself, only what it answered.
export function boxOfService(stage, truth) {
  const answers = boxOfAnswers(truth);
  if (!stage || stage.state === "absent") return answers;
  const figure = (key) => stage.figures.find((item) => item.key === key)?.value;
  const told = { ...boxOf("service", stage), number: answers.number };
  return ["unknown", "reading"].includes(stage.state) ? told : { ...told, value: `${figure("running")} of ${figure("desired")}`, unit: "tasks" };
}

function boxOfAnswers(truth) {
  const newest = truth?.value?.predictions[0];
  if (truth?.reason) return { state: "unknown", label: truth.reason, number: 0, value: "cannot be read", unit: "", trail: [] };
  return {
    state: newest ? "done" : "idle", label: newest ? `newest ${ago(newest.predicted_at)}` : "none asked yet",
    number: newest ? Date.parse(newest.predicted_at) : 0, value: newest ? ago(newest.predicted_at) : "ask below", unit: "", trail: [],
  };
}

export function showStage(title, body, name, stage, growth) {
  title.textContent = `${STAGES[name].title} · ${STAGES[name].service}`;
  if (!stage) { replace(body, quiet("Nothing is known of it now.")); return; }
  const figures = make("dl");
  for (const figure of stage.figures) figures.append(make("dt", {}, figure.label), make("dd", {}, number(figure.value, figure.unit)));
  if (growth?.per_second) figures.append(make("dt", {}, "in the last 2 minutes"), make("dd", {}, rate(growth.per_second)));
  replace(body,
    make("p", { class: "summary" }, stage.summary),
    stage.resource ? make("p", { class: "resource" }, stage.resource) : null,
    figures, entries(stage.entries), ...facts(stage.facts));
}

function entries(list) {
  if (!list.length) return null;
  const rows = list.map((item) => "table" in item
    ? make("tr", {}, make("td", {}, item.table), make("td", { class: "right" }, number(item.rows)))
    : "said" in item ? make("tr", {}, make("td", {}, tag(item.state)), make("td", { class: "name" }, item.name), make("td", { class: "right" }, item.said))
    : make("tr", {}, make("td", {}, tag(item.state)), make("td", {}, ago(item.started)), make("td", { class: "right" }, seconds(item.seconds))));
  return make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows)));
}

function facts({ crawler, notes = [], events = [], link }) {
  return [
    link ? make("p", {}, make("a", { href: link.href, target: "_blank", rel: "noopener" }, link.text)) : null,
    ...notes.map(quiet), crawler ? aboutCrawler(crawler) : null,
    events.length ? make("ul", { class: "plain events" }, ...events.map(({ at, text }) => make("li", {}, make("time", { datetime: at }, clock(at)), text))) : null,
  ];
}

function aboutCrawler(crawler) {
  const last = crawler.last ? `last crawl ${crawler.last.toLowerCase()}` : "has not crawled yet";
  return quiet(`Crawler ${crawler.name}: ${crawler.state.toLowerCase()}, ${last}${crawler.reason ? `: ${crawler.reason}` : ""}`);
}
