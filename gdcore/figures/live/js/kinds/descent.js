// Descent: up to four rules race on one surface from one start. Question: who arrives, and by which way?
//
// state: surface {surface, parameters}, rules [{rule, hyper, inner?}, …], start, steps, step (where all panels stand),
// sliders [names of hyper-parameters to show; the others are folded away], ranges {name: [low, high]}, box, editable.

KINDS.descent = (figure) => {
  const state = figure.state;
  const title = "the surface from above, with the path of each rule";
  const map = new Plot(figure, {label: title, x: {label: "x₁"}, y: {label: "x₂"}, aspect: 0.82, grid: false});
  const losses = new Plot(figure, {label: "loss against steps", x: {label: "step", integer: true}, y: {label: "loss", log: true}, aspect: 0.82});
  const drag = handle(figure, map, {label: "start", get: () => flat() ? [figure.state.start[0], surface.value(figure.state.start)] : figure.state.start, set: (point) => figure.set({start: flat() ? [point[0]] : point})});
  const last = () => Math.max(1, ...runs.map((run) => run.values.length - 1));
  const flat = () => surface.dimension === 1;
  let surface = makeSurface(state.surface), runs = [], known = "";
  if (state.editable) figure.root.dataset.linked = true;
  const play = player(figure, last);
  figure.controls.append(play);
  const racers = element("div", {class: "gd-live-racers"});
  const above = element("div", {class: "gd-live-above"});
  figure.controls.append(above, racers);
  let shown = "";

  // The lines of the races are built anew when the rules are others, not when a slider moves.
  function rows() {
    const now = JSON.stringify([figure.state.rules.map(shape), figure.state.sliders, figure.state.ranges, figure.state.surface.surface]);
    if (now === shown) return;
    shown = now;
    const holder = document.activeElement, name = holder?.ariaLabel;
    above.replaceChildren(...(figure.state.editable ? choices(figure) : []), ...parameterSliders(figure));
    racers.replaceChildren(...figure.state.rules.map((_, i) => racer(figure, i)));
    if (holder?.isConnected === false) { // the reader's keys go on to the control of the same name
      const all = [...above.querySelectorAll("select, input, button"), ...racers.querySelectorAll("select, input, button")];
      (all.find((e) => e.ariaLabel === name && e.localName === holder.localName) ?? racers.querySelector("select, input"))?.focus();
    }
  }

  function compute() {
    const {surface: wanted, rules, start, steps} = figure.state;
    const now = JSON.stringify([wanted, rules, start, steps]);
    if (now === known) return;
    const before = last();
    surface = makeSurface(wanted);
    if (start.length !== surface.dimension) figure.state.start = [...surface.start];
    if (!Number.isInteger(steps) || steps < 1 || steps > 5000) throw new Error(`steps is ${steps}; a figure shows from 1 to 5000.`);
    runs = rules.map((rule) => run(makeRule(rule), surface, figure.state.start, steps, {tolerance: null}));
    if (known === "" || figure.state.step >= before) figure.state.step = Math.min(figure.state.step, last());
    figure.state.step = Math.min(figure.state.step, last());
    known = now;
  }

  function drawMap() {
    landscape(map, surface, figure.state);
    map.inside(() => {
      for (const minimum of surface.minima) map.text("×", minimum[0], flat() ? surface.value(minimum) : minimum[1], {align: "center", bold: true});
      runs.forEach((run, i) => path(run, figure.colors.racers[i]));
    });
  }

  function path(run, color) {
    const n = surface.dimension, x = (k) => run.xs[k * n], y = (k) => (flat() ? run.values[k] : run.xs[k * n + 1]);
    const count = run.values.length, until = Math.min(figure.state.step, count - 1);
    map.line(count, x, y, {color, width: 1, alpha: 0.35});
    map.line(until + 1, x, y, {color, width: 2});
    if (until < 60) for (let k = 0; k < until; k++) map.dot(x(k), y(k), {color, radius: 2.5, ring: false});
    map.dot(x(until), y(until), {color, radius: 5});
  }

  function drawLosses() {
    const floor = Number.isFinite(surface.minimumValue) ? surface.minimumValue : null;
    const above = (value) => (floor === null ? value : Math.max(value - floor, 1e-16));
    const all = runs.flatMap((run) => Array.from(run.values, above)).filter(Number.isFinite);
    losses.axis.y = {label: floor === null ? "f(x)" : floor === 0 ? "loss f(x)" : "f(x) − lowest", log: floor !== null, range: [0, 1]};
    const [low, high] = [Math.min(...all), Math.max(...all)];
    losses.range("y", ...(floor === null ? [low, high] : [Math.max(low, high * 1e-12) / 1.5, high * 1.5]));
    losses.range("x", 0, figure.state.steps);
    losses.clear();
    losses.axes();
    losses.inside(() => {
      const at = Math.min(figure.state.step, last());
      losses.upright(at);
      runs.forEach((run, i) => {
        const color = figure.colors.racers[i], until = Math.min(at, run.values.length - 1);
        losses.line(run.values.length, (k) => k, (k) => above(run.values[k]), {color});
        losses.dot(until, above(run.values[until]), {color, radius: 5});
      });
    });
  }

  pointAtStep(figure, losses, last);

  return {
    draw() {
      compute();
      rows();
      if (!map.width || !losses.width) return;
      drawMap();
      drawLosses();
      drag();
      racers.querySelectorAll("output").forEach((output, i) => (output.textContent = verdict(runs[i], figure.state.step)));
    },
    describe: () => figure.state.rules.map((rule, i) => `${nameOf(rule)}: ${verdict(runs[i], figure.state.step)}`).join("; "),
    runs: () => runs,
  };
};

// -- words ------------------------------------------------------------------------------------------------------------------

const shape = (rule) => nameOf(rule);

// "after 40 steps loss 1.2e-4, converging" or "diverged at step 7".
function verdict(run, step) {
  const end = run.values.length - 1, k = Math.min(step, end);
  if (run.status === "diverged" && step >= end) return `diverged at step ${run.step}`;
  const value = run.values[k], earlier = run.values[Math.floor(k * 0.8)], slope = run.norms[k];
  const trend = slope <= 1e-6 * Math.min(1, run.norms[0]) ? "at rest" : k < 5 ? "" : value < earlier ? (slope < run.norms[0] * 0.5 ? "converging" : "falling") : "not falling";
  return `after ${k} step${k === 1 ? "" : "s"} loss ${number(value, 3)}${trend && `, ${trend}`}`;
}
