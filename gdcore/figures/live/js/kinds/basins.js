// Basins: each start on the map in the colour of the minimum that it reaches. Question: is the valley you end in a choice of yours, or of
// the method?
//
// state: surface {surface, parameters}, rules [one or two {rule, hyper, inner?}], start, steps, side (points of the finest map along
// each axis: 20 · 2ᵏ + 1), sliders, ranges, box.

KINDS.basins = (figure) => {
  const {rules} = figure.state;
  insist([1, 2].includes(rules?.length), `${rules?.length ?? "no"} rules were given; basins show one or two.`);
  rules.forEach(makeRule);
  const plots = [0, 1].map(() => new Plot(figure, {label: "map", x: {label: "x₁"}, y: {label: "x₂"}, aspect: 0.92, grid: false}));
  const maps = rules.map((_, i) => basins(figure, i));
  const drags = plots.map((plot, i) => handle(figure, plot, {
    label: rules[i] ? `start of ${nameOf(rules[i])}` : "start", get: () => figure.state.start, set: (start) => figure.set({start}),
  }));
  const rows = element("div", {class: "gd-live-racers"}, ...rules.map((_, i) => racer(figure, i)));
  for (const row of rows.children) {
    row.style.setProperty("--racer", "var(--gd-live-quiet)"); // colours are the minima's here
    row.querySelector("output").classList.add("gd-live-room");
  }
  figure.controls.append(rows);
  let surface, runs = [];

  function compute() {
    const {rules, start, steps, side, surface: wanted} = figure.state;
    surface = makeSurface(wanted);
    insist(surface.dimension === 2, `${wanted.surface} has ${surface.dimension} variable; basins need a surface of two.`);
    within("steps", steps, 1, 5000, true);
    insist([21, 41, 81, 161, 321].includes(side), `side is ${side}; it is one of 21, 41, 81, 161 and 321.`);
    const box = figure.state.box ?? surface.box;
    runs = rules.map((rule) => run(makeRule(rule), surface, start, steps, {tolerance: ARRIVED}));
    maps.forEach((map, i) => map.ask({surface: wanted, rule: rules[i], steps, side, box, tolerance: ARRIVED}));
  }

  function draw(plot, i) {
    const map = maps[i], path = runs[i] ?? runs[0];
    const name = map ? nameOf(figure.state.rules[i]) : "the surface";
    plot.canvas.setAttribute("aria-label", map ? `the starts of ${name}, coloured by the minimum that they reach` : `${name} from above`);
    landscape(plot, surface, figure.state, map && (() => map.draw(plot)));
    plot.inside(() => {
      const count = path.values.length, x = (k) => path.xs[2 * k], y = (k) => path.xs[2 * k + 1];
      plot.line(count, x, y, {color: figure.colors.ground, width: 5});
      plot.line(count, x, y, {color: figure.colors.ink});
      for (let k = 0; k < Math.min(count, 60); k++) plot.dot(x(k), y(k), {color: figure.colors.ink, radius: 2.5, ring: false});
      (map ?? maps[0]).label(plot, Boolean(map));
      plot.text(name, plot.axis.x.range[0], plot.axis.y.range[1], {dx: 8, dy: 14, bold: true});
    });
  }

  // "from (0, 0) it reaches (3, 2) after 63 steps"
  const ends = (i) => maps[i].words(runs[i], figure.state.steps);

  return {
    draw() {
      compute();
      if (!plots.every((plot) => plot.width)) return;
      plots.forEach(draw);
      for (const drag of drags) drag();
      rows.querySelectorAll("output").forEach((output, i) => (output.textContent = ends(i)));
    },
    describe: () => maps.map((map, i) => `${nameOf(rules[i])} from ${place(figure.state.start)} ${ends(i)}; ${map.shares()}`).join(". "),
    maps,
  };
};

const ARRIVED = 1e-4; // the length of the gradient at which a path has come to rest
const place = (point) => `(${Array.from(point, (v) => number(v, 3)).join(", ")})`;

// The map of one rule: what the survey has found so far, and a picture of it with a pixel for each start.
function basins(figure, i) {
  let asked = "", job, id = 0, painted = 0, tint = "", minima = [], colors = [], picture, image, owners;
  const cells = []; // which start, the number of its minimum from 1 (0: it reached none), the steps it took, the width of its square; …
  const send = aside(figure, survey, (told) => {
    if (told.id !== id) return;
    minima = told.minima;
    while (colors.length < minima.length) colors.push(unlike(minima, colors, colors.length));
    for (const cell of told.cells) cells.push(cell);
    figure.redraw();
  });

  // One start as a square of pixels, the darker the sooner it arrives.
  function paint(start, which, steps, width) {
    const {side} = job, half = width >> 1, column = start % side, row = Math.floor(start / side);
    const share = 1 - 0.7 * (Math.log(1 + steps) / Math.log(1 + job.steps));
    const ground = rgb(figure.colors.ground), color = which && rgb(figure.colors.racers[colors[which - 1]]);
    const pixel = which ? [...color.map((c, k) => ground[k] + share * (c - ground[k])), 255] : [0, 0, 0, 0];
    for (let y = Math.max(0, row - half); y < Math.min(side, row - half + width); y++)
      for (let x = Math.max(0, column - half); x < Math.min(side, column - half + width); x++) {
        image.data.set(pixel, 4 * ((side - 1 - y) * side + x));
        owners[y * side + x] = which;
      }
  }

  function paintAll(pen) {
    const now = figure.colors.ground + figure.colors.racers;
    if (now !== tint) [tint, painted] = [now, 0];
    if (painted === cells.length) return;
    for (; painted < cells.length; painted += 4) paint(...cells.slice(painted, painted + 4));
    pen.putImageData(image, 0, 0);
  }

  // The share of the map that reaches none, and of each minimum, once a first coarse map is there.
  const counts = () => {
    const found = new Array(minima.length + 1).fill(0);
    if (cells.length >= 4 * 21 ** 2) for (const which of owners) found[which] += 1 / owners.length;
    return found;
  };
  const percent = (share) => `${number(100 * share, 2)} %`;

  return {
    ask(wanted) {
      const now = JSON.stringify(wanted);
      if (now === asked) return;
      asked = now;
      if (job?.side !== wanted.side) {
        picture = element("canvas", {width: wanted.side, height: wanted.side});
        image = new ImageData(wanted.side, wanted.side);
        owners = new Int16Array(wanted.side ** 2).fill(-1); // not known yet
      }
      job = {...wanted, id: ++id};
      cells.length = minima.length = colors.length = painted = 0;
      send(job);
    },
    draw(plot) {
      paintAll(picture.getContext("2d"));
      if (cells.length) hatch(plot);
      const {box: [[x0, x1], [y0, y1]], side} = job, edge = 0.5 / (side - 1);
      const left = plot.x(x0 - edge * (x1 - x0)), top = plot.y(y1 + edge * (y1 - y0));
      plot.pen.imageSmoothingEnabled = false;
      plot.pen.drawImage(picture, left, top, plot.x(x1 + edge * (x1 - x0)) - left, plot.y(y0 - edge * (y1 - y0)) - top);
    },
    label(plot, withShares) {
      const found = counts(), few = minima.length <= 8;
      minima.forEach((minimum, k) => {
        if (few) plot.text("×", ...minimum, {align: "center", bold: true});
        else plot.dot(...minimum, {color: figure.colors.ink, radius: 1.5, ring: false});
        if (few && withShares && found[k + 1]) plot.text(percent(found[k + 1]), ...minimum, {align: "center", dy: 16, bold: true});
      });
    },
    words(run, steps) {
      const end = run.xs.slice(-2);
      if (run.status === "diverged") return `diverges at step ${run.step}`;
      return run.status === "converged" ? `reaches ${place(end)} after ${run.step} steps` : `is still on its way after ${steps} steps`;
    },
    shares() {
      const found = counts(), ends = minima.map((minimum, k) => [found[k + 1], minimum]).filter(([share]) => share);
      const most = ends.sort((a, b) => b[0] - a[0]).slice(0, 4);
      const words = most.map(([share, point]) => `${percent(share)} of the starts end at ${place(point)}`);
      if (ends.length > 4) words.push(`the others at ${ends.length - 4} more minima`);
      if (found[0]) words.push(`${percent(found[0])} reach none`);
      return words.join(", ");
    },
    found: () => ({minima, cells, done: cells.length === 4 * (job?.side ?? 0) ** 2 && cells.length > 0}),
  };
}

// The colour whose nearest minimum is the farthest: neighbours differ, however many there are.
function unlike(minima, colors, k) {
  const far = (j) => Math.hypot(minima[k][0] - minima[j][0], minima[k][1] - minima[j][1]);
  const room = (color) => Math.min(...colors.map((c, j) => (c === color ? far(j) : Infinity)));
  return [0, 1, 2, 3].reduce((best, color) => (room(color) > room(best) ? color : best), 0);
}

// Slanting lines where nobody arrives.
function hatch(plot) {
  Object.assign(plot.pen, {strokeStyle: plot.figure.colors.quiet, lineWidth: 1});
  for (let at = -plot.height; at < plot.width; at += 7) plot.segment(at, plot.height, at + plot.height, 0);
}

const rgb = (color) => color.match(/\w\w/g).map((hex) => parseInt(hex, 16));

// In the worker: every start of a grid, from a coarse one to ever finer ones. A path that has come to rest belongs to a minimum that is
// known, or to a new one, if nothing around it is lower.
function survey({makeRule, makeSurface, run}, tell, pause) {
  let work, waiting;

  function* starts({side, box: [[x0, x1], [y0, y1]]}) {
    const coarsest = (side - 1) / 20;
    for (let width = coarsest; width >= 1; width /= 2)
      for (let j = 0; j < side; j += width)
        for (let i = 0; i < side; i += width) {
          const known = width < coarsest && i % (2 * width) === 0 && j % (2 * width) === 0;
          if (!known) yield [j * side + i, width, [x0 + ((x1 - x0) * i) / (side - 1), y0 + ((y1 - y0) * j) / (side - 1)]];
        }
  }

  function* search(job) {
    const rule = makeRule(job.rule), surface = makeSurface(job.surface), minima = [...surface.minima];
    const near = 0.01 * Math.max(...job.box.map(([low, high]) => high - low));
    const ring = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => [near * Math.cos((k * Math.PI) / 4), near * Math.sin((k * Math.PI) / 4)]);
    const rest = ([x, y]) => {
      const which = minima.findIndex((minimum) => Math.hypot(x - minimum[0], y - minimum[1]) < near);
      if (which >= 0) return which + 1;
      const value = surface.value([x, y]);
      return ring.every(([dx, dy]) => surface.value([x + dx, y + dy]) > value) ? minima.push([x, y]) : 0;
    };
    for (const [start, width, point] of starts(job)) {
      const {status, step, xs} = run(rule, surface, point, job.steps, {tolerance: job.tolerance, record: job.steps});
      yield [minima, start, status === "converged" ? rest(xs.slice(-2)) : 0, step, width];
    }
  }

  return (job) => {
    work = search(job);
    clearTimeout(waiting);
    waiting = setTimeout(function go() {
      const cells = [], until = performance.now() + pause;
      let minima = [];
      for (let next; performance.now() < until && !(next = work.next()).done;) {
        minima = next.value[0];
        cells.push(...next.value.slice(1));
      }
      if (!cells.length) return;
      tell({id: job.id, minima, cells});
      waiting = setTimeout(go);
    });
  };
}
