// Chance that can be repeated: random.py in Python gives the same numbers.

// The k-th number of mulberry32 (Ettinger 2017), from 0 on, in the open interval from 0 to 1.
function uniform(seed, k) {
  let z = (seed + Math.imul(k + 1, 0x6d2b79f5)) | 0;
  z = Math.imul(z ^ (z >>> 15), z | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
}

// The k-th pair of standard normal numbers (Box and Muller 1958).
function normals(seed, k) {
  const length = Math.sqrt(-2 * Math.log(uniform(seed, 2 * k))), angle = 2 * Math.PI * uniform(seed, 2 * k + 1);
  return [length * Math.cos(angle), length * Math.sin(angle)];
}
