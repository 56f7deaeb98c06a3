// A session by hand, through the same interface that programs use.
"use strict";
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
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.field ? `${answer.field}: ${answer.detail}` : answer.detail);
  return answer;
}

const say = (text) => { at("message").textContent = text; };
const guarded = (action) => async (...given) => { try { await action(...given); } catch (error) { say(error.message); } };

function showHistory() {
  at("count").textContent = history.size;
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
}
at("start").onclick = guarded(start);

async function next() {
  const wanted = { session, k: Number(at("k").value) || 6, exploration: at("explore").checked };
  if (at("category").value) wanted.categories = [at("category").value];
  const slate = await call("/v1/recommend", wanted);
  say(slate.items.length ? "L likes, S skips, X leaves at the focused item; 1 to 9 go to an item." : "Nothing is left to show.");
  at("slate").replaceChildren(...slate.items.map(card));
}
for (const id of ["explore", "k", "category"]) at(id).onchange = guarded(async () => { if (session) await next(); });

function meter(label, share, text) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 8");
  svg.setAttribute("preserveAspectRatio", "none");
  for (const [kind, width] of [["track", 100], ["bar", Math.max(0, Math.min(1, share)) * 100]]) {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    bar.setAttribute("class", kind);
    bar.setAttribute("width", width);
    bar.setAttribute("height", 8);
    svg.append(bar);
  }
  return element("div", { className: "meter" }, element("span", { textContent: label }), svg, element("span", { className: "number", textContent: text }));
}

function card(item) {
  const { reason } = item;
  const box = element("li", { tabIndex: 0 });
  box.dataset.id = item.id;
  box.append(element("h2", { textContent: item.title }));
  box.append(element("div", {}, ...item.categories.flatMap((name) => [element("span", { className: "tag", textContent: name }), " "])));
  box.append(meter("will like it", (reason.expected_rating - 1) / 4, reason.expected_rating.toFixed(1)));
  if (reason.leave_probability !== undefined) box.append(meter("may leave", reason.leave_probability, `${(100 * reason.leave_probability).toFixed(0)} %`));
  box.append(element("p", { className: "note", textContent: `Because ${reason.text}. Shown with probability ${item.propensity.toPrecision(2)}.` }));
  const demo = reason.demonstration;
  if (demo) {
    const link = element("a", { href: `/console/demonstrations/${demo.number}#step-${demo.step}`, textContent: demo.same_item ? "the expert showed it" : `the expert showed ${demo.title}` });
    const facts = [`earned ${demo.reward.toFixed(1)}`];
    if (demo.critic_value !== undefined) facts.push(`critic ${demo.critic_value.toFixed(1)}`);
    box.append(element("p", { className: "note" }, "In a situation like this ", link, ` (${facts.join(", ")})`));
    if (demo.thought) box.append(element("q", { textContent: demo.thought }));
  }
  const actions = element("div", { className: "actions" });
  for (const [feedback, label] of [["like", "Like"], ["skip", "Skip"], ["leave", "Leave"]]) {
    const button = element("button", { type: "button", className: feedback, textContent: label, ariaLabel: `${label}: ${item.title}` });
    button.onclick = guarded(() => answer(item, feedback));
    actions.append(button);
  }
  box.append(actions);
  box.onkeydown = (event) => {
    const feedback = { l: "like", s: "skip", x: "leave" }[event.key.toLowerCase()];
    if (feedback && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); guarded(answer)(item, feedback); }
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
    say(`The user left after ${steps.length} steps. Start another session.`);
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
  at("steps").replaceChildren(...steps.map((step) => element("li", {}, element("span", { textContent: step.title }), element("span", { className: "number", textContent: step.left ? "left" : step.reward.toFixed(0) }))).reverse());
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", "curve");
  const width = 196 / Math.max(1, steps.length - 1);
  path.setAttribute("d", steps.map((step, n) => `${n ? "L" : "M"} ${2 + n * width} ${42 - (step.reward - 1) * 10}`).join(" "));
  at("spark").replaceChildren(path);
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
