// A panel with two axes, drawn on a canvas in the page's own colours.

const SUPERSCRIPT = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"};
const power = (exponent) => (exponent === 0 ? "1" : exponent === 1 ? "10" : `10${[...String(exponent)].map((c) => SUPERSCRIPT[c]).join("")}`);

class Plot {
  // label: for screen readers; x, y: {label, log, integer, marks}; aspect: height / width; grid: whether ticks have lines; bare: no axes
  constructor(figure, {label, x = {}, y = {}, aspect = 0.75, grid = true, bare = false}) {
    Object.assign(this, {figure, grid});
    this.axis = {x: {range: [0, 1], ...x}, y: {range: [0, 1], ...y}};
    this.margin = bare ? {left: 0, right: 0, top: 0, bottom: 0} : {left: y.label ? 60 : 36, right: 14, top: 12, bottom: x.label ? 40 : 26};
    this.canvas = element("canvas", {role: "img", "aria-label": label});
    this.box = element("div", {class: "gd-live-plot", style: `aspect-ratio: 1 / ${aspect}`}, this.canvas);
    this.pen = this.canvas.getContext("2d");
    this.fields = new Map();
    figure.panels.append(this.box);
    figure.plots.push(this);
  }

  // Follow the size of the box; the first report comes at once.
  watch() {
    const sizes = new ResizeObserver(() => {
      const {width, height} = this.box.getBoundingClientRect();
      const density = Math.min(devicePixelRatio || 1, 2);
      if (!width || (this.width === width && this.height === height && this.density === density)) return;
      Object.assign(this, {width, height, density});
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
      this.fields.clear();
      this.figure.readColors(); // JupyterLab builds the figure before it is in the page, where there are no colours yet
      drawInTurn(this.figure);
    });
    sizes.observe(this.box);
    this.figure.signal.addEventListener("abort", () => sizes.disconnect());
  }

  // -- where things are -------------------------------------------------------------------------------------------------------

  range(name, low, high) {
    this.axis[name].range = low < high ? [low, high] : [low - 0.5, high + 0.5];
  }

  share(name, value) {
    const {range: [low, high], log} = this.axis[name];
    return log ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);
  }

  // The value at a share of an axis, held inside it: what `share` undoes.
  value(name, share) {
    const {range: [low, high], log} = this.axis[name], inside = Math.min(1, Math.max(0, share));
    return log ? low * (high / low) ** inside : low + inside * (high - low);
  }

  x(value) {
    return this.margin.left + this.share("x", value) * (this.width - this.margin.left - this.margin.right);
  }

  y(value) {
    return this.height - this.margin.bottom - this.share("y", value) * (this.height - this.margin.top - this.margin.bottom);
  }

  // The values at a place of the screen, held inside the axes.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const {left, right, top, bottom} = this.margin;
    return [this.value("x", (event.clientX - box.left - left) / (box.width - left - right)),
            this.value("y", 1 - (event.clientY - box.top - top) / (box.height - top - bottom))];
  }

  // -- drawing ----------------------------------------------------------------------------------------------------------------

  clear() {
    this.pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    this.pen.clearRect(0, 0, this.width, this.height);
    this.pen.lineJoin = this.pen.lineCap = "round";
    this.pen.font = `12px ${getComputedStyle(this.figure.root).fontFamily}`;
  }

  // Draw only inside the axes.
  inside(draw) {
    const {left, right, top, bottom} = this.margin;
    this.pen.save();
    this.pen.beginPath();
    this.pen.rect(left, top, this.width - left - right, this.height - top - bottom);
    this.pen.clip();
    draw();
    this.pen.restore();
  }

  axes() {
    const {pen, margin} = this, {ink, quiet, grid} = this.figure.colors;
    const [left, right, top, bottom] = [margin.left, this.width - margin.right, margin.top, this.height - margin.bottom];
    pen.lineWidth = 1;
    pen.strokeStyle = grid;
    pen.fillStyle = quiet;
    pen.textBaseline = "top";
    pen.textAlign = "center";
    const few = this.width < 300 ? 4 : 6;
    for (const [value, text] of ticks(this.axis.x, few)) {
      const at = this.x(value);
      this.segment(at, this.grid ? top : bottom - 4, at, bottom);
      pen.fillText(text, Math.min(at, this.width - pen.measureText(text).width / 2), bottom + 6);
    }
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    for (const [value, text] of ticks(this.axis.y, 5)) {
      const at = this.y(value);
      this.segment(left, at, this.grid ? right : left + 4, at);
      pen.fillText(text, left - 6, at);
    }
    pen.fillStyle = ink;
    if (this.axis.x.label) {
      pen.textAlign = "center";
      pen.textBaseline = "bottom";
      pen.fillText(this.axis.x.label, (left + right) / 2, this.height - 2);
    }
    if (this.axis.y.label) {
      pen.save();
      const room = this.height - 4, long = Math.min(room, pen.measureText(this.axis.y.label).width); // it stays on the canvas
      pen.translate(2, Math.max((top + bottom) / 2, 2 + long / 2));
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "center";
      pen.textBaseline = "top";
      pen.fillText(this.axis.y.label, 0, 0, room);
      pen.restore();
    }
  }

  segment(x0, y0, x1, y1) {
    this.pen.beginPath();
    this.pen.moveTo(x0, y0);
    this.pen.lineTo(x1, y1);
    this.pen.stroke();
  }

  // A line through points given as two functions of their number; it breaks where a value is not finite.
  line(count, x, y, {color, width = 2, alpha = 1, dash = []}) {
    const {pen} = this;
    pen.save();
    Object.assign(pen, {strokeStyle: color, lineWidth: width, globalAlpha: alpha});
    pen.setLineDash(dash);
    pen.beginPath();
    let down = false;
    for (let i = 0; i < count; i++) {
      const px = this.x(x(i)), py = this.y(y(i));
      // far outside the canvas is as good as at its edge, and canvases dislike huge numbers
      if (Number.isFinite(px) && Number.isFinite(py)) pen[down ? "lineTo" : "moveTo"](hold(px, this.width), hold(py, this.height));
      down = Number.isFinite(px) && Number.isFinite(py);
    }
    pen.stroke();
    pen.restore();
  }

  // The region between two curves, given as functions of the number of a point.
  area(count, x, low, high, {color, alpha = 1}) {
    const {pen} = this;
    pen.save();
    Object.assign(pen, {fillStyle: color, globalAlpha: alpha});
    pen.beginPath();
    for (let i = 0; i < count; i++) pen.lineTo(this.x(x(i)), hold(this.y(high(i)), this.height));
    for (let i = count - 1; i >= 0; i--) pen.lineTo(this.x(x(i)), hold(this.y(low(i)), this.height));
    pen.fill();
    pen.restore();
  }

  // A mark across the panel, such as that of the step.
  upright(x, {color = this.figure.colors.quiet, width = 1, dash = []} = {}) {
    Object.assign(this.pen, {strokeStyle: color, lineWidth: width});
    this.pen.setLineDash(dash);
    this.segment(this.x(x), this.margin.top, this.x(x), this.height - this.margin.bottom);
    this.pen.setLineDash([]);
  }

  dot(x, y, {color, radius = 4, alpha = 1, ring = true}) {
    const {pen} = this;
    pen.globalAlpha = alpha;
    pen.beginPath();
    pen.arc(this.x(x), this.y(y), radius, 0, 7);
    pen.fillStyle = color;
    pen.fill();
    if (ring) {
      pen.lineWidth = 1.5;
      pen.strokeStyle = this.figure.colors.ground;
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  text(words, x, y, {color = this.figure.colors.ink, align = "left", baseline = "middle", dx = 0, dy = 0, bold = false, halo = true} = {}) {
    const {pen} = this;
    pen.save();
    pen.textAlign = align;
    pen.textBaseline = baseline;
    if (bold) pen.font = `600 ${pen.font}`;
    pen.lineWidth = 3;
    pen.strokeStyle = this.figure.colors.ground; // a halo, so that lines do not cross the letters
    if (halo) pen.strokeText(words, this.x(x) + dx, this.y(y) + dy);
    pen.fillStyle = color;
    pen.fillText(words, this.x(x) + dx, this.y(y) + dy);
    pen.restore();
  }

  // Words beside a point, held inside the axes; dx is on the side where they would like to be.
  note(words, x, y, dx, color, dy = 0) {
    const {left, right, top, bottom} = this.margin, wide = this.pen.measureText(words).width + Math.abs(dx);
    if (Number.isNaN(x + y)) return;
    const at = Math.max(left, Math.min(this.width - right, this.x(x)));
    const side = at + wide > this.width - right ? -1 : at - wide < left ? 1 : Math.sign(dx);
    const height = Math.max(top + 8, Math.min(this.height - bottom - 8, this.y(y) + dy));
    this.text(words, x, y, {color, align: side < 0 ? "right" : "left", dx: at - this.x(x) + side * Math.abs(dx), dy: height - this.y(y)});
  }

  // Lines named at their right ends, or beside x, and pushed apart: [[words, y, color], …]; none higher than so many pixels from the top.
  ends(names, x = this.axis.x.range[1], top = 0) {
    const floor = this.axis.y.range[0], low = this.y(floor), right = this.x(x) + 70 > this.width, side = right ? -14 : 5;
    const placed = names.map(([words, y, color]) => [this.y(y) - (right ? 9 : 0), words, color]).filter(([at]) => Number.isFinite(at));
    let free = Math.max(this.margin.top + 8, top);
    placed.sort((a, b) => a[0] - b[0]).forEach(([at, words, color], i) => {
      free = Math.max(free, Math.min(at, low - 8 - 15 * (placed.length - 1 - i)));
      this.text(words, x, floor, {color, align: right ? "right" : "left", dx: side, dy: free - low});
      free += 15;
    });
  }

  arrow(x0, y0, x1, y1, color) {
    const [a, b, dx, dy] = [this.x(x0), this.y(y0), this.x(x1) - this.x(x0), this.y(y1) - this.y(y0)], turn = Math.atan2(dy, dx);
    if (!(Math.hypot(dx, dy) > 2)) return;
    const far = Math.max(1, Math.hypot(dx, dy) / (4 * this.width)), [c, d] = [a + dx / far, b + dy / far]; // a head far outside is not missed
    Object.assign(this.pen, {strokeStyle: color, lineWidth: 3});
    this.segment(a, b, c, d);
    for (const by of [turn - 0.45, turn + 0.45]) this.segment(c, d, c - 11 * Math.cos(by), d - 11 * Math.sin(by));
  }

  // The landscape as bands of equal height, the deeper the darker. `key` names what the picture depends on: it is kept until that changes.
  field(value, key) {
    const name = `${key} ${this.axis.x.range} ${this.axis.y.range} ${this.figure.colors.field}`;
    if (!this.fields.has(name)) {
      this.fields.clear();
      this.fields.set(name, bands(this, value));
    }
    const {left, top, right, bottom} = this.margin;
    this.pen.drawImage(this.fields.get(name), left, top, this.width - left - right, this.height - top - bottom);
  }
}

const hold = (at, size) => Math.max(-4 * size, Math.min(5 * size, at));

// [[value, text], …] for an axis: its own marks, or powers of ten, or round numbers.
function ticks({range: [low, high], log, integer, marks}, count) {
  if (marks) return marks;
  const [first, last] = log ? [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)] : [];
  const steps = log && last - first < 2 ? [first - 1, first, last].flatMap((e) => [1, 2, 5].map((m) => Number(`${m}e${e}`))) : [];
  const inside = [...new Set(steps)].filter((v) => v >= low && v <= high);
  if (inside.length > 2) return inside.map((v) => [v, number(v)]); // between powers of ten 1, 2 and 5
  if (last > first) { // else the range holds less than two powers of ten, and round numbers say more
    const every = Math.max(1, Math.ceil((last - first + 1) / count));
    const found = [];
    for (let e = first; e <= last; e++) if ((e - first) % every === 0) found.push([10 ** e, power(e)]);
    return found;
  }
  const rough = (high - low) / count, unit = 10 ** Math.floor(Math.log10(rough));
  let every = unit * ([1, 2, 5, 10].find((m) => m * unit >= rough) ?? 10);
  if (integer) every = Math.max(1, Math.round(every));
  const found = [];
  for (let i = Math.ceil(low / every - 1e-9); i * every <= high + 1e-9 * every; i++) found.push([i * every, number(i * every)]);
  return found;
}

const BANDS = 16;

// Values on a coarse grid, interpolated in between; the levels are even in the logarithm above the lowest value.
function bands(plot, value) {
  const {left, right, top, bottom} = plot.margin;
  const width = Math.round((plot.width - left - right) * plot.density), height = Math.round((plot.height - top - bottom) * plot.density);
  const columns = Math.ceil(width / 4) + 1, rows = Math.ceil(height / 4) + 1;
  const {x: {range: [x0, x1]}, y: {range: [y0, y1]}} = plot.axis;
  const coarse = new Float64Array(columns * rows);
  for (let j = 0; j < rows; j++) for (let i = 0; i < columns; i++) {
    coarse[j * columns + i] = value(x0 + ((x1 - x0) * i) / (columns - 1), y1 - ((y1 - y0) * j) / (rows - 1));
  }
  const finite = coarse.filter(Number.isFinite).sort();
  const lowest = finite[0] ?? 0, unit = Math.max((finite[Math.floor(finite.length / 12)] ?? 1) - lowest, 1e-12);
  const reach = Math.log1p(((finite.at(-1) ?? 1) - lowest) / unit) || 1;
  for (let k = 0; k < coarse.length; k++) coarse[k] = (BANDS * Math.log1p((coarse[k] - lowest) / unit)) / reach;
  const picture = element("canvas", {width, height}), pen = picture.getContext("2d");
  const image = pen.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const [r, g, b] = plot.figure.colors.field.match(/\d+/g).map(Number);
  const ink = Array.from({length: 2 * BANDS + 2}, (_, k) => // of each band, and of its edge; a pixel is alpha, blue, green, red
    (((k < 2 * BANDS ? 120 - 7 * (k >> 1) : 0) + 34 * (k & 1)) << 24) | (b << 16) | (g << 8) | r);
  const above = new Int16Array(width).fill(-1);
  for (let j = 0; j < height; j++) {
    const v = (j / (height - 1)) * (rows - 1), row = Math.min(rows - 2, Math.floor(v)), dv = v - row;
    for (let i = 0, before = -1; i < width; i++) {
      const u = (i / (width - 1)) * (columns - 1), column = Math.min(columns - 2, Math.floor(u)), du = u - column, k = row * columns + column;
      const level = (1 - dv) * ((1 - du) * coarse[k] + du * coarse[k + 1]) + dv * ((1 - du) * coarse[k + columns] + du * coarse[k + columns + 1]);
      const band = Number.isFinite(level) ? Math.min(BANDS - 1, Math.floor(level)) : BANDS;
      pixels[j * width + i] = ink[2 * band + ((i && before !== band) || (j && above[i] !== band))];
      before = above[i] = band;
    }
  }
  pen.putImageData(image, 0, 0);
  return picture;
}
