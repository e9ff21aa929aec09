// What only the explorer has: the reader chooses the rules and the surface, and the address of the page holds the race.

const plain = () => Object.entries(RULES).filter(([, rule]) => !rule.wraps);

function ruleChoice(figure, i) {
  const set = (name) => figure.set({rules: figure.state.rules.map((rule, j) => (j === i ? {rule: name, hyper: {}} : rule))});
  return choice(figure, {label: `rule ${i + 1}`, options: plain().map(([name]) => [name, name]), get: () => figure.state.rules[i].rule, set});
}

function addRule(figure) {
  const add = button(figure, "Add a rule", () => {
    const used = figure.state.rules.map((rule) => rule.rule);
    figure.set({rules: [...figure.state.rules, {rule: plain().find(([name]) => !used.includes(name))[0], hyper: {}}]});
  });
  add.disabled = figure.state.rules.length >= 4;
  return add;
}

function choices(figure) {
  const set = (name) => figure.set({surface: {surface: name}, start: [...makeSurface({surface: name}).start], box: null});
  const names = Object.keys(SURFACES).map((name) => [name, name.replaceAll("_", " ")]);
  return [
    choice(figure, {label: "surface", options: names, get: () => figure.state.surface.surface, set}),
    addRule(figure),
    slider(figure, {label: "steps", low: 10, high: 2000, scale: "integer", get: () => figure.state.steps, set: (steps) => figure.set({steps, step: steps})}),
  ];
}

// A figure whose state is in the page's address: what the reader has made can be sent as a link, and links lead to a state.
//
// The part after # is "race=" and the chosen keys of the state as JSON; a single word, as in "race=Adam", is a rule at its defaults.

function linkToAddress(figure, keys) {
  const asked = () => location.hash.startsWith("#race=");  // any other anchor is a place of the page, and the browser's business
  const read = () => {
    if (!asked()) return;
    const words = decodeURIComponent(location.hash.slice(6));
    try {
      const told = /^\w+$/.test(words) ? {rules: [{rule: words, hyper: {}}]} : JSON.parse(words);
      const known = Object.fromEntries(Object.entries(told).filter(([key]) => keys.includes(key)));
      figure.receive({...known, step: figure.state.steps});
    } catch {
      figure.problem = new Error("the address of this page holds no race that can be read; what is drawn is another one.");
      figure.redraw();
    }
  };
  read();
  figure.listen(window, "hashchange", () => asked() && (read(), figure.root.scrollIntoView({block: "start"})));
  figure.host.changed = (state) => {
    clearTimeout(figure.writing);
    const told = JSON.stringify(Object.fromEntries(keys.map((key) => [key, state[key]])));
    figure.writing = setTimeout(() => history.replaceState(null, "", `#race=${encodeURIComponent(told)}`), 300);
  };
  // each rule card of the page leads here
  for (const card of document.querySelectorAll("section[data-linked]")) {
    const name = card.querySelector("h3")?.firstChild?.textContent.trim();
    if (RULES[name] && !RULES[name].wraps) card.querySelector("h3").after(element("a", {class: "gd-race-it", href: `#race=${name}`}, `Race ${name}`));
  }
}
