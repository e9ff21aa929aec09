// Schedule: the learning rate over time, and what it does to a noisy bowl. Question: why should the rate fall?
//
// state: schedule {schedule, parameters}, lr (its base), constant (the rate that does not change), steps, step (where both panels stand),
// surface {surface, parameters} (a bowl), start (of every chain, in both directions), noise (σ of each entry of the gradient), seed,
// ranges {parameter: [low, high]}, editable (whether the reader may choose another schedule).

const CHAINS = 64; // their mean loss is drawn

KINDS.schedule = (figure) => {
  const panel = (label, x, y) => new Plot(figure, {label, x, y, aspect: 0.82});
  const rates = panel("learning rate against steps", {label: "step", integer: true}, {label: "learning rate η"});
  const losses = panel(`mean loss of ${CHAINS} noisy runs against steps`, {label: "step", integer: true}, {label: "mean loss", log: true});
  let bowl, schedule, runs, world = {}, known = "", drawn = "";
  const {ranges = {}, editable} = figure.state;
  const corner = () => SCHEDULES[schedule.name].corner, names = () => [schedule.name.replaceAll("_", " "), "constant"];
  const limit = () => 2 / bowl.lipschitz, top = () => ranges.lr?.[1] ?? 1.15 * limit();
  const rate = (i, t) => (i ? figure.state.constant : figure.state.lr * schedule.factor(t));
  const retime = (parameters) => ({schedule: {schedule: schedule.name, parameters: {...schedule.parameters, ...parameters}}});

  // The corner of the schedule's first piece: it stretches the schedule in time and in height.
  const drag = handle(figure, rates, {
    label: "corner of the schedule",
    get: () => [corner() ? schedule.parameters[corner()] : 0, figure.state.lr],
    set: ([t, lr]) => figure.set({lr, ...(corner() && retime({[corner()]: Math.max(1, Math.round(t))}))}),
  });

  const descent = (lr) => makeRule({rule: "GD", hyper: {lr}});
  const noisy = (sigma) => insist(sigma >= 0 && sigma < Infinity, `The noise σ is ${sigma}; it must be a number from 0 on.`);

  function compute() {
    const {schedule: wanted, lr, constant, steps, surface, start, noise: sigma, seed} = figure.state;
    const shared = JSON.stringify([steps, surface, start, sigma, seed]), told = JSON.stringify([wanted, lr, constant, shared]);
    if (told === known) return;
    within("steps", figure.state.steps, 10, 2000, true);
    within("step", figure.state.step, 0, 2000, true);
    within("seed", figure.state.seed, 0, 2 ** 32 - 1, true);
    noisy(sigma);
    schedule = makeSchedule(wanted ?? {});
    bowl = makeSurface(surface);
    insist(bowl.strongConvexity && Number.isFinite(start), `From ${start} on ${bowl.name} no floor is known; start on a quadratic.`);
    const count = bowl.dimension * CHAINS, rules = [lr, constant].map(descent), factors = [schedule.factor];
    if (shared !== world.shared) {
      world = {shared, all: crowd(bowl), numbers: gaussians(seed, count * steps).map((v) => sigma * v), told: [], runs: []};
    }
    const noise = (t) => world.numbers.subarray((t - 1) * count, t * count);
    const walk = (i) => run(rules[i], world.all, Array(count).fill(start), steps, {tolerance: null, schedule: factors[i], noise});
    [JSON.stringify([wanted, lr]), constant].forEach((told, i) => { // what has not changed does not run again
      if (world.told[i] !== told) world.runs[i] = walk(i);
      world.told[i] = told;
    });
    ({runs} = world);
    figure.state.step = Math.min(figure.state.step, steps);
    known = told;
  }

  // Where the mean loss settles at a rate: in each direction Var = ησ² / (λ (2 − ηλ)), and half of λ Var is the loss.
  function floor(eta) {
    const part = (curvature) => (eta * curvature < 2 ? (eta * figure.state.noise ** 2) / (2 * (2 - eta * curvature)) : Infinity);
    return part(bowl.lipschitz) + part(bowl.strongConvexity);
  }

  // Names at the right ends: of the upper line above it, of the lower one below it or, without room there, above both.
  function nameEnds(plot, value) {
    const {steps} = figure.state, late = Array.from({length: Math.ceil(0.3 * steps)}, (_, t) => steps - t); // no name is longer
    const lines = names().map((name, i) => [late.map((t) => plot.y(value(i, t))).filter(Number.isFinite), name, figure.colors.racers[i]])
      .sort(([[a]], [[b]]) => a - b);
    const over = Math.min(...lines.flatMap(([ys]) => ys)), under = Math.max(...(lines[1]?.[0] ?? [])) + 10;
    const base = plot.axis.y.range[0], lowest = plot.y(base) - 8, below = under <= lowest;
    const first = Math.max(plot.margin.top + 8, over - (below ? 10 : 25)), places = [first, below ? under : first + 15];
    lines.forEach(([, name, color], i) => plot.text(name, steps, base, {color, align: "right", dx: -14, dy: Math.min(0, places[i] - lowest) - 8}));
  }

  function drawRates() {
    const {steps, step, lr} = figure.state, {quiet, racers} = figure.colors;
    const [at, height] = [corner() ? schedule.parameters[corner()] : 0, lr], thin = {color: quiet, width: 1};
    rates.range("x", 0, steps);
    rates.range("y", 0, top());
    rates.clear();
    rates.axes();
    rates.inside(() => {
      rates.line(2, (i) => i * steps, limit, {...thin, dash: [2, 4]});
      rates.text("2/L: beyond, it explodes", 0, limit(), {color: quiet, dx: 6, dy: -9});
      rates.line(3, (i) => (i < 2 ? at : 0), (i) => (i ? height : 0), {...thin, alpha: 0.6});
      for (const i of [1, 0]) {
        rates.line(steps + 1, (t) => t, (t) => rate(i, t), {color: racers[i]});
        rates.dot(step, rate(i, step), {color: racers[i], radius: 5});
      }
      nameEnds(rates, rate);
    });
  }

  function drawLosses() {
    const {steps, step} = figure.state, {racers, quiet} = figure.colors, known = runs.flatMap(({values}) => [...values]);
    const high = 2 * runs[0].values[0], shown = (i, t) => runs[i].values[Math.min(t, runs[i].values.length - 1)];
    losses.range("x", 0, steps);
    losses.range("y", Math.max(Math.min(...known) / 2, high * 1e-12), high);
    losses.clear();
    losses.axes();
    losses.inside(() => {
      for (const i of [1, 0]) {
        losses.line(steps + 1, (t) => t, (t) => floor(rate(i, t)), {color: racers[i], width: 1.5, dash: [5, 4], alpha: 0.8});
        losses.line(runs[i].values.length, (t) => t, (t) => runs[i].values[t], {color: racers[i]});
        losses.dot(Math.min(step, runs[i].values.length - 1), shown(i, step), {color: racers[i], radius: 5});
      }
      nameEnds(losses, shown);
      losses.text("dashed: the floor of each rate", steps, losses.axis.y.range[1], {color: quiet, align: "right", dx: -6, dy: 10});
    });
  }

  // -- controls ---------------------------------------------------------------------------------------------------------------

  const dial = (name, more) => slider(figure, {low: 0, get: () => figure.state[name], set: (v) => figure.set({[name]: v}), ...more});
  const rateOf = (name, title) => dial(name, {label: "η", title, symbol: "lr", high: top(), check: descent});

  // The sliders of the schedule's own parameters: whole numbers are steps, the others shares.
  function ownSliders() {
    return Object.entries(SCHEDULES[schedule.name].parameters).map(([name, field]) => {
      const {integer, openLow} = field, high = integer ? figure.state.steps : field.high; // a factor of each step is close to 1
      const [from, to] = ranges[name] ?? [openLow ? (field.default > 0.9 ? 0.9 : high / 1000) : field.low, high];
      return slider(figure, {label: name, title: `${name}: ${field.meaning}`, low: from, high: to, scale: integer ? "integer" : "linear",
        get: () => schedule.parameters[name], set: (v) => figure.set(retime({[name]: v})),
        check: (v) => makeSchedule(retime({[name]: v}).schedule)});
    });
  }

  const choose = choice(figure, {
    label: "schedule", options: Object.keys(SCHEDULES).map((name) => [name, name.replaceAll("_", " ")]), get: () => schedule.name,
    set: (name) => {
      const times = Object.entries(SCHEDULES[name].parameters).filter(([, field]) => field.integer); // in proportion to the run
      const inRun = (field) => Math.max(1, Math.round((field.default * figure.state.steps) / 300));
      figure.set({schedule: {schedule: name, parameters: Object.fromEntries(times.map(([p, field]) => [p, inRun(field)]))}});
    },
  });
  const own = element("div");

  compute();
  const first = lane(0, editable ? choose : names()[0], rateOf("lr", "η of the schedule: its base rate"), own);
  const second = lane(1, "constant", rateOf("constant", "η that stays"));
  const third = element("div", {}, 
    dial("noise", {label: "σ", title: "σ: noise of the gradient", high: 3, check: noisy}),
    button(figure, "New noise", () => figure.set({seed: (figure.state.seed + 1) % 2 ** 32})));
  const rows = element("div", {class: "gd-live-racers"}, first, element("div", {}, second, third));
  figure.controls.append(player(figure, () => figure.state.steps), rows);
  follow(figure, losses, (t) => ({step: Math.round(t)}));

  const says = (i, {step} = figure.state) => {
    const {status, step: end, values} = runs[i];
    if (status === "diverged" && step >= end) return `diverged at step ${end}`;
    return `loss ${number(values[step], 2)}, floor ${number(floor(rate(i, step)), 2)}`;
  };

  return {
    draw() {
      compute();
      if (drawn !== schedule.name) own.replaceChildren(...ownSliders());
      drawn = schedule.name;
      if (!rates.width || !losses.width) return;
      drawRates();
      drawLosses();
      drag();
      [first, second].forEach((row, i) => (row.querySelector("output").textContent = says(i)));
    },
    describe: () => `after ${figure.state.step} steps, ${names().map((name, i) => `${name}: ${says(i)}`).join("; ")}`,
    numbers: () => ({
      rates: Array.from({length: figure.state.steps + 1}, (_, t) => rate(0, t)), losses: runs.map(({values}) => [...values]),
      floors: [0, 1].map((i) => floor(rate(i, figure.state.step))),
    }),
  };
};

// Many copies of a surface side by side, all descended at once; the value is their mean.
function crowd({name, dimension: n, value, gradient}) {
  const part = Array(n); // one for all: this runs a hundred thousand times a second
  const each = (x, act) => {
    for (let i = 0; i < x.length; i += n) {
      for (let k = 0; k < n; k++) part[k] = x[i + k];
      act(i);
    }
  };
  return {
    name, dimension: n * CHAINS,
    value(x) {
      let total = 0;
      each(x, () => (total += value(part)));
      return total / CHAINS;
    },
    gradient(x) {
      const slopes = Array(x.length);
      each(x, (i) => gradient(part).forEach((slope, k) => (slopes[i + k] = slope)));
      return slopes;
    },
  };
}
