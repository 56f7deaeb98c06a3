// A session by hand, through the same interface that programs use.
"use strict";
// The server may be behind a path of its proxy: everything is found from where this script came from.
const root = new URL("../../", document.currentScript.src);
const at = (id) => document.getElementById(id);
const history = new Map();
let session = null;
let steps = [];

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(new URL(`.${path}`, root), options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.field ? `${answer.field}: ${answer.detail}` : answer.detail);
  return answer;
}

const say = (text) => { at("message").textContent = text; };
const guarded = (action) => async (...given) => { try { await action(...given); } catch (error) { say(error.message); } };

function showHistory() {
  at("count").textContent = history.size;
  at("no-history").hidden = history.size > 0;
  at("history").replaceChildren(...[...history].map(([id, title]) => {
    const remove = element("button", { type: "button", textContent: "×", ariaLabel: `remove ${title}` });
    remove.onclick = () => { history.delete(id); showHistory(); };
    return element("li", {}, element("span", { textContent: title }), remove);
  }));
}

function add(item) { history.set(item.id, item.title); showHistory(); }

let typing = 0;
at("search").oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(guarded(async () => {
    const text = at("search").value.trim();
    const found = text ? (await call(`/v1/items?limit=8&q=${encodeURIComponent(text)}`)).items : [];
    at("found").replaceChildren(...found.map((item) => {
      const pick = element("button", { type: "button", textContent: item.title });
      pick.onclick = () => { add(item); at("search").value = ""; at("found").replaceChildren(); at("search").focus(); };
      return element("li", {}, pick);
    }));
  }), 150);
};

at("paste").onclick = guarded(async () => {
  const missing = [];
  for (const name of at("pasted").value.split("\n").map((line) => line.trim()).filter(Boolean)) {
    try { add(await call(`/v1/items/${encodeURIComponent(name)}`)); } catch { missing.push(name); }
  }
  at("pasted").value = missing.join("\n");
  say(missing.length ? `Not found: ${missing.join(", ")}` : "Added.");
});

at("random").onclick = guarded(async () => {
  const { total } = await call("/v1/items?limit=0");
  history.clear();
  while (history.size < Math.min(5, total)) {
    const { items } = await call(`/v1/items?limit=1&offset=${Math.floor(Math.random() * total)}`);
    if (items[0]) add(items[0]);
  }
  await start();
});

async function start() {
  steps = [];
  session = (await call("/v1/sessions", { history: [...history.keys()] })).id;
  showSteps();
  await next();
  at("slate-title").scrollIntoView({ block: "nearest" });
  at("slate").firstElementChild?.focus({ preventScroll: true });
}
at("start").onclick = guarded(start);

async function next() {
  const wanted = { session, k: Number(at("k").value) || 6, exploration: at("explore").checked };
  if (at("category").value) wanted.categories = [at("category").value];
  const slate = await call("/v1/recommend", wanted);
  at("slate").replaceChildren(...slate.items.map(card));
  const isUnknown = slate.items.some((item) => item.reason.rests_on === "everybody");
  const basis = isUnknown ? "Nothing is known of this user yet: the slate rests on what most people like. " : "";
  if (slate.items.length) return rest(null, `${basis}Answer one of ${slate.items.length} items; the next slate follows.`);
  rest("Nothing is left to show", "Every item that fits was shown. Choose another category, or start another session.");
}

// What stands where the slate would be; nothing while there is one.
function rest(title, text) {
  at("idle").hidden = title === null;
  if (title !== null) { at("idle-title").textContent = title; at("idle-text").textContent = text; }
  say(title === null ? text : "");
}
for (const id of ["explore", "k", "category"]) at(id).onchange = guarded(async () => { if (session) await next(); });

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function meter(label, kind, share, text) {
  const svg = shape("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" });
  const width = Math.max(0, Math.min(1, share)) * 100;
  svg.append(shape("rect", { class: "track", width: 100, height: 6 }), shape("rect", { class: kind, width, height: 6 }));
  return element("div", { className: "meter" }, element("span", { textContent: label }), svg, element("span", { className: "number", textContent: text }));
}

function why({ reason, propensity }) {
  const parts = [element("p", { className: "because", textContent: `Because ${reason.text}.` })];
  const demo = reason.demonstration;
  // What the expert thought then was about the demonstration's user: it stands on the demonstration's page only.
  if (demo?.text) {
    const link = element("a", { href: `${root}console/demonstrations/${demo.number}#step-${demo.step}`, textContent: `${demo.text[0].toUpperCase()}${demo.text.slice(1)}` });
    const facts = [`earned ${demo.reward.toFixed(1)}`];
    if (demo.weight !== undefined) facts.push(`weighs ${demo.weight.toFixed(2)} in training`);
    if (demo.critic_value !== undefined) facts.push(`its critic said ${demo.critic_value.toFixed(1)}`);
    if (demo.learned_value !== undefined) facts.push(`critic expected ${demo.learned_value.toFixed(0)} to come`);
    parts.push(element("p", { className: "note" }, link, `: ${facts.join(", ")}`));
  }
  if (propensity < 1) parts.push(element("p", { className: "note", textContent: `Drawn with probability ${propensity.toPrecision(2)}` }));
  return parts;
}

const ANSWERS = [["like", "Like", "l"], ["skip", "Skip", "s"], ["dislike", "Dislike", "d"], ["leave", "Leave", "x"]];

function card(item, place) {
  const { reason } = item;
  const box = element("li", { tabIndex: 0 });
  box.dataset.id = item.id;
  const number = element("span", { className: "place", textContent: place + 1, ariaHidden: "true" });
  box.append(element("div", { className: "title" }, number, element("h2", { textContent: item.title })));
  box.append(element("div", { className: "tags" }, ...item.categories.map((name) => element("span", { className: "tag", textContent: name }))));
  box.append(meter("expected", "good", (reason.expected_rating - 1) / 4, `${reason.expected_rating.toFixed(1)} of 5`));
  if (reason.leave_probability !== undefined) box.append(meter("leaves", "risk", reason.leave_probability, `${(100 * reason.leave_probability).toFixed(0)} %`));
  box.append(...why(item));
  const actions = element("div", { className: "actions" });
  for (const [feedback, label, key] of ANSWERS) {
    const button = element("button", { type: "button", className: feedback, textContent: label, title: `${label} (${key.toUpperCase()})`, ariaLabel: `${label}: ${item.title}` });
    button.onclick = guarded(() => answer(item, feedback));
    actions.append(button);
  }
  box.append(actions);
  box.onkeydown = (event) => {
    const found = ANSWERS.find(([, , key]) => key === event.key.toLowerCase());
    if (found && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); guarded(answer)(item, found[0]); }
  };
  return box;
}

// One answer at a time: until the next slate is there, further clicks and keys say nothing.
async function answer(item, feedback) {
  if (at("slate").ariaBusy === "true") return;
  at("slate").ariaBusy = "true";
  try { await send(item, feedback); } finally { at("slate").ariaBusy = "false"; }
}

async function send(item, feedback) {
  await call(`/v1/sessions/${session}/feedback`, { item: item.id, feedback });
  const seen = await call(`/v1/sessions/${session}`);
  steps = seen.steps;
  showSteps();
  if (seen.left) {
    at("slate").replaceChildren();
    const total = steps.reduce((sum, step) => sum + step.reward, 0);
    rest(`The user left after ${steps.length} steps`, `They earned ${total.toFixed(0)}. Start another session, with this history or another one.`);
    at("start").focus();
    return;
  }
  await next();
  at("slate").firstElementChild?.focus();
}

function showSteps() {
  const total = steps.reduce((sum, step) => sum + step.reward, 0);
  at("n-steps").textContent = steps.length;
  at("reward").textContent = total.toFixed(0);
  at("mean").textContent = steps.length ? (total / steps.length).toFixed(1) : "–";
  at("no-steps").hidden = steps.length > 0;
  at("spark").toggleAttribute("hidden", steps.length === 0);
  const kind = (step) => (step.left ? "leave" : step.reward >= 4 ? "like" : step.reward <= 1 ? "dislike" : "skip");
  at("steps").replaceChildren(...steps.map((step) => element("li", { className: kind(step) }, element("span", { textContent: step.title }), element("span", { className: "number", textContent: step.left ? "left" : step.reward.toFixed(0) }))).reverse());
  const width = 192 / Math.max(1, steps.length - 1);
  const points = steps.map((step, n) => [4 + n * width, 44 - (step.reward - 1) * 10]);
  const grid = [1, 3, 5].map((level) => shape("path", { class: "grid", d: `M 0 ${44 - (level - 1) * 10} H 200` }));
  const line = points.map(([x, y], n) => `${n ? "L" : "M"} ${x} ${y}`).join(" ");
  at("spark").replaceChildren(...grid, shape("path", { class: "curve", d: line }), ...points.slice(-40).map(([x, y]) => shape("path", { class: "dot", d: `M ${x} ${y} h 0.01` })));
}

document.onkeydown = (event) => {
  if (/^[1-9]$/.test(event.key) && !event.target.matches("input, textarea, select")) at("slate").children[event.key - 1]?.focus();
};
// A session can start from a link: ?history=ID,ID&start
guarded(async () => {
  const query = new URLSearchParams(location.search);
  for (const id of (query.get("history") || "").split(",").filter(Boolean)) add(await call(`/v1/items/${encodeURIComponent(id)}`));
  if (query.has("start")) await start();
})();
