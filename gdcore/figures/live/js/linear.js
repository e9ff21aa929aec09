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
// A name stands where its line passes the middle, unless another is near.
function drawParts(plot, whole, parts) {
  const {state: {steps, step}, colors: {ink}} = plot.figure, first = whole[0], seen = whole.filter((v) => v > 0 && v < Infinity);
  plot.range("y", Math.max(Math.min(...seen) / 10, first * 1e-10), 2 * Math.min(Math.max(...seen), first * 1e3));
  plot.range("x", 0, steps);
  plot.clear();
  plot.axes();
  plot.inside(() => {
    plot.line(whole.length, (k) => k, (k) => whole[k], {color: ink, width: 7, alpha: 0.2});
    for (const [size, color] of parts) plot.line(whole.length, (k) => k, (k) => size(k) || NaN, {color, width: 1.6});
    const middle = plot.value("y", 0.5), taken = [];
    for (const [size, color, name] of parts) {
      const passed = whole.findIndex((_, k) => size(k) < middle), k = passed > 0 ? passed : Math.floor(0.6 * steps);
      if (!taken.some((other) => Math.abs(k - other) < 0.15 * steps)) plot.text(name, k, size(k), {dx: 6, dy: -6, color});
      taken.push(k);
    }
    plot.upright(step);
    plot.dot(step, whole[step], {color: ink, radius: 5});
  });
}
