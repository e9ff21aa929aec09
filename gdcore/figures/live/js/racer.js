// A rule in a figure: its colour, its name, an <output> for how it does, a slider or a list for each hyper-parameter.

const nameOf = ({rule, inner}) => (inner ? `${rule} around ${nameOf(inner)}` : rule);

function racer(figure, i) {
  const rule = figure.state.rules[i], all = hyperSliders(figure, i, rule, []);
  const [first, rest] = [true, false].map((shown) =>
    all.filter(([name]) => (figure.state.sliders?.includes(name) ?? true) === shown).map(([, made]) => made));
  const name = figure.state.editable ? ruleChoice(figure, i) : element("b", {}, nameOf(rule));
  const remove = figure.state.editable && figure.state.rules.length > 1 ? [button(figure, "×", () => figure.set({rules: figure.state.rules.filter((_, j) => j !== i)}), {"aria-label": `remove ${nameOf(rule)}`})] : [];
  const more = rest.length ? [element("details", {}, element("summary", {}, "more"), ...rest)] : [];
  return element("section", {class: "gd-live-racer", style: `--racer: var(--gd-live-${["blue", "orange", "green", "purple"][i]})`},
    element("div", {class: "gd-live-name"}, name, ...remove, element("output", {})), ...first, ...more);
}

// [[name, slider or list], …] for a rule and the rules inside it; `more` holds further options of sliders by name.
function hyperSliders(figure, i, rule, within, more = {}) {
  const at = (rules) => within.reduce((r) => r.inner, rules[i]), now = () => at(figure.state.rules);
  const own = Object.entries(RULES[rule.rule].fields).filter(([, field]) => field.choices?.length > 1 || typeof field.default === "number").map(([name, field]) => {
    const value = rule.hyper?.[name] ?? field.default, get = () => now().hyper?.[name] ?? field.default;
    const title = `${field.text} of ${nameOf(rule)}${field.meaning && `: ${field.meaning}`}`;
    const set = (v) => {
      const rules = structuredClone(figure.state.rules), target = at(rules);
      target.hyper = {...target.hyper, [name]: v};
      figure.set({rules});
    };
    if (field.choices) {
      const options = field.choices.map((v) => [`${v}`, v]);
      return [name, choice(figure, {label: name, title, options, get, set: (text) => set(options.find(([word]) => word === text)[1])})];
    }
    return [name, slider(figure, {
      label: field.text, title, symbol: name, ...reach(field, value, figure.state.ranges?.[name]), get, set,
      check: (v) => makeRule({...now(), hyper: {...now().hyper, [name]: v}}), ...more[name],
    })];
  });
  return rule.inner ? [...own, ...hyperSliders(figure, i, rule.inner, [...within, 0], more)] : own;
}

// Sliders for what a family of surfaces leaves open, such as the condition of a bowl.
const WINDOWS = {condition: [1, 1000, "log"], rotation: [-90, 90]};

function parameterSliders(figure) {
  const {surface} = figure.state.surface, {ranges, editable} = figure.state;
  const open = Object.entries(SURFACES[surface].parameters).filter(([name]) => ranges?.[name] || (editable && WINDOWS[name]));
  return open.map(([name, field]) => slider(figure, {
    label: field.text, title: field.meaning, ...reach(field, field.default, ranges?.[name] ?? WINDOWS[name]),
    get: () => figure.state.surface.parameters?.[name] ?? field.default,
    set: (v) => figure.set({surface: {surface, parameters: {...figure.state.surface.parameters, [name]: v}}}),
    check: (v) => makeSurface({surface, parameters: {[name]: v}}),
  }));
}
