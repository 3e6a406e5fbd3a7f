// The last predictions, and what became of the flights.

import { ago, day, find, make, number, quiet, replace, table, unread } from "/pages/dom.js";

let part = null, list = "newest";

export function showTruth(told) {
  part = told;
  const body = find("truth-body"), value = part.value;
  find("truth-choice").hidden = !value?.day?.known;
  if (!value) { replace(body, unread(part, "Predictions") || quiet("Is being read …")); return; }
  const settled = list === "settled" && value.day?.known;
  const lines = settled ? value.day.arrived : value.predictions;
  if (!lines.length) { replace(body, unread(part, "Predictions"), quiet("None yet. Ask the model, or POST a flight to /v1/predict.")); return; }
  const heads = [["Flight"], ["Route"], ["Leaves", "optional"], ["Chance of delay"], ["Said", "optional"], ["Came true"], settled ? ["Arrived", "right optional"] : ["Asked", "right optional"]];
  replace(body, unread(part, "Predictions"), tally(value.day), table(heads, lines.map((item) => row(item, settled)), "Predictions, the newest first"));
}

export function chooseList(name) {
  list = name;
  if (part) showTruth(part);
}

function tally(told) {
  if (!told?.known) return null;
  const share = (one, all) => `${Math.round(100 * one / all)} %`;
  return make("p", { class: "tally" }, make("strong", {}, `${share(told.right, told.known)} right`), ` on ${day(told.day, "long")}: ${number(told.known)} of ${number(told.predicted)} flights have arrived, ${number(told.late)} of them late; ${number(told.foretold)} of these were foretold.`);
}

function row(item, settled) {
  return make("tr", {},
    make("td", { class: "name" }, `${item.carrier} ${item.flight}`),
    make("td", { class: "name" }, `${item.origin} → ${item.dest}`),
    make("td", { class: "optional" }, leaves(item.scheduled_departure)),
    make("td", {}, chance(item)),
    make("td", { class: "optional" }, verdict(item.late)),
    make("td", {}, truthOf(item)),
    make("td", { class: "right optional quiet" }, settled ? leaves(item.truth.at) : ago(item.predicted_at)));
}

function truthOf({ late, truth }) {
  if (!truth) return make("span", { class: "quiet" }, "not known yet");
  const minutes = Math.abs(truth.arr_delay), word = truth.arr_delay > 0 ? `${minutes} min late` : minutes ? `${minutes} min early` : "on the minute";
  const right = late === truth.late;
  return make("span", { class: `truth ${right ? "" : "wrong"}` }, make("span", { "aria-hidden": "true" }, right ? "✓ " : "✗ "), word, make("span", { class: "unseen" }, right ? ", as said" : ", not as said"));
}

function leaves(instant) {
  return new Date(instant).toLocaleString("en", { timeZone: "America/New_York", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function chance({ probability, late }) {
  const bar = make("i", { "aria-hidden": "true" });
  bar.style.setProperty("--share", `${(100 * probability).toFixed(1)}%`);
  return make("span", { class: `chance${late ? " late" : ""}` }, bar, `${Math.round(100 * probability)} %`);
}

function verdict(late) {
  return make("span", { class: `tag${late ? " late" : ""}` }, late ? "late" : "on time");
}
