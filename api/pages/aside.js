// Alarms, and who answers for AWS.

import { ago, make, quiet, replace, tag, unread } from "/pages/dom.js";

export function showAlarms(body, part) {
  const alarms = part.value;
  if (!alarms) { replace(body, unread(part, "Alarms") || quiet("Is being read …")); return; }
  if (!alarms.length) { replace(body, unread(part, "Alarms"), quiet("No alarm is deployed yet.")); return; }
  const ringing = alarms.filter((alarm) => alarm.state === "ALARM"), rest = alarms.filter((alarm) => alarm.state !== "ALARM");
  replace(body, unread(part, "Alarms"),
    ringing.length ? make("ul", { class: "plain alarms" }, ...ringing.map(alarmOf)) : make("p", { class: "summary" }, `All quiet: none of ${alarms.length} alarms rings.`),
    rest.length ? make("details", { "data-key": "alarms-rest" }, make("summary", {}, `${rest.length} ${ringing.length ? "others are quiet" : "alarms, one by one"}`), make("ul", { class: "plain alarms" }, ...rest.map(alarmOf))) : null);
}

function alarmOf(alarm) {
  return make("li", {}, tag(alarm.state), make("span", { class: "what", title: alarm.reason }, alarm.name), make("span", { class: "quiet when" }, `since ${ago(alarm.since)}`), make("span", { class: "because" }, alarm.state === "ALARM" ? `${alarm.description} ${alarm.reason}` : alarm.description));
}

export function showPlace(body, part, where) {
  const told = part.value;
  if (!told) { replace(body, unread(part, "Who answers") || quiet("Is being read …")); return; }
  if (told.aws) {
    replace(body, make("p", { class: "summary" }, "This is AWS itself: every service is Amazon's own, and costs what it costs."), where ? quiet(where) : null);
    return;
  }
  if (told.reason) {
    replace(body, make("p", { class: "summary" }, `${where} answers for AWS; which services it serves ${told.reason}.`), more());
    return;
  }
  const chip = ({ name, at_work }) => make("li", { class: at_work ? "chip work" : "chip" }, name);
  replace(body,
    make("p", { class: "summary" }, `${where} answers for AWS. Whatever it answers is computed; what it cannot compute it refuses by name.`),
    make("h3", {}, `Served: ${told.served.length}`), make("ul", { class: "plain chips" }, ...told.served.map(chip)),
    make("h3", {}, `Refused whole: ${told.refused.length}`), make("ul", { class: "plain chips" }, ...told.refused.map((name) => make("li", { class: "chip refused" }, name))),
    more());
}

const more = () => make("p", { class: "quiet" }, "Filled: in use since its start. Operation by operation: the coverage table in ", make("code", {}, "emulation/README.md"), ".");
