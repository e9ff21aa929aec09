// What the printed schedules need around them. Printed before this file: MEANINGS and FACTORS.

const SCHEDULES = Object.fromEntries(Object.entries(FACTORS).map(([name, {defaults, corner}]) =>
  [name, {corner, parameters: Object.fromEntries(Object.entries(defaults).map(([p, value]) => [p, knob(p, MEANINGS[p], value)]))}]));

function makeSchedule({schedule: name, parameters = {}} = {}) {
  const {make, fits, rule} = look("schedule", name, FACTORS), values = filled(name, "parameter", SCHEDULES[name].parameters, parameters);
  const told = Object.entries(values).map(([p, value]) => `${p} = ${short(value)}`).join(", ");
  need(!fits || fits(values), `${name} got ${told}, but ${rule}.`);
  return {name, factor: make(values), parameters: values};
}
