// Draws openapi.json: what can be asked, with which fields, and a place to try it.

const find = (id) => document.getElementById(id);

function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function resolve(schema, all) {
  return schema?.$ref ? all[schema.$ref.split("/").pop()] : schema;
}

// The one object among `schema`, a list of it, or a choice between both.
function objectOf(schema, all) {
  const found = resolve(schema, all);
  if (!found) return null;
  if (found.properties) return found;
  for (const choice of [...(found.oneOf || []), ...(found.anyOf || []), ...(found.items ? [found.items] : [])]) {
    const inner = objectOf(choice, all);
    if (inner) return inner;
  }
  return null;
}

function typeOf(schema, all) {
  const found = resolve(schema, all) || {};
  if (found.enum) return found.enum.join(" | ");
  if (found.const) return found.const;
  if (found.anyOf || found.oneOf) return (found.anyOf || found.oneOf).map((choice) => typeOf(choice, all)).filter((type) => type !== "null").join(" or ");
  if (found.type === "array") return `list of ${typeOf(found.items, all)}`;
  return found.format || found.title && found.properties && found.title || found.type || "anything";
}

function fieldTable(names, object, all) {
  const rows = names.map((name) => make("tr", {}, make("td", {}, make("code", {}, name)), make("td", {}, typeOf(object.properties[name], all)), make("td", {}, object.properties[name].description || "")));
  return make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows)));
}

function fields(object, all) {
  const required = new Set(object.required || []), names = Object.keys(object.properties);
  const optional = names.filter((name) => !required.has(name));
  return [
    fieldTable(names.filter((name) => required.has(name)), object, all),
    optional.length ? make("details", { class: "more" }, make("summary", {}, `${optional.length} optional fields`), fieldTable(optional, object, all)) : null,
  ];
}

function answers(responses, all) {
  const rows = Object.entries(responses).map(([status, response]) => make("tr", {}, make("td", {}, make("code", {}, status)), make("td", {}, typeOf(Object.values(response.content || {})[0]?.schema, all)), make("td", {}, response.description)));
  return make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows)));
}

function trial(method, path, example) {
  const field = example ? make("textarea", { spellcheck: "false", "aria-label": "Body" }) : null;
  if (field) field.value = JSON.stringify(example, null, 2);
  const button = make("button", { type: "button" }, "Send"), said = make("span", { class: "quiet", role: "status" });
  const answer = make("pre", { "aria-label": "Answer", tabindex: "0" }), curl = make("pre", { "aria-label": "The same with curl", tabindex: "0" });
  const command = () => { curl.textContent = `curl ${location.origin}${path}${field ? ` \\\n  -H 'content-type: application/json' \\\n  -d '${compact(field.value)}'` : ""}`; };
  field?.addEventListener("input", command);
  command();
  button.addEventListener("click", async () => {
    const started = performance.now();
    const options = field ? { method, headers: { "content-type": "application/json" }, body: field.value } : { method };
    try {
      const reply = await fetch(path, options), body = await reply.json();
      said.textContent = `${reply.status} in ${Math.round(performance.now() - started)} ms`;
      answer.textContent = JSON.stringify(body, null, 2);
    } catch (error) { said.textContent = error.message; }
  });
  const bar = make("div", { class: "bar" }, button, said);
  return [
    make("h3", {}, "Try it"),
    make("div", { class: "two" }, make("div", {}, field || curl, field ? bar : null), make("div", {}, field ? answer : bar, field ? null : answer)),
    field ? make("h3", {}, "With curl") : null,
    field ? curl : null,
  ].filter(Boolean);
}

function compact(text) {
  try { return JSON.stringify(JSON.parse(text)); } catch { return text; }
}

function operation(method, path, told, all, open) {
  const body = told.requestBody?.content?.["application/json"]?.schema, object = body && objectOf(body, all);
  const parameters = (told.parameters || []).map((item) => make("tr", {}, make("td", {}, make("code", {}, item.name)), make("td", {}, typeOf(item.schema, all)), make("td", {}, item.description || "")));
  const details = make("details", { class: "operation card" },
    make("summary", {}, make("span", { class: `method ${method}` }, method.toUpperCase()), make("code", {}, path), make("span", { class: "quiet" }, told.summary || "")),
    ...(object ? [make("h3", {}, "A flight, or a list of flights"), ...fields(object, all)] : []),
    ...(parameters.length ? [make("h3", {}, "In the query"), make("table", {}, make("tbody", {}, ...parameters))] : []),
    make("h3", {}, "Answers"), answers(told.responses, all),
    ...trial(method.toUpperCase(), path, object?.examples?.[0]));
  details.open = open;
  return details;
}

const description = await (await fetch("/openapi.json")).json();
const all = description.components?.schemas || {};
find("tagline").textContent = description.info.description;
const operations = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, told]) => [method, path, told]));
find("operations").append(...operations.map(([method, path, told], position) => operation(method, path, told, all, position === 0)));
