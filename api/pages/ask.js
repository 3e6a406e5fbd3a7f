// Asking: the model about a flight, the warehouse about anything that only reads.

import { find, make, number, quiet, replace, seconds, table } from "/pages/dom.js";
import { chance } from "/pages/truth.js";

const SAMPLES = [
  ["Late by airline", "SELECT carrier_name, SUM(flights) AS flights,\n       ROUND(SUM(on_time_percent * arrived) / SUM(arrived), 1) AS on_time_percent\nFROM mart_carrier_month GROUP BY 1 ORDER BY 3"],
  ["By hour", "SELECT departure_hour, COUNT(*) AS flights,\n       ROUND(AVG(arr_delay::float), 1) AS mean_delay\nFROM fact_flights GROUP BY 1 ORDER BY 1"],
  ["Worst routes", "SELECT origin, dest, COUNT(*) AS flights, ROUND(AVG(arr_delay::float), 1) AS mean_delay\nFROM fact_flights GROUP BY 1, 2 HAVING COUNT(*) >= 50 ORDER BY 4 DESC LIMIT 10"],
];

export async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const told = await answer.json();
  return { ok: answer.ok, told };
}

export function prepareAsking() {
  const form = find("form");
  form.addEventListener("submit", askModel);
  form.elements.origin_mean_delay_2h.addEventListener("input", (event) => { find("delay").textContent = `${event.target.value} min`; });
}

async function askModel(event) {
  event.preventDefault();
  const form = event.target, button = form.querySelector("button"), answer = find("answer");
  const fields = Object.fromEntries(new FormData(form));
  const flight = {
    ...fields, carrier: fields.carrier.toUpperCase(), dest: fields.dest.toUpperCase(),
    flight: Number(fields.flight), origin_mean_delay_2h: Number(fields.origin_mean_delay_2h),
  };
  button.disabled = true;
  try {
    const { ok, told } = await post("/v1/predict", flight);
    answer.className = ok ? "answer" : "answer failed";
    if (ok) answer.replaceChildren(chance(told), make("b", {}, told.late ? "Probably late." : "Probably on time."), ...(told.warning ? [quiet(told.warning)] : []));
    else answer.textContent = told.detail;
  } catch (error) {
    answer.className = "answer failed";
    answer.textContent = `The API does not answer (${error.message}).`;
  }
  button.disabled = false;
}

export function prepareQuery() {
  const form = find("query"), text = form.elements.sql;
  text.value = SAMPLES[1][1];
  find("samples").replaceChildren(...SAMPLES.map(([name, sql]) => {
    const button = make("button", { type: "button", class: "small" }, name);
    button.addEventListener("click", () => { text.value = sql; form.requestSubmit(); });
    return button;
  }));
  form.addEventListener("submit", askWarehouse);
  text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); } });
}

async function askWarehouse(event) {
  event.preventDefault();
  const form = event.target, result = find("result"), button = form.querySelector("button.main");
  if (button.disabled) return;
  button.disabled = true;
  replace(result, quiet("The warehouse is at work …"));
  try {
    const { ok, told } = await post("/v1/console/query", { sql: form.elements.sql.value });
    replace(result, ...(ok ? shown(told) : [make("p", { class: "answer failed" }, told.detail)]));
  } catch (error) {
    replace(result, make("p", { class: "answer failed" }, `The API does not answer (${error.message}).`));
  }
  button.disabled = false;
}

function shown({ columns, rows, total, seconds: took }) {
  const numeric = columns.map((column) => /^(int|float|numeric|decimal|double|real|bigint|smallint)/i.test(column.type));
  const lines = rows.map((row) => make("tr", {}, ...row.map((value, at) => make("td", { class: numeric[at] ? "right" : "" }, value === null ? make("span", { class: "quiet" }, "null") : String(value)))));
  const cut = rows.length < total ? `, the first ${number(rows.length)} are shown` : "";
  return [
    quiet(`${number(total)} ${total === 1 ? "row" : "rows"} in ${seconds(took)}${cut}.`),
    columns.length ? table(columns.map((column, at) => [column.name, numeric[at] ? "right" : ""]), lines, "What the warehouse answered") : null,
  ];
}
