// Renders the description of the interface.
"use strict";
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

fetch("/openapi.json").then((response) => response.json()).then((document_) => {
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
        if (body.example) box.append(element("pre", { textContent: JSON.stringify(body.example, null, 2) }));
      }
      const codes = Object.entries(about.responses).map(([code, answer]) => `${code}: ${answer.description}`);
      box.append(element("p", { className: "note", textContent: codes.join(" · ") }));
      document.getElementById("paths").append(box);
    }
  }
});
