// The console: hears from the API how everything is, and hands each topic to its panel.

import { prepareAsking, prepareQuery } from "/pages/ask.js";
import { showAlarms, showPlace } from "/pages/aside.js";
import { clock, find, make, number } from "/pages/dom.js";
import { Feed } from "/pages/feed.js";
import { Picture } from "/pages/flow.js";
import { QualityPanel } from "/pages/quality.js";
import { boxOf, boxOfService, showStage } from "/pages/stage.js";
import { chooseList, showTruth } from "/pages/truth.js";
import { showWork } from "/pages/work.js";

const seen = {};
let chosen = "stream";

const picture = new Picture(find("picture"), (name) => { chosen = name; showChosen(); });
const quality = new QualityPanel(find("quality-body"), find("drift-body"), find("drift-title"));

const panels = {
  pipeline: showPipeline,
  truth: (part) => { showTruth(part); showBoxes(); },
  quality: (part) => quality.show(part),
  work: (part) => showWork(find("work-body"), part),
  alarms: (part) => showAlarms(find("alarms-body"), part),
  place: showWhere,
  read: ({ at }) => { find("read").textContent = `read ${clock(at)}`; },
};

function heard(topic, value) {
  seen[topic] = value;
  panels[topic](value);
}

function showPipeline(state) {
  find("where").textContent = `${state.aws.replace(/^https?:\/\//, "")} · ${state.region}`;
  const mlflow = find("mlflow");
  mlflow.hidden = !state.links.mlflow;
  if (state.links.mlflow) mlflow.href = state.links.mlflow;
  const dashboards = find("dashboards"), link = state.stages.dashboards?.facts.link;
  dashboards.hidden = !link;
  if (link) dashboards.href = link.href;
  showQueryBox(state.query_box_off);
  showNews(news(state));
  showBoxes();
  showChosen();
  if (seen.place) showWhere();
  find("stacks").replaceChildren(...state.stacks.map((stack) => {
    const mark = /NOT_DEPLOYED/.test(stack.status) ? "absent" : /FAILED|ROLLBACK/.test(stack.status) ? "failed" : /IN_PROGRESS/.test(stack.status) ? "busy" : "done";
    return make("li", { title: stack.status }, make("span", { class: `mark ${mark}` }), `${state.name}-${stack.name}`, make("span", { class: "unseen" }, `: ${stack.status}`));
  }));
}

function showQueryBox(off) {
  find("query").hidden = Boolean(off);
  find("query-off").hidden = !off;
  find("query-off").textContent = off;
}

function showWhere() {
  showPlace(find("place-body"), seen.place, seen.pipeline ? `${seen.pipeline.aws.replace(/^https?:\/\//, "")}` : "");
}

function showBoxes() {
  const { pipeline, truth } = seen, boxes = {};
  if (!pipeline) return;
  for (const [name, stage] of Object.entries(pipeline.stages)) boxes[name] = boxOf(name, stage, pipeline.rates[name]);
  if (pipeline.stages.service) boxes.service = boxOfService(pipeline.stages.service, truth);
  picture.show(boxes);
}

function showChosen() {
  if (seen.pipeline) showStage(find("detail-title"), find("detail-body"), chosen, seen.pipeline.stages[chosen], seen.pipeline.rates[chosen]);
}

// The one sentence above the picture: only when there is something to say.
function news(state) {
  if (!state.reachable) return ["failed", "AWS does not answer.", `Nobody serves ${state.aws}: ${state.reason} Start everything with make up.`];
  if (!state.stacks.length) return ["busy", "The pipeline is being read.", "Its stages appear as AWS tells of them."];
  const failed = state.stacks.find((stack) => /FAILED|ROLLBACK/.test(stack.status));
  if (failed) return ["failed", `The stack ${failed.name} failed.`, failed.reason || failed.status];
  const moving = state.stacks.find((stack) => /IN_PROGRESS/.test(stack.status));
  if (moving) return ["busy", "The pipeline is being deployed.", `Now: ${moving.name}. The stages appear below as they come to life.`];
  const missing = state.stacks.filter((stack) => stack.status === "NOT_DEPLOYED");
  if (missing.length === state.stacks.length) return ["", "Nothing grows here yet.", "The emulator is ready. make up deploys the pipeline, tells it the flights, and trains the model; this page shows it happen."];
  if (missing.length && !state.deployed) return ["busy", "The pipeline is growing.", `Not there yet: ${missing.map((stack) => stack.name).join(", ")}.`];
  if (state.unrecorded) return ["busy", `${number(state.unrecorded)} predictions were answered but not written to the lake.`, "The API's log says why."];
  return null;
}

function showNews(said) {
  const box = find("news");
  box.hidden = !said;
  if (!said) { box.dataset.said = ""; return; }
  const [kind, title, text] = said;
  box.className = `news ${kind}`;
  if (box.dataset.said === title + text) return;
  box.dataset.said = title + text;
  box.replaceChildren(make("strong", {}, title), withCode(text));
}

// `make up` in a sentence is a command.
function withCode(text) {
  const line = make("span");
  for (const part of text.split(/(make up)/)) line.append(part === "make up" ? make("code", {}, part) : part);
  return line;
}

function standing(how, why) {
  const mark = find("live"), words = { live: "live", again: "connects again", polling: "asks every 5 s", lost: "no connection" };
  mark.className = `live ${how}`;
  if (mark.textContent !== words[how]) mark.textContent = words[how];
  if (how === "lost") showNews(["failed", "This page has lost its API.", `It asks again by itself (${why}).`]);
  else if (find("news").dataset.said?.startsWith("This page") && seen.pipeline) showNews(news(seen.pipeline));
}

const PLACES = { f: "flow", m: "quality", d: "drift", j: "work", p: "truth", a: "ask", w: "warehouse", r: "alarms" };

function shortcut(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const place = PLACES[event.key];
  if (event.key === "?") find("keys").showModal();
  else if (place) {
    event.preventDefault();
    const section = find(place);
    section.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    const inside = [...section.querySelectorAll("[tabindex='0'], textarea, input, summary, button")];
    (inside.find((item) => item.checkVisibility()) || section).focus({ preventScroll: true });
  }
}

prepareAsking();
prepareQuery();
for (const choice of document.querySelectorAll("[name=list]")) choice.addEventListener("change", () => chooseList(choice.value));
for (const button of document.querySelectorAll("[data-closes]")) button.addEventListener("click", () => button.closest("dialog").close());
find("help").addEventListener("click", () => find("keys").showModal());
document.addEventListener("keydown", shortcut);
picture.choose(chosen);
const feed = new Feed(heard, standing);
if (!document.hidden) feed.start();
