// Draws the charts of a report. All values and names come from the JSON in the page; text is set as text, never as markup.
"use strict";

const { runs, charts } = JSON.parse(document.getElementById("data").textContent);
const view = { smoothing: 0.9, log: false, hidden: new Set() };
const margin = { left: 52, right: 20, top: 10, bottom: 24 };

// Values

// An exponential mean that starts unbiased: each value weighs (1 − w) at first, older ones w times less a step.
function smooth(values, weight) {
  let sum = 0, norm = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    norm = weight * norm + (1 - weight);
    return sum / norm;
  });
}

// The step in the middle of a curve's entry.
const stepOf = (curve, index) => curve.first + index * curve.width + (curve.width - 1) / 2;

// The entry with a value that is nearest to a step.
function nearest(curve, step) {
  const wanted = Math.round((step - curve.first - (curve.width - 1) / 2) / curve.width);
  const start = Math.min(Math.max(wanted, 0), curve.mean.length - 1);
  for (let away = 0; away < curve.mean.length; away++) {
    for (const index of [start - away, start + away]) if (curve.mean[index] != null) return index;
  }
  return -1;
}

function nearestPoint(points, step) {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}

function written(value, unit) {
  if (unit === "share") return (100 * value).toFixed(1) + " %";
  if (unit === "percent") return value.toFixed(1) + " %";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-3) return Number(value.toPrecision(3)).toExponential().replace("+", "");
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}

// Scales

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

// Lowest and highest value to show: all of the drawn lines and points, the raw values without their outermost hundredths.
function extent(chart, shown) {
  const raw = [], firm = [];
  for (const { line, smoothed } of shown) {
    if (line.curve) {
      for (const list of [line.curve.low || line.curve.mean, line.curve.high || []]) {
        for (const value of list) if (value !== null) raw.push(value);
      }
      for (const value of smoothed) if (value !== null) firm.push(value);
    }
    for (const point of line.points || []) firm.push(point[1]);
    if (line.chance !== undefined) firm.push(line.chance);
  }
  raw.sort((a, b) => a - b);
  if (raw.length) firm.push(quantile(raw, 0.01), quantile(raw, 0.99));
  const usable = isLog(chart) ? firm.filter((value) => value > 0) : firm;
  let low = usable.reduce((a, b) => Math.min(a, b), Infinity), high = usable.reduce((a, b) => Math.max(a, b), -Infinity);
  if (low > high) [low, high] = isLog(chart) ? [0.1, 1] : [0, 1];
  if (chart.unit !== "number") low = Math.min(low, 0);
  if (low === high) [low, high] = isLog(chart) ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  if (isLog(chart)) return [low, high];
  const room = 0.04 * (high - low);
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

const isLog = (chart) => view.log && chart.unit === "number";

// About `count` round numbers from low to high.
function niceTicks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).reduce((a, b) => (Math.abs(b - rough) < Math.abs(a - rough) ? b : a));
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const times of [1, 2, 5]) {
      const tick = Number((times * 10 ** power).toPrecision(3));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  const every = Math.ceil(ticks.length / 6);
  return ticks.length < 2 ? niceTicks(low, high, 4) : ticks.filter((_, index) => index % every === 0);
}

// Drawing

function shape(parent, name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const runClass = (index) => "run-" + (index % 8);
const fixed = (value) => value.toFixed(1);

// "M x y L x y …" through the values there are.
function path(xs, ys) {
  let text = "";
  ys.forEach((y, index) => {
    if (y !== null && Number.isFinite(y)) text += (text ? "L" : "M") + fixed(xs[index]) + " " + fixed(y);
  });
  return text;
}

function shownLines(chart) {
  return chart.lines
    .map((line, run) => ({ line, run, smoothed: line.curve ? smooth(line.curve.mean, view.smoothing) : [] }))
    .filter(({ line, run }) => !view.hidden.has(run) && (line.curve || line.points));
}

function lastStep(line) {
  const curve = line.curve ? line.curve.first + line.curve.mean.length * line.curve.width - 1 : 1;
  return (line.points || []).reduce((last, point) => Math.max(last, point[0]), curve);
}

function draw(figure) {
  const chart = charts[figure.dataset.chart], plot = figure.querySelector(".plot");
  const width = plot.clientWidth || 400, height = plot.clientHeight || 230;
  const shown = shownLines(chart);
  const steps = shown.reduce((last, { line }) => Math.max(last, lastStep(line)), 2);
  const [low, high] = extent(chart, shown);
  const part = isLog(chart)
    ? (value) => (value > 0 ? Math.log(value / low) / Math.log(high / low) : NaN)
    : (value) => (value - low) / (high - low);
  const x = (step) => margin.left + ((step - 1) / (steps - 1)) * (width - margin.left - margin.right);
  const y = (value) => (value === null ? null : height - margin.bottom - part(value) * (height - margin.top - margin.bottom));
  plot.replaceChildren();
  const svg = shape(plot, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  axes(svg, chart, { width, height, x, y, steps, low, high });
  const clip = "clip-" + figure.dataset.chart;
  const area = { x: margin.left, y: margin.top - 4, width: width - margin.left - margin.right + 4, height: height - margin.top - margin.bottom + 8 };
  shape(shape(svg, "clipPath", { id: clip }), "rect", area);
  const layer = shape(svg, "g", { "clip-path": `url(#${clip})` });
  for (const one of shown) curveOf(layer, one, x, y);
  for (const one of shown) pointsOf(layer, one, x, y, width);
  const here = shape(svg, "line", { class: "here", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
  figure.drawn = { chart, shown, steps, width, x, here };
  if (figure.querySelector(".readout").firstChild) point(figure, figure.step);
}

function axes(svg, chart, { width, height, x, y, steps, low, high }) {
  for (const tick of isLog(chart) ? logTicks(low, high) : niceTicks(low, high, 5)) {
    shape(svg, "line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) });
    shape(svg, "text", { x: margin.left - 6, y: y(tick) + 4, "text-anchor": "end" }, written(tick, chart.unit).replace(".0 %", " %"));
  }
  for (const tick of niceTicks(0, steps, Math.max(2, Math.floor(width / 90)))) {
    if (tick > 0) shape(svg, "text", { x: x(tick), y: height - 6, "text-anchor": "middle" }, tick.toLocaleString("en"));
  }
}

function curveOf(layer, { line, run, smoothed }, x, y) {
  const { curve } = line, colour = runClass(run), again = run >= 8 ? " again" : "";
  if (!curve) return;
  const xs = curve.mean.map((_, index) => x(stepOf(curve, index)));
  if (curve.low) {
    const up = path(xs, curve.high.map(y)), down = path([...xs].reverse(), curve.low.map(y).reverse());
    shape(layer, "path", { class: `range ${colour}`, d: up + down.replace("M", "L") + "Z" });
  } else if (view.smoothing > 0) {
    shape(layer, "path", { class: `raw ${colour}`, d: path(xs, curve.mean.map(y)) });
  }
  shape(layer, "path", { class: `line ${colour}${again}`, d: path(xs, smoothed.map(y)) });
}

function pointsOf(layer, { line, run }, x, y, width) {
  const points = line.points || [], colour = runClass(run);
  if (line.chance !== undefined) {
    shape(layer, "line", { class: `guessing ${colour}`, x1: margin.left, x2: width - margin.right, y1: y(line.chance), y2: y(line.chance) });
  }
  if (!line.curve) shape(layer, "path", { class: `joined ${colour}`, d: path(points.map(([step]) => x(step)), points.map(([, value]) => y(value))) });
  for (const [step, value] of points) {
    if (Number.isFinite(y(value))) shape(layer, "circle", { class: `point ${colour}`, cx: fixed(x(step)), cy: fixed(y(value)), r: 3.5 });
  }
}

// Reading values

function point(figure, step) {
  const { chart, shown, steps, x, here } = figure.drawn;
  step = Math.min(Math.max(step, 1), steps);
  figure.step = step;
  here.setAttribute("x1", x(step));
  here.setAttribute("x2", x(step));
  here.setAttribute("visibility", "visible");
  figure.querySelector(".readout").replaceChildren(...shown.flatMap((one) => values(chart, one, step)));
}

// A run's lines in the readout: its value at the nearest step, and its nearest held-out value.
function values(chart, { line, run, smoothed }, step) {
  const rows = [];
  const add = (text, value) => {
    const [row, swatch, name, number] = ["div", "span", "span", "b"].map((kind) => document.createElement(kind));
    swatch.className = "swatch " + runClass(run);
    name.textContent = text;
    number.textContent = value;
    row.append(swatch, name, number);
    rows.push(row);
  };
  const index = line.curve ? nearest(line.curve, step) : -1;
  if (index >= 0) {
    const at = Math.round(stepOf(line.curve, index)).toLocaleString("en");
    const raw = written(line.curve.mean[index], chart.unit);
    const mean = view.smoothing > 0 ? `${written(smoothed[index], chart.unit)} (${raw})` : raw;
    add(`${runs[run]}, step ${at}`, mean);
  }
  if (line.points && line.points.length) {
    const [at, value] = nearestPoint(line.points, step);
    add(`${line.curve ? "held out" : runs[run]}, step ${at.toLocaleString("en")}`, written(value, chart.unit));
  }
  return rows;
}

function leave(figure) {
  figure.querySelector(".readout").replaceChildren();
  figure.drawn.here.setAttribute("visibility", "hidden");
}

function listen(figure) {
  const plot = figure.querySelector(".plot");
  const at = (event) => {
    const { width, steps } = figure.drawn, across = event.clientX - plot.getBoundingClientRect().left - margin.left;
    point(figure, 1 + (across / (width - margin.left - margin.right)) * (steps - 1));
  };
  plot.addEventListener("pointermove", at);
  plot.addEventListener("pointerdown", at);
  plot.addEventListener("pointerleave", () => leave(figure));
  plot.addEventListener("blur", () => leave(figure));
  plot.addEventListener("keydown", (event) => {
    const { steps } = figure.drawn, stride = Math.max(1, Math.round(steps / 100)), from = figure.step || 1;
    const to = { ArrowLeft: from - stride, ArrowRight: from + stride, Home: 1, End: steps }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    point(figure, to);
  });
}

// Start

const figures = [...document.querySelectorAll(".chart")];
const redraw = () => figures.forEach(draw);
const smoothing = document.getElementById("smoothing");

function readControls() {
  view.smoothing = Number(smoothing.value);
  view.log = document.getElementById("log").checked;
  view.hidden = new Set([...document.querySelectorAll("[data-run]")].filter((box) => !box.checked).map((box) => Number(box.dataset.run)));
  document.querySelector("output[for=smoothing]").textContent = view.smoothing.toFixed(2);
  redraw();
}

figures.forEach(listen);
document.getElementById("controls").addEventListener("input", readControls);
document.querySelectorAll(".zoom").forEach((button) =>
  button.addEventListener("click", () => button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true")));
let resizing;
addEventListener("resize", () => { cancelAnimationFrame(resizing); resizing = requestAnimationFrame(redraw); });
readControls();
