// Noise: many chains at once, each with its own chance in the gradient. Question: where does the noise stop you?
//
// state: surface {surface, parameters}, rules [one {rule, hyper, inner?}], start, steps, step (where both panels stand), chains, sigma
// (of one example's gradient in each direction), batch (the gradient's noise is sigma / √batch), seed, sliders, ranges, box.

KINDS.noise = (figure) => {
  const {rules, sliders} = figure.state;
  insist(rules?.length === 1, `${rules?.length ?? "no"} rules were given; this figure shows one.`);
  makeRule(rules[0]);
  const map = new Plot(figure, {label: "the chains on the surface", x: {label: "x₁"}, y: {label: "x₂"}, aspect: 0.9, grid: false});
  const losses = new Plot(figure, {
    label: "mean loss of the chains against steps", x: {label: "step", integer: true}, y: {label: "loss", log: true}, aspect: 0.9,
  });
  const drag = handle(figure, map, {
    label: "start", get: () => (flat() ? [figure.state.start[0], surface.value(figure.state.start)] : figure.state.start),
    set: (point) => figure.set({start: flat() ? [point[0]] : point}),
  });
  const row = racer(figure, 0), own = ownSliders(figure).filter(([name]) => !sliders || sliders.includes(name)).map(([, made]) => made);
  row.querySelector("output").classList.add("gd-live-room");
  figure.controls.append(player(figure, () => figure.state.steps, 6), row, element("div", {class: "gd-live-above"}, ...own));
  const flat = () => surface.dimension === 1;
  const above = (value) => value - (Number.isFinite(surface.minimumValue) ? surface.minimumValue : 0);
  let surface, chance = {}, chains = [], still, mean, measured;

  const compute = onChange(figure.state, ["surface", "rules", "start", ...Object.keys(LIMITS)], () => {
    const {surface: wanted, rules, start, steps, chains: count, sigma, batch, seed} = figure.state;
    for (const name in LIMITS) within(name, figure.state[name], ...LIMITS[name]);
    surface = makeSurface(wanted);
    const rule = makeRule(rules[0]), scale = sigma / Math.sqrt(batch), n = surface.dimension;
    const drawn = JSON.stringify([seed, count, steps, n]);
    if (chance.drawn !== drawn) chance = {drawn, numbers: gaussians(seed, steps * count * n)};
    const {numbers} = chance, noise = (c) => (t) => start.map((_, i) => scale * numbers[((t - 1) * count + c) * n + i]);
    still = run(rule, surface, start, steps, {tolerance: null});
    chains = Array.from({length: count}, (_, c) => run(rule, surface, start, steps, {tolerance: null, noise: noise(c)}));
    const total = (t) => chains.reduce((sum, chain) => sum + above(chain.values[t] ?? Infinity), 0);
    mean = Float64Array.from({length: steps + 1}, (_, t) => total(t) / count);
    measured = secondHalf(chains.map((chain) => chain.values.map(above)), steps);
  });

  function drawMap() {
    const {step} = figure.state, {racers} = figure.colors;
    landscape(map, surface, figure.state);
    const x = (chain, t) => chain.xs[t * surface.dimension], y = (chain, t) => (flat() ? chain.values[t] : chain.xs[2 * t + 1]);
    map.inside(() => {
      map.line(Math.min(step + 1, still.values.length), (t) => x(still, t), (t) => y(still, t), {color: racers[1], width: 2});
      for (const chain of chains) map.dot(x(chain, step), y(chain, step), {color: racers[0], radius: 3, alpha: 0.75, ring: false});
      ellipse();
    });
  }

  // Where the theory of a bowl sees 95 % of the chains in the end.
  function ellipse() {
    const variances = spreads(figure.state, surface);
    if (!variances?.every((v) => v > 0 && v < Infinity)) return;
    const [a, b] = variances.map((v) => Math.sqrt(-2 * Math.log(0.05) * v)), turn = (surface.parameters.rotation * Math.PI) / 180;
    const along = (k) => a * Math.cos((2 * Math.PI * k) / 90), across = (k) => b * Math.sin((2 * Math.PI * k) / 90);
    const x = (k) => along(k) * Math.cos(turn) - across(k) * Math.sin(turn);
    const y = (k) => along(k) * Math.sin(turn) + across(k) * Math.cos(turn);
    map.line(91, x, y, {color: figure.colors.ink, width: 1.5, dash: [5, 4]});
    const top = Math.sqrt((a * Math.sin(turn)) ** 2 + (b * Math.cos(turn)) ** 2);
    map.text("theory: 95 % in the end", 0, top, {align: "center", dy: -9});
  }

  function drawLosses() {
    const {step, steps, chains: count} = figure.state, {racers, ink} = figure.colors;
    const floor = lossFloor(figure.state, surface), floors = floor > 0 && floor < Infinity ? [floor] : [];
    const seen = [...mean, ...floors].filter((v) => v > 0 && v < Infinity);
    if (!seen.length) seen.push(1); // everybody stands at the minimum
    const high = Math.min(2 * Math.max(...seen), 1e6 * (mean[0] || 1));
    losses.axis.y.label = surface.minimumValue === 0 ? "loss f(x)" : "f(x) − lowest";
    losses.range("y", Math.max(Math.min(...seen) / 8, high * 1e-12), high);
    losses.range("x", 0, steps);
    losses.clear();
    losses.axes();
    losses.inside(() => {
      losses.upright(step);
      const few = {color: racers[0], width: 1, alpha: 0.2};
      for (const {values} of chains.slice(0, 8)) losses.line(values.length, (t) => t, (t) => above(values[t]), few);
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
      const highest = Math.max(...mean.slice(-Math.ceil(steps / 3)), ...floors);
      losses.text(`mean of ${count} chains`, steps, Math.min(highest, top), {color: racers[0], align: "right", dx: -4, dy: -14});
      if (floors.length) losses.text(`theory: ${number(floor, 3)}`, steps, floor, {align: "right", dx: -4, dy: 26});
    }
  }

  // "after 300 steps mean loss 0.0254; over the second half 0.0256 ± 0.0003, theory 0.0256"
  function words() {
    const {step, steps} = figure.state, floor = lossFloor(figure.state, surface);
    const lost = chains.filter((chain) => chain.status === "diverged").length, [half, error] = measured.map((v, i) => number(v, 3 - 2 * i));
    const now = lost ? `${lost} of ${chains.length} chains diverged within ${steps} steps`
      : `after ${step} step${step === 1 ? "" : "s"} mean loss ${number(mean[step], 3)}`;
    if (floor === Infinity) return `${now}; theory knows no floor, η is too large`;
    return lost ? now : `${now}; over the second half ${half} ± ${error}${floor === null ? "" : `, theory ${number(floor, 3)}`}`;
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

// what the numbers of the state may be, and which are whole
const LIMITS = {steps: [1, 2000, true], chains: [1, 500, true], batch: [1, 1e6, true], seed: [0, 2 ** 32 - 1, true], sigma: [0, 1e6]};

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

// [[name, slider], …] for the noise and the number of chains.
function ownSliders(figure) {
  const dials = {
    sigma: {label: "σ", title: "σ: noise in the gradient of one example", low: 0.01, high: 10, scale: "log"},
    batch: {label: "B", title: "B: examples in a batch", low: 1, high: 1024, scale: "log"},
    chains: {label: "chains", title: "chains at once", low: 1, high: 200, scale: "integer"},
  };
  return Object.entries(dials).map(([name, dial]) => {
    const [low, high] = figure.state.ranges?.[name] ?? [dial.low, dial.high];
    const get = () => figure.state[name], set = (v) => figure.set({[name]: LIMITS[name][2] ? Math.round(v) : v});
    const check = (v) => within(name, v, ...LIMITS[name]);
    return [name, slider(figure, {...dial, low, high, symbol: name, get, set, check})];
  });
}
