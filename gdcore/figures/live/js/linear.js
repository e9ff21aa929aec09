// Linear rules on a quadratic: each component of the error, one for each curvature λ, obeys z² − trace z + determinant = 0.

const LINEAR = {
  GD: ({lr}, curvature) => [1 - lr * curvature, 0],
  HeavyBall: ({lr, momentum, dampening = 0}, curvature) => [1 + momentum - lr * (1 - dampening) * curvature, momentum],
  Nesterov: ({lr, momentum}, curvature) => [(1 + momentum) * (1 - lr * curvature), momentum * (1 - lr * curvature)],
};

// What a step leaves of the component in the long run (the larger size of the two roots), and how it comes in.
function leaves(name, hyper, curvature) {
  const [trace, determinant] = LINEAR[name](hyper, curvature), inside = (trace * trace) / 4 - determinant;
  if (inside < 0) return {left: Math.sqrt(determinant), way: "swings"};
  return {left: Math.abs(trace) / 2 + Math.sqrt(inside), way: trace < 0 ? "jumps" : "straight"};
}

// Rates worth a mark, [[words, rate], …], on curvatures from mu to L.
const RATES = {
  GD: (_, mu, L) => [["1/L", 1 / L], ["2/(L+μ)", 2 / (L + mu)], ["2/L", 2 / L]],
  HeavyBall: ({momentum, dampening = 0}, mu, L) =>
    [["best", 4 / (Math.sqrt(L) + Math.sqrt(mu)) ** 2], ["cliff", (2 * (1 + momentum)) / L]].map(([words, rate]) => [words, rate / (1 - dampening)]),
  Nesterov: ({momentum}, mu, L) => [["best", 4 / (3 * L + mu)], ["cliff", (2 * (1 + momentum)) / ((1 + 2 * momentum) * L)]],
};

// The momentum that goes with the best rate.
const MOMENTA = {
  HeavyBall: (condition) => ((Math.sqrt(condition) - 1) / (Math.sqrt(condition) + 1)) ** 2,
  Nesterov: (condition) => Math.max(0, (Math.sqrt(3 * condition + 1) - 2) / (Math.sqrt(3 * condition + 1) + 2)),
};

// A slider for a number of the state; `most` is how far one may type beyond it.
function dial(figure, name, label, title, low, high, most, scale) {
  return slider(figure, {
    label, title, low, high, scale, symbol: name,
    get: () => figure.state[name], set: (value) => figure.set({[name]: value}), check: (value) => within(name, value, low, most),
  });
}

const conditionDial = (figure) =>
  dial(figure, "condition", "κ", "condition: how many times as steep as the flattest the steepest is", 1, Math.max(1000, figure.state.condition), 1e8, "log");

// Against steps on logarithmic paper: parts, [[size(k), color, name], …], each with a line of its own, and the whole as a pale one.
// A name stands beside its line, where no line, also of `others`, and no other name is in its way.
function drawParts(plot, whole, parts, others = []) {
  const {state: {steps, step}, colors: {ink}} = plot.figure, first = whole[0], seen = whole.filter((v) => v > 0 && v < Infinity);
  plot.range("y", Math.max(Math.min(...seen) / 10, first * 1e-10), 2 * Math.min(Math.max(...seen), first * 1e3));
  plot.range("x", 0, steps);
  plot.clear();
  plot.axes();
  plot.inside(() => {
    plot.line(whole.length, (k) => k, (k) => whole[k], {color: ink, width: 7, alpha: 0.2});
    for (const [size, color] of parts) plot.line(whole.length, (k) => k, (k) => size(k) || NaN, {color, width: 1.6});
    const taken = [], lines = [...parts.map(([size]) => size), ...others, (k) => whole[k]];
    for (const [size, color, name] of parts) {
      const passed = [0.5, 0.4, 0.3, 0.2, 0.1].map((share) => whole.findIndex((_, k) => size(k) < plot.value("y", share))).filter((k) => k > 0);
      const wide = plot.pen.measureText(name).width + 10;
      const place = ([k, side]) => [plot.x(k) + (side > 0 ? 6 : -6 - wide), plot.y(size(k)) - 9 * side]; // above it, or below
      const free = (at) => {
        const [x, y] = place(at), under = (j) => plot.x(j) >= x && plot.x(j) <= x + wide;
        return x > plot.x(0) && x + wide < plot.x(steps) && !taken.some(([u, v, w]) => x < u + w && u < x + wide && Math.abs(v - y) < 15)
          && !whole.some((_, j) => under(j) && lines.some((line) => line !== size && Math.abs(plot.y(line(j)) - y) < 8));
      };
      const along = [...passed, ...[0.6, 0.3, 0.15].map((share) => Math.floor(share * steps))];
      const at = [1, -1].flatMap((side) => along.map((k) => [k, side])).find(free);
      if (!at) continue;
      plot.text(name, at[0], size(at[0]), {align: at[1] > 0 ? "left" : "right", dx: 6 * at[1], dy: -9 * at[1], color});
      taken.push([...place(at), wide]);
    }
    plot.upright(step);
    plot.dot(step, whole[step], {color: ink, radius: 5});
  });
}
