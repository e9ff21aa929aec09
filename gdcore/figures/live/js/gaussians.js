// Random numbers that are the same in every browser and, by gaussians.py, in Python: mulberry32, then Box and Muller.

function uniforms(seed, count) {
  let a = seed | 0;
  return Float64Array.from({length: count}, () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  });
}

function gaussians(seed, count) {
  const found = new Float64Array(count), chance = uniforms(seed, count + (count % 2));
  for (let i = 0; i < count; i += 2) {
    const far = Math.sqrt(-2 * Math.log(1 - chance[i])), turn = 2 * Math.PI * chance[i + 1];
    found[i] = far * Math.cos(turn);
    found[i + 1] = far * Math.sin(turn); // beyond an odd count it is lost, as it should be
  }
  return found;
}
