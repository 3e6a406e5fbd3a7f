// The flow as a picture: what stands where, what flows into what, and how a stage is drawn.
// Two layouts of the same stages: across for wide windows, down for narrow ones.

const SVG = "http://www.w3.org/2000/svg";

export const STAGES = {
  flights: { plain: ["336,776 flights", "planned, departed,", "arrived; weather"] },
  stream: { service: "Kinesis", title: "Event stream", figure: "records" },
  ingest: { service: "Lambda", title: "Check and write", figure: "invocations" },
  raw: { service: "S3", title: "Raw events", figure: "objects" },
  features: { service: "Glue · Spark", title: "Build features", figure: "seconds" },
  processed: { service: "S3", title: "Features", figure: "partitions" },
  warehouse: { service: "Redshift", title: "Star schema", figure: "rows" },
  training: { service: "SageMaker", title: "Training", figure: "auc" },
  endpoint: { service: "SageMaker", title: "Endpoint", figure: "invocations" },
  monitor: { service: "CloudWatch", title: "Monitor", figure: "windows" },
  delivery: { service: "CodePipeline", title: "Retrain, deliver", figure: "runs" },
  workers: { service: "EC2 · DynamoDB", title: "Score as planned", figure: "scored" },
  rolling: { service: "EMR Serverless", title: "Rolling features", figure: "settled" },
  service: { service: "Fargate · ALB", title: "Predictions", figure: "running" },
  gateway: { service: "API Gateway", title: "Keys and quotas", figure: "requests" },
  dashboards: { service: "QuickSight", title: "Dashboards", figure: "sheets" },
  people: { plain: ["whoever asks", "with a key,", "POST /v1/predict"] },
};

const EDGES = [
  ["flights", "stream"], ["stream", "ingest"], ["ingest", "raw"], ["raw", "features"],
  ["features", "processed"], ["processed", "warehouse"], ["processed", "training"],
  ["training", "endpoint"], ["stream", "rolling"], ["stream", "workers"], ["rolling", "workers"], ["rolling", "service"],
  ["endpoint", "workers"], ["endpoint", "service"], ["service", "gateway"], ["gateway", "people"],
  ["endpoint", "monitor"], ["monitor", "delivery"], ["delivery", "training"], ["warehouse", "dashboards"],
];

const WIDE = {
  size: [1180, 490], box: [172, 112],
  at: {
    flights: [0, 24], stream: [172, 24], ingest: [376, 24], raw: [580, 24], features: [784, 24], processed: [988, 24],
    rolling: [172, 192], workers: [376, 192], endpoint: [580, 192], training: [784, 192], warehouse: [988, 192],
    people: [0, 360], gateway: [172, 360], service: [376, 360], monitor: [580, 360], delivery: [784, 360], dashboards: [988, 360],
  },
};
const TALL = {
  size: [360, 1012], box: [164, 100],
  // Lines that would run behind other boxes.
  without: ["stream workers", "stream rolling", "rolling service", "endpoint workers", "delivery training"],
  at: {
    flights: [8, 8], stream: [190, 8], raw: [6, 136], ingest: [190, 136], features: [6, 264], processed: [190, 264],
    training: [6, 392], warehouse: [190, 392], endpoint: [6, 520], dashboards: [190, 520], service: [6, 648], monitor: [190, 648],
    gateway: [6, 776], delivery: [190, 776], rolling: [6, 904], workers: [190, 904],
  },
};

export const narrow = window.matchMedia("(max-width: 700px)");

function element(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// The box of a stage; words alone take less room than a box across.
function side(name, { at, box: [width, height] }) {
  const [x, y] = at[name];
  return { x, y, width: STAGES[name].plain ? 136 : width, height };
}

// A curve from the nearer sides of two boxes.
function path(one, two) {
  if (Math.abs(two.y - one.y) < one.height * 0.8) {
    const [from, to] = two.x > one.x ? [one.x + one.width, two.x] : [one.x, two.x + two.width];
    const start = one.y + one.height / 2, end = two.y + two.height / 2, half = (from + to) / 2;
    return `M${from} ${start}C${half} ${start} ${half} ${end} ${to} ${end}`;
  }
  const from = one.x + one.width / 2, to = two.x + two.width / 2;
  const [start, end] = two.y > one.y ? [one.y + one.height, two.y] : [one.y, two.y + two.height], half = (start + end) / 2;
  return `M${from} ${start}C${from} ${half} ${to} ${half} ${to} ${end}`;
}

// How the rate went, as a line of 84 by 14 that ends at its newest.
function trail(rates, left, bottom) {
  const most = Math.max(...rates);
  if (rates.length < 2 || !most) return "";
  return rates.map((value, at) => `${at ? "L" : "M"}${left + 84 * at / (rates.length - 1)} ${bottom - 14 * value / most}`).join("");
}

export class Picture {
  constructor(holder, onChoose) {
    this.holder = holder;
    this.onChoose = onChoose;
    this.last = {};
    this.chosen = "stream";
    narrow.addEventListener("change", () => this.draw());
    this.draw();
  }

  draw() {
    const layout = narrow.matches ? TALL : WIDE;
    const svg = element("svg", { viewBox: `0 0 ${layout.size.join(" ")}`, role: "group", "aria-label": "Stages from left to right" });
    const tip = element("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
    tip.append(element("path", { d: "M0 0.6L7 4L0 7.4Z", class: "tip" }));
    svg.append(tip);
    this.edges = EDGES.filter((edge) => edge.every((name) => layout.at[name]) && !layout.without?.includes(edge.join(" "))).map(([from, to]) => {
      const d = path(side(from, layout), side(to, layout));
      const line = element("path", { d, class: "edge dry", "marker-end": "url(#tip)" });
      const stream = element("path", { d, class: "stream" });
      svg.append(line, stream);
      return { from, to, line, stream };
    });
    this.nodes = {};
    for (const name of Object.keys(layout.at)) svg.append(this.node(name, layout));
    this.holder.replaceChildren(svg);
    this.show(this.shown || {});
  }

  node(name, layout) {
    const { service, title, plain } = STAGES[name];
    const [x, y] = layout.at[name], [width, height] = layout.box;
    const group = element("g", { class: `node${plain ? " plain" : " absent"}`, transform: `translate(${x} ${y})` });
    if (plain) group.append(...this.words(plain, height));
    else {
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "button");
      group.append(
        element("rect", { width, height, rx: 14 }),
        element("text", { x: 16, y: 25, class: "service" }, service),
        element("circle", { cx: width - 18, cy: 21, r: 5, class: "dot" }),
        element("text", { x: 16, y: 47, class: "title" }, title),
        element("text", { x: 16, y: height - 17, class: "value" }, "–"),
        element("text", { x: 16, y: height - 17, class: "unit" }),
        element("path", { class: "trail" }),
        element("text", { x: width - 14, y: height - 42, class: "gain", "text-anchor": "end" }),
      );
      const choose = () => { this.choose(name); this.onChoose(name); };
      group.addEventListener("click", choose);
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
      });
    }
    this.nodes[name] = group;
    return group;
  }

  words([small, ...lines], height) {
    const x = 4, middle = height / 2;
    return [
      element("text", { x, y: middle - 14, class: "service" }, small),
      ...lines.map((line, row) => element("text", { x, y: middle + 5 + 18 * row, class: "said" }, line)),
    ];
  }

  choose(name) {
    this.chosen = name;
    for (const [other, group] of Object.entries(this.nodes)) {
      group.classList.toggle("chosen", other === name);
      if (!STAGES[other].plain) group.setAttribute("aria-pressed", other === name);
    }
  }

  // `shown` maps a stage to {state, number, value, unit, label, rate, trail}.
  show(shown) {
    this.shown = shown;
    const grown = {};
    for (const [name, group] of Object.entries(this.nodes)) {
      const stage = shown[name];
      if (!stage || STAGES[name].plain) continue;
      group.setAttribute("class", `node ${stage.state}${name === this.chosen ? " chosen" : ""}`);
      group.setAttribute("aria-label", `${STAGES[name].title}, ${STAGES[name].service}: ${[stage.value, stage.unit, stage.rate].filter(Boolean).join(" ")}. ${stage.label}`);
      group.setAttribute("aria-pressed", name === this.chosen);
      const value = group.querySelector(".value"), unit = group.querySelector(".unit");
      value.textContent = stage.value;
      unit.textContent = stage.unit;
      const start = 16 + value.getComputedTextLength() + 6, room = group.querySelector("rect").width.baseVal.value - 8;
      unit.setAttribute("x", start);
      if (start + unit.getComputedTextLength() > room) unit.textContent = "";
      group.querySelector(".gain").textContent = stage.rate || "";
      group.querySelector(".trail").setAttribute("d", stage.rate ? trail(stage.trail, 16, group.querySelector("rect").height.baseVal.value - 40) : "");
      const before = this.last[name];
      grown[name] = typeof before === "number" && stage.number > before;
      if (typeof stage.number === "number") this.last[name] = stage.number;
    }
    const alive = (name) => STAGES[name].plain || ["done", "busy"].includes(shown[name]?.state);
    for (const { from, to, line, stream } of this.edges) {
      line.classList.toggle("dry", !(alive(from) && alive(to)));
      stream.classList.toggle("flowing", Boolean(grown[to] || shown[to]?.state === "busy"));
    }
  }
}
