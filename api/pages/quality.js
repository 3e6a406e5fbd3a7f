// The model over event time: quality by window, what was violated, which model answered, and what
// was retrained; and drift by feature in the newest window.

import { day, draw, make, number, quiet, replace, table, tag, unread } from "/pages/dom.js";

const NAMES = { Calibration: "Calibration", ScoreDrift: "Score drift", Quality: "Quality", DataDrift: "Data drift", MissingValues: "Missing values" };
const LEFT = 92, RIGHT = 14, TOP = 26, AUC_HEIGHT = 138, GAP = 26, RATIO_HEIGHT = 64, ROW = 17;
const WELL = [0.8, 1.25];
const time = (text) => Date.parse(`${text}T00:00:00Z`);

export class QualityPanel {
  constructor(holder, drift, title) {
    Object.assign(this, { holder, drift, title, chosen: null });
    new ResizeObserver(() => { if (this.part && Math.abs(this.width - holder.clientWidth) > 2) this.draw(); }).observe(holder);
  }

  show(part) {
    this.part = part;
    this.draw();
    this.showDrift();
  }

  draw() {
    const told = this.part.value;
    this.width = this.holder.clientWidth;
    if (!told) { replace(this.holder, unread(this.part, "The monitor's reports") || quiet("Nothing watches the model yet: the monitor is not deployed.")); return; }
    if (!told.windows.length) { replace(this.holder, quiet("The monitor has not seen a whole window yet. Its verdicts will stand here, over event time.")); return; }
    const at = Math.min(this.chosen ?? told.windows.length - 1, told.windows.length - 1);
    this.said = make("p", { class: "said", role: "status" });
    replace(this.holder, unread(this.part, "The monitor's reports"), this.head(told), this.chart(told), this.said, this.asTable(told));
    this.choose(at, this.chosen !== null);
  }

  head({ windows, service }) {
    const newest = windows.at(-1), known = newest.auc !== null && newest.auc !== undefined;
    return make("div", { class: "auc" },
      make("b", {}, known ? newest.auc.toFixed(3) : "–"),
      make("span", { class: "quiet" }, `AUC on ${number(newest.flights)} flights, ${span(newest)}`),
      make("span", { class: "pills" }, make("span", { class: "tag" }, `version ${service?.model_version || newest.version || "?"} in service`), tag(newest.outcome)));
  }

  chart(told) {
    const { windows, checks, retrainings } = told, width = Math.max(this.width, 300);
    const left = LEFT, from = time(windows[0].first), until = time(windows.at(-1).until);
    const x = (instant) => left + (instant - from) / (until - from) * (width - left - RIGHT);
    const ratioTop = TOP + AUC_HEIGHT + GAP, gridTop = ratioTop + RATIO_HEIGHT + 14, height = gridTop + ROW * checks.length + 24;
    const svg = draw("svg", {
      viewBox: `0 0 ${width} ${height}`, width, height, class: "chart", tabindex: 0, role: "img", "data-key": "quality-chart",
      "aria-label": `AUC and calibration of ${windows.length} windows, with violations, model versions and retrainings. Arrow keys go from window to window; the same as a table stands below.`,
    });
    this.versions(svg, windows, x, gridTop + ROW * checks.length);
    this.curve(svg, windows, x, { top: TOP, height: AUC_HEIGHT, left, width, name: "AUC", key: "auc", floor: "auc_floor", pad: 0.02 });
    this.curve(svg, windows, x, { top: ratioTop, height: RATIO_HEIGHT, left, width, name: "Calibration", key: "calibration", band: WELL, pad: 0.05 });
    checks.forEach((check, row) => this.violated(svg, windows, x, check, gridTop + row * ROW, left));
    for (const item of retrainings) this.retraining(svg, item, x, TOP + AUC_HEIGHT);
    this.months(svg, from, until, x, height - 6);
    this.cursor = draw("rect", { y: TOP, height: gridTop + ROW * checks.length - TOP, class: "cursor" });
    svg.prepend(this.cursor);
    this.spans = windows.map((item) => [x(time(item.first)), x(time(item.until))]);
    this.listen(svg, windows);
    return svg;
  }

  listen(svg, windows) {
    svg.addEventListener("pointermove", (event) => {
      const here = event.clientX - svg.getBoundingClientRect().left;
      const at = this.spans.findIndex(([start, end]) => here >= start && here < end);
      if (at >= 0) this.choose(at, true);
    });
    svg.addEventListener("keydown", (event) => {
      const last = windows.length - 1, now = this.chosen ?? last;
      const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.choose(Math.max(0, Math.min(last, to)), true);
    });
  }

  choose(at, byHand) {
    if (byHand) this.chosen = at;
    const [start, end] = this.spans[at], item = this.part.value.windows[at];
    this.cursor.setAttribute("x", start);
    this.cursor.setAttribute("width", end - start);
    const retrained = this.part.value.retrainings.find((one) => one.window === item.window);
    this.said.replaceChildren(
      make("strong", {}, `${span(item)} `), `version ${item.version || "?"} · AUC ${number(item.auc)} · predicted to actual ${number(item.calibration)}`,
      item.violations.length ? make("span", { class: "wrong" }, ` · ${item.violations.map((one) => `${one.feature && one.feature !== "probability" ? `${one.feature} ` : ""}${one.sentence}`).join("; ")}`) : " · nothing violated",
      ...(retrained ? [make("span", {}, ` → retrained: ${outcome(retrained.status)}`)] : []));
  }

  // Who answered: a stripe for each model version, and its number on top.
  versions(svg, windows, x, bottom) {
    let start = 0;
    windows.forEach((item, at) => {
      if (at + 1 < windows.length && windows[at + 1].version === item.version) return;
      const from = x(time(windows[start].first)), to = x(time(item.until));
      svg.append(draw("rect", { x: from, y: TOP - 8, width: to - from, height: bottom - TOP + 8, class: Number(item.version) % 2 ? "stripe odd" : "stripe" }));
      if (to - from > 16) svg.append(draw("text", { x: from + 5, y: TOP - 13, class: "label" }, to - from > 62 ? `version ${item.version}` : `v${item.version}`));
      start = at + 1;
    });
  }

  curve(svg, windows, x, { top, height, left, width, name, key, floor, band, pad }) {
    const known = windows.filter((item) => item[key] !== null && item[key] !== undefined);
    const values = [...known.map((item) => item[key]), ...known.map((item) => item[floor]).filter((value) => typeof value === "number"), ...(band || [])];
    if (!values.length) return;
    const low = Math.min(...values) - pad, high = Math.max(...values) + pad;
    const y = (value) => top + height - (value - low) / (high - low) * height;
    const middle = (item) => x((time(item.first) + time(item.until)) / 2);
    svg.append(draw("text", { x: 0, y: top - (band ? 5 : 13), class: "title" }, name));
    if (band) svg.append(draw("rect", { x: left, y: y(band[1]), width: width - left - RIGHT, height: y(band[0]) - y(band[1]), class: "well" }));
    for (const tick of ticks(low, high, band ? 0.2 : 0.05)) {
      svg.append(draw("line", { x1: left, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }), draw("text", { x: left - 6, y: y(tick) + 4, class: "label", "text-anchor": "end" }, tick.toFixed(2)));
    }
    if (floor) {
      const steps = known.filter((item) => typeof item[floor] === "number").map((item) => `M${x(time(item.first))} ${y(item[floor])}H${x(time(item.until))}`);
      svg.append(draw("path", { d: steps.join(""), class: "floor" }));
    }
    svg.append(draw("path", { d: known.map((item, at) => `${at ? "L" : "M"}${middle(item)} ${y(item[key])}`).join(""), class: "line" }));
    for (const item of known) {
      const bad = item.violations.some((one) => one.check === (key === "auc" ? "Quality" : "Calibration"));
      svg.append(draw("circle", { cx: middle(item), cy: y(item[key]), r: bad ? 5 : 3.4, class: bad ? "point bad" : "point" }));
    }
  }

  violated(svg, windows, x, check, top, left) {
    svg.append(draw("text", { x: left - 6, y: top + 12, class: "label", "text-anchor": "end" }, NAMES[check] || check));
    for (const item of windows) {
      const count = item.violations.filter((one) => one.check === check).length;
      const from = x(time(item.first)), to = x(time(item.until));
      svg.append(draw("rect", { x: from + 1, y: top + 1, width: Math.max(to - from - 2, 1), height: ROW - 3, rx: 3, class: count ? "cell bad" : item.outcome === "too_little_data" ? "cell none" : "cell" }));
      if (count > 1 && to - from > 12) svg.append(draw("text", { x: (from + to) / 2, y: top + 12.5, class: "count", "text-anchor": "middle" }, count));
    }
  }

  retraining(svg, item, x, bottom) {
    const at = x(time(item.until)), kind = item.status === "Succeeded" ? "delivered" : ["Failed", "Stopped"].includes(item.status) ? "refused" : "open";
    const group = draw("g", { class: `retraining ${kind}` });
    group.append(draw("title", {}, `${day(item.until)}: ${item.reason} → ${outcome(item.status)}`), draw("line", { x1: at, x2: at, y1: TOP, y2: bottom }), draw("path", { d: `M${at} ${bottom - 7}l6 7l-6 7l-6 -7Z` }));
    svg.append(group);
  }

  months(svg, from, until, x, y) {
    const step = x(from + 31 * 864e5) - x(from) < 34 ? 2 : 1;
    const month = new Date(from);
    month.setUTCDate(1);
    for (let number = 0; month < until; month.setUTCMonth(month.getUTCMonth() + 1), number += 1) {
      if (month < from || number % step) continue;
      svg.append(draw("text", { x: x(+month), y, class: "label" }, month.toLocaleDateString("en", { timeZone: "UTC", month: "short" })));
    }
  }

  asTable({ windows, retrainings }) {
    const rows = windows.slice().reverse().map((item) => make("tr", {},
      make("td", { class: "name" }, span(item)), make("td", {}, item.version), make("td", { class: "right" }, number(item.auc)), make("td", { class: "right" }, number(item.calibration)),
      make("td", { class: "right" }, number(item.flights)), make("td", {}, tag(item.outcome)), make("td", { class: "long" }, [...new Set(item.violations.map((one) => NAMES[one.check] || one.check))].join(", "))));
    const retrained = retrainings.map((item) => make("li", {}, `${day(item.until)}: ${item.reason} → ${outcome(item.status)}`));
    return make("details", { "data-key": "quality-table" }, make("summary", {}, `All ${windows.length} windows and ${retrainings.length} retrainings`),
      table([["Window"], ["Version"], ["AUC", "right"], ["Calibration", "right"], ["Flights", "right"], [""], ["Violated"]], rows, "The monitor's windows, the newest first"),
      retrained.length ? make("ul", { class: "plain" }, ...retrained) : null);
  }

  showDrift() {
    const told = this.part.value;
    if (!told?.drift.length) { replace(this.drift, unread(this.part, "Drift") || quiet("Drift by feature stands here as soon as the monitor has seen a window.")); return; }
    const judged = told.drift.filter((item) => item.limit !== null), others = told.drift.filter((item) => item.limit === null);
    const rows = (items, most) => make("ul", { class: "plain drifts" }, ...items.map((item) => driftOf(item, most)));
    const most = Math.max(...judged.map((item) => Math.max(item.value, item.limit))) * 1.04;
    const first = judged.slice(0, 9), rest = judged.slice(9), wrong = judged.filter((item) => item.violated).length;
    this.title.textContent = `Drift by feature · ${span(told.windows.at(-1))}`;
    replace(this.drift, unread(this.part, "Drift"),
      judged.length ? quiet(`${wrong ? `${wrong} of ${judged.length}` : `None of ${judged.length}`} drifted further than allowed (population stability index, the mark).`) : null,
      judged.length ? rows(first, most) : null,
      rest.length ? make("details", { "data-key": "drift-rest" }, make("summary", {}, `${rest.length} more, all below ${first.at(-1).value.toFixed(3)}`), rows(rest, most)) : null,
      others.length ? make("details", { "data-key": "drift-others" }, make("summary", {}, `${others.length} without a limit: they move with the season`), rows(others, others[0].value * 1.04)) : null);
  }
}

function driftOf(item, most) {
  const row = make("li", { class: item.violated ? "drift wrong" : item.limit === null ? "drift unjudged" : "drift" },
    make("span", { class: "feature", title: item.feature }, item.feature), make("i", { "aria-hidden": "true" }),
    make("span", { class: "value" }, item.value.toFixed(3), item.limit === null ? null : make("span", { class: "unseen" }, ` of ${item.limit} allowed`)));
  row.style.setProperty("--share", `${100 * item.value / most}%`);
  row.style.setProperty("--limit", `${100 * (item.limit ?? 0) / most}%`);
  return row;
}

function ticks(low, high, step) {
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) found.push(tick);
  return found.length > 6 ? found.filter((tick, at) => at % 2 === 0) : found;
}

function span({ first, until }) {
  const last = new Date(time(until) - 864e5).toISOString().slice(0, 10);
  return `${day(first)} – ${day(last)}`;
}

function outcome(status) {
  return { Succeeded: "delivered", Failed: "refused", Stopped: "stopped", InProgress: "under way", Stopping: "stopping", Superseded: "superseded" }[status] || "how it ended is not known any more";
}
