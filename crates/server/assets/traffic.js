// Asks for the counts every second and draws the last two minutes.
"use strict";
// The server may be behind a path of its proxy: everything is found from where this script came from.
const root = new URL("../../", document.currentScript.src);
const at = (id) => document.getElementById(id);
const rates = [];
let before = null;

function quantile(sorted, share) {
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : NaN;
}

// The least round number that is at least this.
function round(value) {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * magnitude).find((step) => step >= value);
}

function draw() {
  const most = round(Math.max(1, ...rates));
  at("most").textContent = most;
  const x = (n) => 600 - 5 * (rates.length - 1 - n);
  const points = rates.map((rate, n) => `${x(n)} ${115 - (105 * rate) / most}`);
  const shape = (kind, d) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    return path;
  };
  at("chart").replaceChildren(shape("grid", "M 0 10 H 600 M 0 62.5 H 600 M 0 115 H 600 M 300 10 V 115"));
  if (points.length) at("chart").append(
    shape("area", `M ${x(0)} 115 L ${points.join(" L ")} L 600 115 Z`),
    shape("curve", `M ${points.join(" L ")}`),
  );
}

function row(cells, isBad) {
  const line = document.createElement("tr");
  cells.forEach((text, n) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    if (n > 1) cell.className = isBad && n === 2 ? "number bad" : "number";
    line.append(cell);
  });
  return line;
}

function drawArms({ experiment, arms, names }) {
  const name = (hash) => (names[hash] ? `${names[hash]} (${hash.slice(0, 8)})` : hash);
  const share = (part, whole, digits = 0) => (whole ? `${((100 * part) / whole).toFixed(digits)} %` : "–");
  at("experiment").textContent = !experiment ? "No experiment runs: one policy answers everybody."
    : experiment.mode === "shadow" ? `${name(experiment.challenger)} is in the shadow of ${(100 * experiment.share).toFixed(0)} % of the users: it answers nobody, and what it would have shown is compared.`
    : `${name(experiment.challenger)} answers ${(100 * experiment.share).toFixed(0)} % of the users, always the same ones.`;
  at("arms").replaceChildren(...arms.map((one) => row([
    one.arm, name(one.policy), one.slates, one.answers, one.answers ? (one.reward / one.answers).toFixed(2) : "–", share(one.leaves, one.answers, 1),
    one.shadow_slates, share(one.shadow_same_first, one.shadow_slates), share(one.shadow_overlap, one.shadow_slates),
  ])));
}

async function tick() {
  const now = performance.now();
  const seen = await (await fetch(new URL("./console/traffic.json", root))).json();
  const others = seen.recent.filter((one) => !one.path.startsWith("/console/"));
  if (before) rates.push(Math.max(0, (1000 * (seen.requests - before.requests - 1)) / (now - before.now)));
  if (rates.length > 120) rates.shift();
  before = { now, requests: seen.requests };
  const times = others.map((one) => one.micros / 1000).sort((a, b) => a - b);
  const ms = (value) => (Number.isNaN(value) ? "–" : `${value.toFixed(value < 10 ? 2 : 0)} ms`);
  at("requests").textContent = seen.requests;
  at("rate").textContent = rates.length ? rates[rates.length - 1].toFixed(1) : "–";
  at("median").textContent = ms(quantile(times, 0.5));
  at("tail").textContent = ms(quantile(times, 0.99));
  at("sessions").textContent = seen.sessions;
  at("answers").textContent = ["like", "neutral", "dislike", "leave"].map((kind) => seen.answers[kind] || 0).join(" · ");
  at("unavailable").textContent = seen.unavailable;
  drawArms(seen);
  at("log").replaceChildren(...others.slice(0, 25).map((one) => row([
    new Date(one.time_millis).toLocaleTimeString([], { hour12: false }), `${one.method} ${one.path}`, one.status, (one.micros / 1000).toFixed(2),
  ], one.status >= 400)));
  draw();
}

const again = () => tick().catch(() => { at("rate").textContent = "no answer"; }).finally(() => setTimeout(again, 1000));
again();
