// Renders the description of the interface.
"use strict";
// The server may be behind a path of its proxy: everything is found from where this script came from.
const root = new URL("../../", document.currentScript.src);
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function fields(schema) {
  const table = element("table");
  for (const [name, about] of Object.entries(schema.properties || {})) {
    const needed = (schema.required || []).includes(name) ? "" : " (optional)";
    table.append(element("tr", {}, element("td", {}, element("code", { textContent: name }), needed), element("td", { textContent: about.description || about.type || "" })));
  }
  return table;
}

// What a value of a schema looks like, where the document gives no example of its own.
function sample(schema, resolve, depth = 0) {
  const known = resolve(schema) || {};
  if (known.example !== undefined) return known.example;
  if (known.enum) return known.enum[0];
  const one = (known.anyOf || known.oneOf || known.allOf || []).find((other) => other.type !== "null");
  if (one) return sample(one, resolve, depth);
  const type = Array.isArray(known.type) ? known.type[0] : known.type;
  if (type === "array") return depth > 4 ? [] : [sample(known.items, resolve, depth + 1)];
  if (type === "object" || known.properties) {
    if (depth > 4) return {};
    return Object.fromEntries(Object.entries(known.properties || {}).map(([name, inner]) => [name, sample(inner, resolve, depth + 1)]));
  }
  return { string: "text", integer: 1, number: 0.5, boolean: true }[type] ?? null;
}

fetch(new URL("./openapi.json", root)).then((response) => response.json()).then((document_) => {
  const resolve = (schema) => (schema && schema.$ref ? resolve(document_.components.schemas[schema.$ref.split("/").pop()]) : schema);
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, about] of Object.entries(methods)) {
      const box = element("details", { className: "path" });
      box.append(element("summary", {}, element("code", { textContent: `${method.toUpperCase()} ${path}` }), ` ${about.summary}`));
      if (about.description) box.append(element("p", { textContent: about.description }));
      const body = about.requestBody && about.requestBody.content["application/json"];
      if (body) {
        const schema = resolve(body.schema);
        box.append(fields(schema.type === "array" ? resolve(schema.items) : schema));
        if (body.example) box.append(element("p", { className: "note", textContent: "Send, for example:" }), element("pre", { textContent: JSON.stringify(body.example, null, 2) }));
      }
      const good = Object.entries(about.responses).find(([code, answer]) => code.startsWith("2") && answer.content && answer.content["application/json"]);
      if (good) {
        const told = good[1].content["application/json"];
        const example = told.example === undefined ? sample(told.schema, resolve) : told.example;
        if (Object.keys(example || {}).length) box.append(element("p", { className: "note", textContent: "An answer looks like this:" }), element("pre", { className: "answer", textContent: JSON.stringify(example, null, 2) }));
      }
      const codes = Object.entries(about.responses).map(([code, answer]) => `${code}: ${answer.description}`);
      box.append(element("p", { className: "note", textContent: codes.join(" · ") }));
      document.getElementById("paths").append(box);
    }
  }
});
