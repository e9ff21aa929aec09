// Depth: the size of signal and gradient in each layer of a wide random network. Question: at which scale do both survive fifty layers?
//
// state: depth (layers), scale (σ_w), activation (a name of ACTIVATIONS), activations (the names to choose from), skip (how much of its
// input a layer adds to its output), residual (whether the reader may move it), layer (the one whose inputs are shown).

const sigmoid = (x) => (1 + Math.tanh(x / 2)) / 2;
const gelu = (x) => [Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)), Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)];

// What gdcore.propagation has: {name: [φ, its slope]}.
const ACTIVATIONS = {
  linear: [(x) => x, () => 1],
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  ReLU: [(x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
  "leaky ReLU": [(x) => (x > 0 ? x : 0.01 * x), (x) => (x > 0 ? 1 : 0.01)],
  GELU: [(x) => (x * (1 + gelu(x)[0])) / 2, (x) => (1 + gelu(x)[0]) / 2 + (x * (1 - gelu(x)[0] ** 2) * gelu(x)[1]) / 2],
  SiLU: [(x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
};

const NORMAL = Array.from({length: 400}, (_, i) => (i + 0.5) * 0.04 - 8);
const WEIGHTS = NORMAL.map((z) => (Math.exp((-z * z) / 2) * 0.04) / Math.sqrt(2 * Math.PI));
const average = (f) => NORMAL.reduce((sum, z, i) => sum + WEIGHTS[i] * f(z), 0);

// {forward, backward, spread}, as gdcore.propagation.propagate has them.
function propagate(depth, scale, name, skip) {
  const [phi, slope] = ACTIVATIONS[name], squares = [1], spread = [], passed = [];
  let mean = 0;
  for (let layer = 0; layer < depth; layer++) {
    const s = scale * Math.sqrt(squares[layer]), first = average((z) => phi(s * z));
    squares.push(average((z) => phi(s * z) ** 2) + 2 * skip * first * mean + skip ** 2 * squares[layer]);
    passed.push(scale ** 2 * average((z) => slope(s * z) ** 2) + skip ** 2);
    mean = first + skip * mean;
    spread.push(s);
  }
  const backward = [1];
  for (const factor of passed.reverse()) backward.unshift(backward[0] * factor);
  return {forward: squares.map(Math.sqrt), backward: backward.map(Math.sqrt), spread};
}

KINDS.depth = (figure) => {
  const {activations, residual} = figure.state;
  const sizes = new Plot(figure, {label: "size of signal and gradient against layers", x: {label: "layer", integer: true}, y: {label: "root mean square", log: true}, aspect: 0.82});
  const inputs = new Plot(figure, {label: "the activation, and where its inputs lie", x: {label: "input of the activation"}, y: {label: "output"}, aspect: 0.82});
  let found, known = "";

  function compute() {
    const {depth, scale, activation, skip, layer} = figure.state, told = [depth, scale, activation, skip].join();
    within("depth", depth, 1, 100, true);
    within("scale", scale, 0.1, 4);
    within("skip", skip, 0, 1);
    insist(Object.hasOwn(ACTIVATIONS, activation), `There is no activation "${activation}"; known are ${Object.keys(ACTIVATIONS).join(", ")}.`);
    within("layer", layer, 1, 100, true);
    figure.state.layer = Math.min(layer, depth);
    if (told !== known) found = propagate(depth, scale, activation, skip);
    known = told;
  }

  function drawSizes() {
    const {depth, layer} = figure.state, {quiet, racers: [blue, orange]} = figure.colors, all = [...found.forward, ...found.backward];
    const line = (values, color) => sizes.line(depth + 1, (i) => i, (i) => values[i], {color});
    sizes.range("x", 0, depth);
    sizes.range("y", Math.min(0.1, Math.max(Math.min(...all), 1e-300)) / 1.5, Math.max(10, ...all) * 1.5);
    sizes.clear();
    sizes.axes();
    sizes.inside(() => {
      sizes.line(2, () => layer, (i) => sizes.axis.y.range[i], {color: quiet, width: 1, dash: [2, 4]});
      line(found.forward, blue);
      line(found.backward, orange);
      sizes.dot(layer, found.forward[layer], {color: blue});
      sizes.dot(layer, found.backward[layer], {color: orange});
    });
    sizes.note("signal", depth, found.forward[depth], -8, blue, found.forward[depth] < 1 ? 12 : -12);
    sizes.note("gradient", 0, found.backward[0], 8, orange, found.backward[0] < 1 ? 12 : -12);
  }

  function drawInputs() {
    const {activation, layer} = figure.state, {quiet, ink, racers: [, orange, green]} = figure.colors, [phi, slope] = ACTIVATIONS[activation];
    const x = (i) => -6 + i / 20, wide = Math.min(6, 2 * found.spread[layer - 1]);
    inputs.range("x", -6, 6);
    inputs.range("y", -1.75, 2.5);
    inputs.clear();
    inputs.axes();
    inputs.inside(() => {
      inputs.line(2, (i) => (2 * i - 1) * wide, () => -1.57, {color: quiet, width: 7, alpha: 0.6});
      inputs.line(241, x, (i) => slope(x(i)), {color: orange, width: 1.5, dash: [5, 4]});
      inputs.line(241, x, (i) => phi(x(i)), {color: green});
      inputs.text(`95 % of the inputs of layer ${layer}`, 0, -1.57, {color: ink, align: "center", dy: -13});
      inputs.text("its slope", -6, slope(-6), {color: orange, dx: 6, dy: -9});
      inputs.text(`${activation} φ`, 6, Math.min(2.1, phi(6)), {color: green, align: "right", dx: -6, dy: phi(6) > 2.1 ? 0 : 14});
    });
  }

  const dial = (name, more) => slider(figure, {get: () => figure.state[name], set: (v) => figure.set({[name]: v}), ...more});
  compute();
  const says = element("output", {class: "gd-live-says"});
  const above = element("div", {class: "gd-live-above"},
    choice(figure, {label: "activation", options: activations.map((name) => [name, name]), get: () => figure.state.activation, set: (activation) => figure.set({activation})}),
    dial("scale", {label: "σ", title: "σ: scale of the weights, the root of fan-in times their variance", low: 0.1, high: 4, scale: "log", check: (v) => within("scale", v, 0.1, 4)}),
    dial("depth", {label: "depth", title: "depth: layers", low: 1, high: 100, scale: "integer", check: (v) => within("depth", v, 1, 100, true)}),
    ...(residual ? [dial("skip", {label: "skip", title: "skip: how much of its input a layer adds to its output", low: 0, high: 1, check: (v) => within("skip", v, 0, 1)})] : []));
  figure.controls.append(above, says);
  follow(figure, sizes, (at) => ({layer: Math.min(figure.state.depth, Math.max(1, Math.round(at)))}));

  const words = () => {
    const {depth} = figure.state;
    return `signal after layer ${depth}: ${number(found.forward[depth], 3)} of the input; gradient at the input: ${number(found.backward[0], 3)} of that after layer ${depth}`;
  };

  return {
    draw() {
      compute();
      if (!sizes.width || !inputs.width) return;
      drawSizes();
      drawInputs();
      says.textContent = words();
    },
    describe: words,
    numbers: () => found,
  };
};
