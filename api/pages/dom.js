// Elements, and how numbers and times are written. Text from AWS only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";
const whole = new Intl.NumberFormat("en");
const compactly = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const find = (id) => document.getElementById(id);
export const compact = (value) => compactly.format(value);

export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function draw(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// New content for old: what was opened stays open, and who stood on something stands there still.
export function replace(holder, ...children) {
  const open = new Set([...holder.querySelectorAll("details[data-key][open]")].map((item) => item.dataset.key));
  const focused = holder.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
  holder.replaceChildren(...children.filter((child) => child !== null && child !== undefined && child !== false));
  for (const item of holder.querySelectorAll("details[data-key]")) if (open.has(item.dataset.key)) item.open = true;
  if (focused) [...holder.querySelectorAll("[data-key]")].find((item) => item.dataset.key === focused)?.focus({ preventScroll: true });
}

export function number(value, unit) {
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

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.95) return `${Math.round(value * 1000)} ms`;
  if (value < 90) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const rounded = Math.round(value);
  if (rounded >= 5400) return `${Math.floor(rounded / 3600)} h ${Math.round((rounded % 3600) / 60)} min`;
  return `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")} min`;
}

export function rate(perSecond) {
  if (perSecond >= 0.95) return `${perSecond < 10 ? perSecond.toFixed(1) : compact(Math.round(perSecond))}/s`;
  return `${perSecond * 60 < 10 ? (perSecond * 60).toFixed(1) : Math.round(perSecond * 60)}/min`;
}

export function ago(instant) {
  const past = (Date.now() - Date.parse(instant)) / 1000;
  if (past < 60) return "just now";
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  return past < 86400 ? `${Math.floor(past / 3600)} h ago` : new Date(instant).toLocaleDateString("en", { day: "numeric", month: "short" });
}

export const clock = (instant) => new Date(instant).toLocaleTimeString("en", { hour12: false });

// A day of event time, which has no zone to be moved to.
export function day(text, months = "short") {
  return new Date(`${text}T00:00:00Z`).toLocaleDateString("en", { timeZone: "UTC", day: "numeric", month: months });
}

export function tag(state) {
  const failed = /FAIL|ERR|TIMEOUT|STOP|FAULT|violated|unhealthy|^ALARM$/i.test(state) && !/^Stopping$/i.test(state);
  const done = /SUCC|Compl|DONE|InServ|READY|^ok$|^healthy$/i.test(state);
  const kind = failed ? "failed" : done ? "" : /Supersed|Cancel|INSUFF|too_little/i.test(state) ? "dull" : "busy";
  return make("span", { class: `tag ${kind}` }, state.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replaceAll("_", " "));
}

export function table(heads, rows, caption) {
  const head = make("tr", {}, ...heads.map(([text, kind]) => make("th", { scope: "col", class: kind }, text)));
  return make("div", { class: "scroll" }, make("table", {},
    caption ? make("caption", { class: "unseen" }, caption) : null, make("thead", {}, head), make("tbody", {}, ...rows)));
}

export const quiet = (text) => make("p", { class: "quiet" }, text);

// A panel whose part could not be read says why, in its own place.
export function unread(part, what) {
  if (!part) return quiet("Is being read …");
  return part.reason ? make("p", { class: "unread" }, make("strong", {}, `${what} cannot be read now. `), part.reason) : null;
}
