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
  Nesterov: (condition) => (Math.sqrt(3 * condition + 1) - 2) / (Math.sqrt(3 * condition + 1) + 2),
};
