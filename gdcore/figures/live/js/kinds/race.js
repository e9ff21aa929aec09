// Race: recorded losses of real trainings. Question: who is ahead, and by which clock?
//
// data: label (of the losses), metric (its name, or null), runs [{name, losses, metric?, steps, seconds?, gradients?}, …]: losses and
// metric are [line] or [line, low, high], rows with null where there is no number; the clocks say when the points were taken;
// clock_scale ("log", or none for linear); colors (after so many runs the colours begin again, dashed; 4 if there is none).
// state: clock (steps, seconds or gradients), scale (log or linear), step (the cursor, in 200ths of the axis), chosen (a name, or null).

KINDS.race = (figure) => {
  const {label, metric, runs: given} = figure.data ?? {}, clocks = ["steps", "seconds", "gradients"], scales = ["log", "linear"];
  insist(Array.isArray(given), "its data holds no runs.");
  const plot = (what) => new Plot(figure, {label: `${what} of each run`, x: {label: " "}, y: {label: what}, aspect: metric ? 0.82 : 0.5});
  const panels = {losses: plot(label), ...(metric && {metric: plot(metric)})};
  const above = element("div", {class: "gd-live-above"}), racers = element("div", {class: "gd-live-racers"});
  let runs = [], known, shown, pointed, lit;
  const {clock_scale, colors = 4} = figure.data ?? {}, log = clock_scale === "log";
  const end = () => Math.max(0, ...runs.map((run) => run.times.at(-1)));
  const first = () => (log ? Math.min(end(), ...runs.flatMap((run) => run.times.find((t) => t > 0) ?? [])) : 0) || 0;
  const at = (share = figure.state.step / 200, low = first()) => (low && share < 1 ? low * (end() / low) ** share : end() * share);
  const color = (i) => figure.colors.racers[i % colors], faint = (run) => !!lit && run.name !== lit;
  const says = () => `after ${figure.state.clock === "seconds" ? number(at(), 3) : number(Math.floor(at()), 6)} ${figure.state.clock}`;
  // a value that a run has reached by a time is that of its last point till then
  const till = (run, time) => run.times.findLastIndex((t) => t <= time);
  figure.controls.append(player(figure, () => 200, {says}), above, racers);

  function compute() {
    const {clock, scale, step, chosen} = figure.state, {runs: given} = figure.data;
    insist(clocks.includes(clock), `There is no clock "${clock}"; known are ${clocks.join(", ")}.`);
    insist(scales.includes(scale), `There is no scale "${scale}"; known are ${scales.join(", ")}.`);
    within("step", step, 0, 200);
    lit = pointed ?? chosen;
    if (known?.[0] === given && known[1] === clock) return;
    runs = given.map((run) => timed(run, clock));
    known = [given, clock];
  }

  // Switches for the clocks that all runs have, and a lane for each run.
  function rows() {
    const {runs} = figure.data, shared = clocks.filter((name) => runs.every((run) => run[name]));
    const now = `${runs.map((run) => run.name)} ${shared}`;
    if (now === shown) return;
    shown = now;
    const pick = (label, key, options) => choice(figure, {label, options: options.map((name) => [name, name]),
      get: () => figure.state[key], set: (value) => figure.set({[key]: value})});
    above.replaceChildren(pick("clock", "clock", shared), pick("loss axis", "scale", scales));
    racers.replaceChildren(...runs.map(({name}, i) => {
      const made = lane(i % colors, button(figure, name, () => figure.set({chosen: figure.state.chosen === name ? null : name})));
      made.querySelector("output").style.flexBasis = "100%"; // a line of its own, however long
      if (i >= colors) made.style.borderTopStyle = "dashed"; // as its curve
      const point = () => ((pointed = made.matches(":hover, :has(:focus-visible)") ? name : undefined), figure.redraw());
      for (const event of ["pointerenter", "pointerleave", "focusin", "focusout"]) made.addEventListener(event, point);
      return made;
    }));
  }

  function drawPanel(key, panel) {
    const {clock, scale} = figure.state;
    panel.axis.y.log = key === "losses" && scale === "log";
    Object.assign(panel.axis.x, {label: clock, integer: clock !== "seconds", log: log && end() > first()});
    panel.range("x", first(), end() || 1);
    panel.range("y", ...heights(runs.map((run) => run[key]), panel.axis.y.log, key === "losses"));
    panel.clear();
    panel.axes();
    panel.inside(() => {
      panel.upright(at());
      // the run that is lifted out lies on top; of more than four only its band is drawn, since so many hide each other
      for (const [i, run] of [...runs.entries()].sort(([, a], [, b]) => (a.name === lit) - (b.name === lit))) {
        const [line, low, high] = run[key], k = till(run, at()), x = (j) => run.times[j], bold = run.name === lit;
        const style = {color: color(i), alpha: faint(run) ? 0.3 : 1};
        if (low && (runs.length < 5 || bold)) panel.area(line.length, x, (j) => low[j], (j) => high[j], {...style, alpha: faint(run) ? 0.05 : 0.17});
        panel.line(line.length, x, (j) => line[j], {...style, width: bold ? 3.5 : 2, dash: i < colors ? [] : [6, 5]});
        if (Number.isFinite(line[k])) panel.dot(x(k), line[k], {...style, radius: bold ? 6 : 4.5});
      }
      const {x: {range: [x0]}, y: {range: [y0]}} = panel.axis, {left, bottom} = panel.margin;
      named(panel, runs, key).forEach(([, x, y], i) => {
        if (!faint(runs[i])) panel.text(runs[i].name, x0, y0, {color: color(i), align: "center", dx: x - left, dy: y - panel.height + bottom});
      });
    });
  }

  // [name, loss] of those who have a loss at the cursor, the best first.
  const order = () => runs.map((run) => [run.name, run.losses[0][till(run, at())]]).filter(([, loss]) => loss < Infinity).sort((a, b) => a[1] - b[1]);

  function words(run) {
    const k = till(run, at()), [loss, low, high] = run.losses.map((row) => row[k]), [[first, best] = []] = order(), times = loss / best;
    if (!Number.isFinite(loss)) return k < 0 ? "no value yet" : "diverged";
    return number(loss, 3) + (low === undefined ? "" : ` (${number(low, 3)} to ${number(high, 3)})`)
      + (metric ? `, ${metric} ${number(run.metric[0][k], 3)}` : "")
      + (run.name === first ? ", ahead" : best <= 0 ? `, +${number(loss - best, 2)}` // no loss is a multiple of 0
        : times < 2 ? `, +${number(100 * times - 100, 2)}\u00a0%` : `, × ${number(times, 2)}`);
  }

  for (const [key, panel] of Object.entries(panels)) {
    const pick = (event) => {
      const [x] = panel.at(event), far = (run) => Math.abs(panel.y(run[key][0][till(run, x)]) - event.offsetY);
      pointed = runs.filter((run) => far(run) < 16).sort((a, b) => far(a) - far(b))[0]?.name;
      figure.set({step: Math.round(200 * panel.share("x", x))});
    };
    Object.assign(panel.box.style, {width: "100%", minHeight: "15rem"}); // on a phone a wide panel would be too low
    figure.listen(panel.canvas, "pointermove", (event) => event.pointerType === "mouse" && pick(event));
    figure.listen(panel.canvas, "pointerleave", () => ((pointed = undefined), figure.redraw()));
    figure.listen(panel.canvas, "click", pick);
  }

  return {
    draw() {
      compute();
      rows();
      if (!panels.losses.width) return;
      for (const [key, panel] of Object.entries(panels)) drawPanel(key, panel);
      [...racers.children].forEach((made, i) => {
        made.querySelector("button").setAttribute("aria-pressed", figure.state.chosen === runs[i].name);
        made.querySelector("output").textContent = words(runs[i]);
        made.classList.toggle("gd-live-faint", faint(runs[i]));
      });
    },
    describe() {
      const said = order().map(([name, loss], i) => `${name}${i ? ":" : ` is ahead, ${label}`} ${number(loss, 3)}`);
      return said.length ? `${says()} ${said.join("; ")}` : "no run has a loss yet";
    },
    runs: () => runs.map((run) => ({...run, reached: run.losses[0][till(run, at())]})),
  };
};

// A run by one clock. What is no number lies outside every picture.
function timed({name, losses, metric, ...clocks}, clock) {
  const times = clocks[clock], read = (rows) => rows.map((row) => row.map((v) => v ?? Infinity));
  const fit = (rows) => rows?.every?.((row) => row.length === times?.length && row.length);
  insist(fit(losses) && (!metric || fit(metric)), `The run "${name}" needs one value for each of its ${clock}.`);
  return {name, times, losses: read(losses), metric: metric && read(metric)};
}

// The range of an axis: what has exploded leaves the picture at the top and does not flatten the others.
function heights(curves, log, losses) {
  const fits = (v) => v < Infinity && (!log || v > 0), all = curves.flat(2).filter(fits);
  if (!all.length) return [0.1, 1];
  const begin = Math.max(...curves.map(([line]) => line.find(fits) ?? 0)), low = Math.min(...all), high = Math.max(...all);
  const top = losses ? Math.min(high, (log ? 30 : 2) * Math.max(begin, 2 * low)) : high;
  const room = Math.max(1.02, Math.min(1.2, (top / low) ** 0.25)); // for names, in proportion where all are near each other
  return log ? [low / room, top * room] : [Math.min(0, low), 1.06 * top];
}

// [[cost, x, y, half the width], …] on the canvas: where the name of each curve covers the fewest lines and no other name.
function named(panel, runs, key) {
  const now = [runs, panel.width, panel.height, String(panel.axis.y.range)];
  if (panel.named?.every((value, i) => value === now[i])) return panel.places; // until the curves are others
  const curves = runs.map((run) => run.times.map((x, k) => [panel.x(x), panel.y(run[key][0][k])]));
  const all = curves.flatMap((curve) => curve.flatMap(([x, y], k) => { // a point for every eight pixels of a long line
    const [u, v] = curve[k + 1] ?? [x, y], parts = Math.min(40, 1 + Math.hypot(u - x, v - y) / 8) || 1;
    return Array.from({length: parts}, (_, i) => [x + (u - x) * (i / parts), y + (v - y) * (i / parts)]);
  }));
  const taken = [], near = (x, y, a, b) => ([u, v, w = 0]) => Math.abs(u - x) < a + w && Math.abs(v - y) < b;
  panel.named = now;
  return (panel.places = curves.map((curve, i) => {
    const wide = panel.pen.measureText(runs[i].name).width / 2 + 4, {left, right, top, bottom} = panel.margin;
    let best = [Infinity];
    for (let j = 0; j < curve.length; j += Math.ceil(curve.length / 30)) for (const away of [-14, 14, -28, 28, -42, 42]) {
      const x = Math.max(left + wide, Math.min(panel.width - right - wide, curve[j][0])), y = curve[j][1] + away;
      const covered = all.filter(near(x, y, wide, 9)).length + 1000 * taken.filter(near(x, y, wide, 16)).length;
      const cost = covered + (Math.abs(away) + Math.abs(x - curve[j][0])) / 8;
      if (cost < best[0] && y > top + 8 && y < panel.height - bottom - 8) best = [cost, x, y];
    }
    taken.push([best[1], best[2], wide]);
    return best;
  }));
}
