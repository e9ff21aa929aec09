// What the printed schedules need around them. Printed before this file: MEANINGS and FACTORS.

const SCHEDULES = Object.fromEntries(Object.entries(FACTORS).map(([name, [defaults, , corner]]) => {
  const knobs = Object.entries(defaults).map(([p, value]) => [p, knob(p, [p, ...MEANINGS[p]], value)]);
  return [name, {corner, parameters: Object.fromEntries(knobs)}];
}));

function makeSchedule({schedule: name, parameters = {}} = {}) {
  const [, make, , fits, rule] = look("schedule", name, FACTORS);
  const values = filled(name, "parameter", SCHEDULES[name].parameters, parameters);
  need(!fits || fits(values), `${name} got ${quote(values)}, but ${rule}.`);
  return {name, factor: make(values), parameters: values};
}
