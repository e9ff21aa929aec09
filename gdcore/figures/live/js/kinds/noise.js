// Noise: many chains at once, each with its own chance in the gradient. Question: where does the noise stop you?
//
// state: surface {surface, parameters}, rules [one {rule, hyper, inner?}], start, steps, step (where both panels stand), chains, sigma
// (of one example's gradient in each direction), batch (the gradient's noise is sigma / √batch), seed, sliders, ranges, box.

KINDS.noise = (figure) => {
  insist(figure.state.rules?.length === 1, `${figure.state.rules?.length ?? "no"} rules were given; this figure shows one.`);
  makeRule(figure.state.rules[0]);
  const map = new Plot(figure, {label: "where the chains are on the surface", x: {label: "x₁"}, y: {label: "x₂"}, aspect: 0.9, grid: false});
  const losses = new Plot(figure, {label: "mean loss of the chains against steps", x: {label: "step", integer: true}, y: {log: true, label: "loss"}, aspect: 0.9});
  const drag = handle(figure, map, {
    label: "start", get: () => (flat() ? [figure.state.start[0], surface.value(figure.state.start)] : figure.state.start),
    set: (point) => figure.set({start: flat() ? [point[0]] : point}),
  });
  const row = racer(figure, 0), more = ownSliders(figure);
  row.append(...more.filter(([name]) => !figure.state.sliders || figure.state.sliders.includes(name)).map(([, made]) => made));
  figure.controls.append(player(figure, () => figure.state.steps, 6), element("div", {class: "gd-live-racers"}, row));
  const flat = () => surface.dimension === 1, above = (value) => value - (Number.isFinite(surface.minimumValue) ? surface.minimumValue : 0);
  let surface, known = "", chance = {}, chains = [], still, mean, measured, heights;

  function compute() {
    const {surface: wanted, rules, start, steps, chains: count, sigma, batch, seed} = figure.state;
    const now = JSON.stringify([wanted, rules, start, steps, count, sigma, batch, seed]);
    if (now === known) return;
    whole({steps, chains: count, batch, seed}, {steps: MOST_STEPS, chains: MOST_CHAINS, batch: 1e6, seed: 2 ** 32 - 1});
    insist(sigma >= 0 && Number.isFinite(sigma), `sigma is ${sigma}; it is a finite number from 0 on.`);
    surface = makeSurface(wanted);
    const rule = makeRule(rules[0]), scale = sigma / Math.sqrt(batch), drawn = [seed, count, steps].join();
    if (chance.drawn !== drawn) chance = {drawn, pairs: Array.from({length: count}, (_, c) => Array.from({length: steps}, (_, t) => normals(seed, c * MOST_STEPS + t)))};
    still = run(rule, surface, start, steps, {tolerance: null});
    chains = chance.pairs.map((pairs) => run(rule, surface, start, steps, {tolerance: null, noise: (t) => start.map((_, i) => scale * pairs[t - 1][i])}));
    mean = Float64Array.from({length: steps + 1}, (_, t) => chains.reduce((sum, chain) => sum + above(chain.values[t] ?? Infinity), 0) / count);
    measured = secondHalf(chains.map((chain) => chain.values.map(above)), steps);
    figure.state.step = Math.min(figure.state.step, steps);
    known = now;
  }

  function drawMap() {
    const box = figure.state.box ?? surface.box, [[x0, x1], second] = box, {step} = figure.state, {racers, ink} = figure.colors;
    insist(box.length === surface.dimension && box.every(([low, high]) => low < high), `box is ${JSON.stringify(box)}; each side goes from a lower number to a higher.`);
    map.range("x", x0, x1);
    if (flat()) heights = sampled(surface, x0, x1);
    map.range("y", ...(flat() ? heights.range : second));
    Object.assign(map.axis.x, {label: flat() ? "x" : "x₁"});
    map.axis.y.label = flat() ? "f(x)" : "x₂";
    map.clear();
    map.inside(() => {
      if (flat()) map.line(heights.xs.length, (i) => heights.xs[i], (i) => heights.ys[i], {color: ink, width: 1.5});
      else map.field((x, y) => surface.value([x, y]), JSON.stringify(figure.state.surface));
    });
    map.axes();
    const x = (chain, t) => chain.xs[t * surface.dimension], y = (chain, t) => (flat() ? chain.values[t] : chain.xs[2 * t + 1]);
    map.inside(() => {
      map.line(Math.min(step + 1, still.values.length), (t) => x(still, t), (t) => y(still, t), {color: racers[1], width: 2});
      for (const chain of chains) if (step < chain.values.length) map.dot(x(chain, step), y(chain, step), {color: racers[0], radius: 3, alpha: 0.75, ring: false});
      ellipse();
    });
  }

  // Where the theory of a bowl sees 95 % of the chains in the end.
  function ellipse() {
    const widths = spreads(figure.state, surface), {strongConvexity: mu, lipschitz: L, parameters} = surface;
    if (!widths?.every((v) => Number.isFinite(v) && v > 0)) return;
    const [a, b] = widths.map((v) => Math.sqrt(-2 * Math.log(0.05) * v)), turn = (parameters.rotation * Math.PI) / 180, angle = (k) => (2 * Math.PI * k) / 90;
    const x = (k) => a * Math.cos(angle(k)) * Math.cos(turn) - b * Math.sin(angle(k)) * Math.sin(turn);
    const y = (k) => a * Math.cos(angle(k)) * Math.sin(turn) + b * Math.sin(angle(k)) * Math.cos(turn);
    map.line(91, x, y, {color: figure.colors.ink, width: 1.5, dash: [5, 4]});
    const top = Array.from({length: 90}, (_, k) => k).reduce((best, k) => (y(k) > y(best) ? k : best), 0);
    map.text("95 % in the end", x(top), y(top), {align: "center", dy: -9});
  }

  function drawLosses() {
    const {step, steps, chains: count} = figure.state, {racers, ink, quiet} = figure.colors, floor = lossFloor(figure.state, surface);
    const seen = Array.from(mean).filter((v) => Number.isFinite(v) && v > 0), high = 2 * Math.max(...seen), floors = Number.isFinite(floor) && floor > 0 ? [floor] : [];
    losses.axis.y.label = Number.isFinite(surface.minimumValue) && surface.minimumValue !== 0 ? "f(x) − lowest" : "loss f(x)";
    losses.range("y", Math.max(Math.min(...seen, ...floors) / 8, high * 1e-12), high);
    losses.range("x", 0, steps);
    losses.clear();
    losses.axes();
    losses.inside(() => {
      Object.assign(losses.pen, {strokeStyle: quiet, lineWidth: 1});
      losses.segment(losses.x(step), 0, losses.x(step), losses.height);
      for (const {values} of chains.slice(0, 20)) losses.line(values.length, (t) => t, (t) => above(values[t]), {color: racers[0], width: 1, alpha: 0.16});
      losses.line(still.values.length, (t) => t, (t) => above(still.values[t]), {color: racers[1], width: 1.5});
      losses.line(steps + 1, (t) => t, (t) => mean[t], {color: racers[0]});
      if (floors.length) losses.line(2, (k) => k * steps, () => floor, {color: ink, width: 1.5, dash: [5, 4]});
      losses.dot(step, mean[step], {color: racers[0], radius: 5});
      name();
    });

    // each line is named where there is room for it
    function name() {
      const [low, top] = losses.axis.y.range, half = Math.sqrt(low * top);
      const falls = Array.from(still.values).findIndex((value) => above(value) < half);
      if (falls > 0) losses.text("without noise", falls, half, {color: racers[1], dx: 6});
      losses.text(`mean of ${count} chains`, steps, Math.max(mean[steps] || top, floor || 0), {color: racers[0], align: "right", dx: -4, dy: -22});
      if (floors.length) losses.text(`theory: ${number(floor, 3)}`, steps, floor, {align: "right", dx: -4, dy: 26});
    }
  }

  // "after 300 steps mean loss 0.0254; over the second half 0.0256 ± 0.0003, theory 0.0256"
  function words() {
    const {step, steps} = figure.state, floor = lossFloor(figure.state, surface), lost = chains.filter((chain) => chain.status === "diverged").length;
    if (lost) return `${lost} of ${chains.length} chains diverged within ${steps} steps${floor === Infinity ? ", and theory knows no floor at this η" : ""}`;
    const theory = floor === null ? "" : floor === Infinity ? ", theory knows no floor at this η" : `, theory ${number(floor, 3)}`;
    return `after ${step} steps mean loss ${number(mean[step], 3)}; over the second half ${number(measured[0], 3)} ± ${number(measured[1], 1)}${theory}`;
  }

  follow(figure, losses, (step) => ({step: Math.round(step)}));

  return {
    draw() {
      compute();
      if (!map.width || !losses.width) return;
      drawMap();
      drawLosses();
      drag();
      row.querySelector("output").textContent = words();
    },
    describe: () => `${chains.length} chains of ${nameOf(figure.state.rules[0])}: ${words()}`,
    found: () => ({chains, mean, measured, floor: lossFloor(figure.state, surface)}),
  };
};

const MOST_STEPS = 5000, MOST_CHAINS = 500;

function whole(numbers, most) {
  for (const [name, value] of Object.entries(numbers)) {
    insist(Number.isInteger(value) && value >= 1 && value <= most[name], `${name} is ${value}; it is a whole number from 1 to ${most[name]}.`);
  }
}

// [mean, standard error] of the chains' losses over the second half of the steps.
function secondHalf(losses, steps) {
  const from = Math.ceil(steps / 2), average = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const each = losses.map((values) => (values.length > steps ? average(values.slice(from)) : Infinity)), mean = average(each);
  return [mean, Math.sqrt(average(each.map((v) => (v - mean) ** 2)) / Math.max(1, each.length - 1))];
}

// The variance at which gradient noise and descent are even, along the flattest and the steepest direction of a bowl; null where no
// closed form is known, infinity where the rate is too large.
function spreads({rules: [rule], sigma, batch}, {name, strongConvexity, lipschitz}) {
  if (name !== "quadratic" || !["GD", "HeavyBall"].includes(rule.rule)) return null;
  const {lr, momentum: beta = 0, dampening = 0} = makeRule(rule).h, rate = lr * (1 - dampening), noise = sigma ** 2 / batch;
  return [strongConvexity, lipschitz].map((curvature) => {
    const room = 2 * (1 + beta) - rate * curvature;
    return room > 0 && beta < 1 ? (rate * noise * (1 + beta)) / (curvature * (1 - beta) * room) : Infinity;
  });
}

function lossFloor(state, surface) {
  const found = spreads(state, surface);
  return found && (surface.strongConvexity * found[0] + surface.lipschitz * found[1]) / 2;
}

function ownSliders(figure) {
  const own = [["sigma", "σ", "noise of one example's gradient", 0.01, 10, "log"], ["batch", "B", "batch: examples averaged in a gradient", 1, 1024, "logInteger"],
    ["chains", "chains", "chains that are walked at once", 1, 200, "integer"]];
  return own.map(([name, label, title, low, high, scale]) => {
    const wanted = figure.state.ranges?.[name];
    return [name, slider(figure, {
      label, title, symbol: name, low: wanted?.[0] ?? low, high: wanted?.[1] ?? high, scale, get: () => figure.state[name], set: (v) => figure.set({[name]: v}),
      check: (v) => name === "sigma" ? insist(v >= 0, `sigma is ${v}; it is a number from 0 on.`) : whole({[name]: v}, {batch: 1e6, chains: MOST_CHAINS}),
    })];
  });
}
