"use strict";

const base = document.body.dataset.source;
const tabs = document.querySelector("[role=tablist]");
const controls = document.querySelector(".controls");
const sheet = document.querySelector(".sheet");
const described = document.querySelector(".description");
const state = { sheet: null, parameters: fromHash(), filters: {} };
let model;
let round = 0;

// `#p.Name=value`, as QuickSight's own addresses have it.
function fromHash() {
  const found = {};
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name.startsWith("p.")) (found[name.slice(2)] ??= []).push(value);
  }
  return found;
}

function address(path, more) {
  const found = new URL(`${base}/${path}`, location);
  const told = JSON.stringify({ parameters: state.parameters, filters: state.filters });
  found.searchParams.set("state", told);
  for (const [name, value] of Object.entries(more ?? {})) found.searchParams.set(name, value);
  return found;
}

async function get(path, more) {
  const answer = await fetch(address(path, more));
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message);
  return found;
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  const [ink, quiet, grid, line] = ["--ink", "--quiet", "--grid", "--line"].map((name) => style.getPropertyValue(name));
  return { ink, quiet, grid, line, font: getComputedStyle(document.body).fontFamily };
}

function look() {
  const { ink, quiet, grid, line, font } = colors();
  const palette = ["#2f7d57", "#d08a2c", "#3b6fb6", "#b5493f", "#7a5ba6", "#4aa3a2", "#8a7a3d", "#c2628f", "#5b6b73", "#8fb04a"];
  const bright = ["#6cc497", "#e6ad59", "#7ea9e6", "#e58579", "#b398dc", "#7fd0cf", "#c3b268", "#e79bbd", "#9fb0b8", "#b9d97a"];
  const category = matchMedia("(prefers-color-scheme: dark)").matches ? bright : palette;
  return {
    background: null, font, view: { stroke: null }, range: { category },
    axis: { labelColor: quiet, titleColor: quiet, gridColor: grid, domainColor: line, tickColor: line, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500 },
    legend: { labelColor: ink, titleColor: quiet, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 500, symbolType: "circle", symbolStrokeWidth: 0, symbolSize: 70 },
    bar: { color: category[0], discreteBandSize: { band: 0.78 } }, line: { color: category[0] }, area: { color: category[0] },
    point: { color: category[0] }, text: { color: ink }, title: { color: ink },
  };
}

async function draw(section, now) {
  const place = section.querySelector(".drawing");
  place.classList.add("waiting");
  let found;
  try {
    found = await get("draw", { sheet: state.sheet, element: section.dataset.element });
  } catch (error) {
    found = { refused: error.message };
  }
  if (now !== round) return;
  place.classList.remove("waiting");
  section.view?.finalize();
  section.view = null;
  const titles = section.querySelector(".titles");
  if (titles) titles.innerHTML = (found.title ? `<h2>${found.title}</h2>` : "") + (found.subtitle ? `<div class=subtitle>${found.subtitle}</div>` : "");
  const notes = section.querySelector(".notes");
  if (notes) notes.textContent = (found.notes ?? []).join(" · ");
  place.classList.toggle("chart", Boolean(found.spec));
  if (found.refused) {
    place.replaceChildren(element("p", { className: "refused" }, element("b", { textContent: "Not drawn" }), found.refused));
  } else if (found.spec) {
    place.replaceChildren();
    const host = place.appendChild(element("div"));
    const drawn = await vegaEmbed(host, found.spec, { actions: false, renderer: "svg", ast: true, config: look(), tooltip: { theme: "custom" } });
    section.view = drawn.view;
    host.querySelector("svg")?.setAttribute("aria-label", section.getAttribute("aria-label"));
  } else {
    place.innerHTML = found.html;
    place.tabIndex = place.scrollHeight > place.clientHeight ? 0 : -1;
  }
}

async function drawAll() {
  const now = ++round;
  delete document.body.dataset.drawn;
  await Promise.all([...sheet.children].map((section) => draw(section, now)));
  if (now === round) document.body.dataset.drawn = state.sheet;
}

function place(one, kind) {
  if (kind === "free") return `left:${(one.x / model.width) * 100}%;width:${(one.w / model.width) * 100}%;top:${one.y}px;height:${one.h}px`;
  const column = one.x === undefined ? "" : `${one.x + 1}/`;
  const row = one.y === undefined ? "" : `${one.y + 1}/`;
  return `grid-column:${column}span ${one.w};grid-row:${row}span ${one.h}`;
}

async function show(identifier) {
  // What is still under way for another sheet is of no use.
  const now = ++round;
  delete document.body.dataset.drawn;
  state.sheet = identifier;
  for (const tab of tabs.children) {
    tab.setAttribute("aria-selected", tab.dataset.sheet === identifier);
    tab.tabIndex = tab.dataset.sheet === identifier ? 0 : -1;
  }
  const found = await get("sheet", { sheet: identifier });
  if (now !== round) return;
  model = found;
  described.textContent = model.description;
  described.hidden = !model.description;
  controls.replaceChildren(...model.controls.map(control));
  sheet.className = `sheet ${model.kind}`;
  sheet.style.height = model.kind === "free" ? `${model.height}px` : "";
  sheet.replaceChildren(...model.elements.map((one) => {
    const text = one.type === "TEXT_BOX";
    const section = element("section", { className: text ? "text" : "visual", style: place(one, model.kind) });
    section.dataset.element = one.id;
    section.setAttribute("aria-label", one.label);
    if (!text) section.append(element("div", { className: "titles" }));
    section.append(element("div", { className: "drawing" }));
    if (!text) section.append(element("p", { className: "notes" }));
    return section;
  }));
  await drawAll();
}

function changed(one, value) {
  if (one.parameter) {
    if (value === null) delete state.parameters[one.parameter];
    else state.parameters[one.parameter] = Array.isArray(value) ? value : [value];
    const told = new URLSearchParams();
    for (const [name, values] of Object.entries(state.parameters)) for (const item of values) told.append(`p.${name}`, item);
    history.replaceState(null, "", `#${told}`);
  } else if (value === null) {
    delete state.filters[one.filter];
  } else {
    state.filters[one.filter] = value;
  }
  drawAll();
}

function later(work) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, 250);
  };
}

const day = (text) => (text ? String(text).slice(0, 10) : "");

function current(one) {
  if (one.parameter && state.parameters[one.parameter]) return state.parameters[one.parameter];
  if (one.filter && state.filters[one.filter]) return state.filters[one.filter].values ?? [];
  return one.value === null || one.value === undefined ? [] : [].concat(one.value);
}

function control(one) {
  const made = element("div", { className: "control", role: "group" });
  made.setAttribute("aria-label", one.title);
  made.append(element("span", { textContent: one.title }));
  made.append(one.refused ? element("small", { textContent: one.refused }) : inputs[one.kind](one));
  for (const note of one.notes ?? []) made.append(element("small", { textContent: note }));
  return made;
}

function chosen(one, values) {
  if (one.parameter) changed(one, values.length ? values : one.several ? [""] : null);
  else if (one.filter_kind === "CategoryFilter") changed(one, { values });
  else changed(one, values.length ? { value: values[0] } : null);
}

function several(one) {
  const now = new Set(current(one).map(String));
  const summary = element("summary");
  const boxes = one.options.map((text) => element("input", { type: "checkbox", value: text, checked: now.has(text) }));
  const told = () => {
    const on = boxes.filter((box) => box.checked).map((box) => box.value);
    summary.textContent = on.length ? on.join(", ") : "All";
    return on;
  };
  for (const box of boxes) box.addEventListener("change", () => chosen(one, told()));
  told();
  const list = element("div", {}, ...boxes.map((box) => element("label", {}, box, box.value)));
  const details = element("details", { className: "choice" }, summary, list);
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { details.open = false; summary.focus(); }
  });
  return details;
}

function single(one) {
  const now = String(current(one)[0] ?? "");
  const made = element("select", { ariaLabel: one.title });
  if (!one.parameter || !now) made.append(element("option", { value: "", textContent: "All" }));
  for (const text of one.options) made.append(element("option", { value: text, textContent: text, selected: text === now }));
  made.addEventListener("change", () => chosen(one, made.value ? [made.value] : []));
  return made;
}

function date(one) {
  const given = one.parameter ? current(one) : [];
  const fields = (one.several && !one.parameter ? ["minimum", "maximum"] : ["value"]).map((name, at) => element("input", { type: "date", value: day(given[at]), name, ariaLabel: `${one.title} ${name}` }));
  const tell = () => {
    const told = Object.fromEntries(fields.filter((field) => field.value).map((field) => [field.name, field.value]));
    if (one.parameter) changed(one, fields[0].value || null);
    else changed(one, Object.keys(told).length ? told : null);
  };
  for (const field of fields) field.addEventListener("change", tell);
  return element("div", { className: "pair" }, ...fields);
}

function slider(one) {
  const given = current(one);
  const ends = one.several && !one.parameter ? ["minimum", "maximum"] : ["value"];
  const starts = { minimum: one.min, maximum: one.max, value: given[0] ?? one.min };
  const fields = ends.map((name) => element("input", { type: "range", min: one.min, max: one.max, step: one.step, value: starts[name], name, ariaLabel: `${one.title} ${name}` }));
  const output = element("output");
  const told = () => { output.textContent = fields.map((field) => field.value).join(" – "); };
  const tell = later(() => {
    if (one.parameter) changed(one, fields[0].value);
    else changed(one, Object.fromEntries(fields.map((field) => [field.name, Number(field.value)])));
  });
  for (const field of fields) field.addEventListener("input", () => { told(); tell(); });
  told();
  return element("div", { className: "pair" }, ...fields, output);
}

function text(one) {
  const many = one.kind === "textarea";
  const made = element(many ? "textarea" : "input", { value: current(one).join(many ? "\n" : ""), ariaLabel: one.title, rows: 2 });
  made.addEventListener("change", () => {
    const values = made.value.split("\n").map((line) => line.trim()).filter(Boolean);
    chosen(one, values);
  });
  return made;
}

function relative(one) {
  const kinds = { PREVIOUS: "previous", THIS: "this", NOW: "to date", LAST: "last", NEXT: "next" };
  const kind = element("select", { ariaLabel: `${one.title} kind` }, ...Object.entries(kinds).map(([value, textContent]) => element("option", { value, textContent, selected: value === one.value.RelativeDateType })));
  const many = element("input", { type: "number", min: 1, value: one.value.RelativeDateValue ?? 1, style: "width:5em", ariaLabel: `${one.title} number` });
  const unit = element("select", { ariaLabel: `${one.title} unit` }, ...["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR"].map((value) => element("option", { value, textContent: value.toLowerCase(), selected: value === one.value.TimeGranularity })));
  for (const field of [kind, many, unit]) {
    field.addEventListener("change", () => changed(one, { RelativeDateType: kind.value, RelativeDateValue: Number(many.value), TimeGranularity: unit.value }));
  }
  return element("div", { className: "pair" }, kind, many, unit);
}

const choice = (one) => (one.several ? several(one) : single(one));
const inputs = { list: choice, dropdown: choice, date, slider, text, textarea: text, relative };

tabs.addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) show(tab.dataset.sheet);
});
tabs.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...tabs.children];
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  next.focus();
  show(next.dataset.sheet);
});
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.choice[open]")) if (!open.contains(event.target)) open.open = false;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

const first = new URLSearchParams(location.search).get("sheet") ?? tabs.children[0]?.dataset.sheet;
if (first) show(first);
