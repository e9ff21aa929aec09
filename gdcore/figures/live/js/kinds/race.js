// Race: recorded losses of real trainings. Question: who is ahead, and by which clock?
//
// data: label (of the losses), metric (its name, or null), runs [{name, losses, metric?, steps, seconds?, gradients?}, …]: losses and
// metric hold one row a seed, with null where there is no number; the clocks say when the points were taken.
// state: clock (steps, seconds or gradients), scale (log or linear), step (the cursor, in 200ths of the axis), chosen (a name, or null).

const CLOCKS = {
  steps: {axis: "step", says: (n) => `at step ${number(Math.floor(n), 6)}`},
  seconds: {axis: "seconds", says: (n) => `after ${number(n, 3)} seconds`},
  gradients: {axis: "gradients evaluated", says: (n) => `after ${number(Math.floor(n), 6)} gradients`},
};

KINDS.race = (figure) => {
  insist(Array.isArray(figure.data?.runs), "its data holds no runs.");
  const {label: lossLabel = "loss", metric} = figure.data;
  const plot = (label) => new Plot(figure, {label: `${label} of each run`, x: {label: " "}, y: {label}, aspect: metric ? 0.82 : 0.5});
  const panels = {loss: plot(lossLabel), ...(metric && {score: plot(metric)})};
  const clock = () => CLOCKS[figure.state.clock], color = (i) => figure.colors.racers[i % 4], quiet = (run) => lit && run.name !== lit;
  const end = () => Math.max(0, ...runs.map((run) => run.times.at(-1))), at = () => end() * (figure.state.step / 200);
  let runs = [], known, shown, pointed, lit;
  const above = element("div", {class: "gd-live-above"}), racers = element("div", {class: "gd-live-racers"});
  figure.controls.append(player(figure, () => 200, {says: () => clock().says(at())}), above, racers);

  function compute() {
    const {clock, scale, step, chosen} = figure.state, now = [figure.data, clock];
    insist(CLOCKS[clock], `There is no clock "${clock}"; known are ${Object.keys(CLOCKS).join(", ")}.`);
    insist(scale === "log" || scale === "linear", `There is no scale "${scale}"; known are log, linear.`);
    insist(step >= 0 && step <= 200, `step is ${step}; the cursor stands from 0 to 200.`);
    lit = pointed ?? chosen;
    if (known?.every((value, i) => value === now[i])) return;
    runs = figure.data.runs.map((run) => summary(run, clock));
    known = now;
  }

  // Switches for the clocks that all runs have, and a lane for each run.
  function rows() {
    const {runs} = figure.data, clocks = Object.keys(CLOCKS).filter((name) => runs.every((run) => run[name]));
    const now = JSON.stringify([runs.map((run) => run.name), clocks]);
    if (now === shown) return;
    shown = now;
    const pick = (label, key, options) => choice(figure, {label, options: options.map((name) => [name, name]),
      get: () => figure.state[key], set: (value) => figure.set({[key]: value})});
    above.replaceChildren(pick("clock", "clock", clocks), pick("loss axis", "scale", ["log", "linear"]));
    racers.replaceChildren(...runs.map(({name}, i) => {
      const toggle = button(figure, name, () => figure.set({chosen: figure.state.chosen === name ? null : name}));
      const made = lane(i % 4, toggle);
      made.querySelector("output").style.flexBasis = "100%"; // a line of its own, however long
      const point = () => ((pointed = made.matches(":hover, :has(:focus-visible)") ? name : undefined), figure.redraw());
      for (const event of ["pointerenter", "pointerleave", "focusin", "focusout"]) made.addEventListener(event, point);
      return made;
    }));
  }

  // The value that a run had reached at the cursor: that of its last point by then.
  const reached = (run) => {
    const k = run.times.findLastIndex((time) => time <= at());
    return {k, loss: run.loss.middle[k], score: run.score?.middle[k]};
  };

  function drawPanel(key) {
    const panel = panels[key], log = key === "loss" && figure.state.scale === "log";
    Object.assign(panel.axis.x, {label: clock().axis, integer: figure.state.clock !== "seconds"});
    panel.axis.y.log = log;
    panel.range("x", 0, end() || 1);
    panel.range("y", ...heights(runs.map((run) => run[key]), log, key === "loss"));
    panel.clear();
    panel.axes();
    panel.inside(() => {
      for (const [i, {name, times, [key]: {several, low, high}}] of runs.entries()) {
        if (several) panel.area(times.length, (k) => times[k], (k) => low[k], (k) => high[k], {color: color(i), alpha: lit && name !== lit ? 0.05 : 0.17});
      }
      panel.upright(at());
      // the emphasised run lies on top
      for (const [i, run] of [...runs.entries()].sort(([, a], [, b]) => (a.name === lit) - (b.name === lit))) {
        const {k} = reached(run), y = run[key].middle;
        const [width, radius, alpha] = run.name === lit ? [3.5, 6, 1] : [2, 4.5, quiet(run) ? 0.3 : 1];
        panel.line(y.length, (j) => run.times[j], (j) => y[j], {color: color(i), width, alpha, dash: i < 4 ? [] : [6, 5]});
        if (Number.isFinite(y[k])) panel.dot(run.times[k], y[k], {color: color(i), radius, alpha});
      }
      const {x: {range: [x0]}, y: {range: [y0]}} = panel.axis, {left, bottom} = panel.margin;
      for (const [i, [name, x, y]] of named(panel, runs, key).entries()) {
        if (!lit || name === lit) panel.text(name, x0, y0, {color: color(i), align: "center", dx: x - left, dy: y - panel.height + bottom});
      }
    });
  }

  // [name, loss] of those who have a loss at the cursor, the best first.
  const order = () => runs.map((run) => [run.name, reached(run).loss]).filter(([, loss]) => Number.isFinite(loss)).sort((a, b) => a[1] - b[1]);

  function words(run) {
    const {k, loss, score} = reached(run), [[first, best] = []] = order();
    if (k < 0) return "no value yet";
    if (!Number.isFinite(loss)) return "diverged";
    const band = run.loss.several ? ` (${number(run.loss.low[k], 3)} to ${number(run.loss.high[k], 3)})` : "";
    const above = (ratio) => (ratio < 2 ? `+${number(100 * ratio - 100, 2)} %` : `× ${number(ratio, 2)}`);
    const place = run.name === first ? "ahead" : best > 0 ? above(loss / best) : "behind";
    return [`${number(loss, 3)}${band}`, ...(score === undefined ? [] : [`${metric} ${number(score, 3)}`]), place].join(", ");
  }

  for (const [key, panel] of Object.entries(panels)) {
    const pick = (event) => {
      const [x] = panel.at(event), y = event.clientY - panel.canvas.getBoundingClientRect().top;
      const near = runs.map((run) => [Math.abs(panel.y(run[key].middle[run.times.findLastIndex((time) => time <= x)]) - y), run.name]);
      pointed = near.filter(([far]) => far < 16).sort((a, b) => a[0] - b[0])[0]?.[1];
      figure.set({step: Math.round((200 * x) / (end() || 1))});
    };
    Object.assign(panel.box.style, {width: "100%", minHeight: "15rem"}); // on a phone a wide panel would be too low
    panel.canvas.addEventListener("pointermove", (event) => event.pointerType === "mouse" && pick(event), {signal: figure.signal});
    panel.canvas.addEventListener("pointerleave", () => ((pointed = undefined), figure.redraw()), {signal: figure.signal});
    panel.canvas.addEventListener("click", pick, {signal: figure.signal});
  }

  return {
    draw() {
      compute();
      rows();
      if (!panels.loss.width) return;
      for (const key of Object.keys(panels)) drawPanel(key);
      [...racers.children].forEach((made, i) => {
        made.querySelector("button").setAttribute("aria-pressed", figure.state.chosen === runs[i].name);
        made.querySelector("output").textContent = words(runs[i]);
        made.classList.toggle("gd-live-faint", !!quiet(runs[i]));
      });
    },
    describe() {
      const [first, ...others] = order();
      if (!first) return "No run has a loss yet.";
      const behind = others.map(([name, loss]) => `${name}: ${number(loss, 3)}`);
      return [`${clock().says(at()).replace(/^a/, "A")} ${first[0]} is ahead, ${lossLabel} ${number(first[1], 3)}`, ...behind].join("; ");
    },
    runs: () => runs,
    reached: () => runs.map(reached),
  };
};

// One run by one clock: when its points were taken, and the values over the seeds. A run that is not as it should be is a sentence.
function summary({name, losses, metric, ...clocks}, clock) {
  const times = clocks[clock], even = (rows) => Array.isArray(rows) && rows.length && rows.every((row) => row?.length === times.length && row.length);
  insist(Array.isArray(times), `The run "${name}" has no ${clock}.`);
  insist(times.every((time, k) => Number.isFinite(time) && time >= (times[k - 1] ?? 0)), `The ${clock} of "${name}" must be numbers from 0 that do not fall.`);
  insist(even(losses) && (!metric || even(metric)), `The run "${name}" needs one row of ${times.length} values a seed, as many as it has ${clock}.`);
  return {name, times, loss: overSeeds(losses, Infinity), score: metric && overSeeds(metric, NaN)};
}

// Point by point the median over the seeds, the lowest and the highest. A lost loss is infinite; a lost metric is left out.
function overSeeds(rows, lost) {
  const points = rows[0].map((_, k) => rows.map((row) => row[k] ?? lost).filter((v) => !Number.isNaN(v)).sort((a, b) => a - b));
  return {
    several: rows.length > 1,
    middle: points.map((v) => (v[(v.length - 1) >> 1] + v[v.length >> 1]) / 2), low: points.map((v) => v[0]), high: points.map((v) => v.at(-1)),
  };
}

// From the lowest value to the highest; what has exploded leaves the picture at the top and does not flatten the others.
function heights(found, log, losses) {
  const fits = (v) => Number.isFinite(v) && (!log || v > 0), all = found.flatMap(({low, high}) => [...low, ...high]).filter(fits);
  const starts = found.map(({middle}) => middle.find(fits)).filter((v) => v !== undefined);
  if (!all.length) return [log ? 0.1 : 0, 1];
  const low = all.reduce((a, b) => Math.min(a, b)), highest = all.reduce((a, b) => Math.max(a, b));
  const high = losses && low >= 0 ? Math.min(highest, (log ? 30 : 2) * Math.max(...starts)) : highest;
  return log ? [low / 1.2, high * 1.2] : [losses && low >= 0 ? 0 : low - 0.06 * (high - low), high + 0.06 * (high - low)];
}

// [[name, x, y], …] on the canvas: a name near each curve, where it covers the fewest lines and no other name.
function named(panel, runs, key) {
  const now = [runs, panel.width, panel.height, `${panel.axis.y.range} ${panel.axis.y.log}`];
  if (panel.named?.every((value, i) => value === now[i])) return panel.places; // until the curves are others
  const curves = runs.map((run) => strewn(run.times.map((x, k) => [panel.x(x), panel.y(run[key].middle[k])]).filter(([, y]) => Number.isFinite(y))));
  const all = curves.flat(), taken = [], {left, right, top, bottom} = panel.margin;
  panel.named = now;
  panel.places = runs.map(({name}, i) => {
    const wide = panel.pen.measureText(name).width / 2 + 4;
    let best = [Infinity];
    for (let j = 0; j < curves[i].length; j += Math.ceil(curves[i].length / 40)) for (const away of [-14, 14, -28, 28, -42, 42, 56, -56]) {
      const x = Math.max(left + wide, Math.min(panel.width - right - wide, curves[i][j][0])), y = curves[i][j][1] + away;
      if (y < top + 8 || y > panel.height - bottom - 8) continue;
      const covered = all.filter(([u, v]) => Math.abs(u - x) < wide && Math.abs(v - y) < 9).length;
      const names = taken.filter(([u, v, w]) => Math.abs(u - x) < wide + w && Math.abs(v - y) < 16).length;
      const cost = covered + 1000 * names + Math.abs(away) / 8 + Math.abs(x - curves[i][j][0]) / 8;
      if (cost < best[0]) best = [cost, x, y, wide];
    }
    taken.push(best.slice(1));
    return [name, ...best.slice(1)];
  });
  return panel.places;
}

// A path as points at most 8 apart.
function strewn(path) {
  return path.flatMap(([x, y], k) => {
    const [u, v] = path[k + 1] ?? [x, y], count = Math.max(1, Math.min(200, Math.ceil(Math.hypot(u - x, v - y) / 8)));
    return Array.from({length: count}, (_, j) => [x + ((u - x) * j) / count, y + ((v - y) * j) / count]);
  });
}
