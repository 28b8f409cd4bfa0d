// What the page computes itself, for pairs that the reader chooses and for laws that the record does not hold: the same
// methods as the program's (docs/statistics.md). Everything else is read from the record.

function logGamma(x) {
  const c = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
    -0.5395239384953e-5];
  let series = 1.000000000190015;
  for (let i = 0; i < 6; i++) series += c[i] / (x + 1 + i);
  const t = x + 5.5;
  return (x + 0.5) * Math.log(t) - t + Math.log(2.5066282746310005 * series / x);
}

// The regularised incomplete beta function by its continued fraction (Lentz).
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  const tiny = 1e-300;
  let f = 1, c = 1, d = 0;
  for (let i = 0; i <= 400; i++) {
    const m = Math.floor(i / 2);
    const numerator = i === 0 ? 1 : i % 2 === 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + numerator * d;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = 1 + numerator / c;
    c = Math.abs(c) < tiny ? tiny : c;
    f *= c * d;
    if (Math.abs(1 - c * d) < 1e-14) break;
  }
  return front * (f - 1);
}

// Quantile of Student's t of a two-sided interval of `level`, by bisection.
export function studentQuantile(level, degrees) {
  const tail = (t) => incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  let low = 0, high = 1;
  while (tail(high) > 1 - level) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (tail(middle) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// Mean and t-interval; of ratios (`logarithms`) the geometric mean. Null of nothing; no interval from one value.
export function interval(values, { logarithms = false, level = 0.95 } = {}) {
  if (!values.length) return null;
  const terms = logarithms ? values.map(Math.log) : values;
  const back = logarithms ? Math.exp : (x) => x;
  const n = terms.length, mean = terms.reduce((sum, x) => sum + x, 0) / n;
  if (n < 2) return { mean: back(mean), low: null, high: null, level, n };
  const variance = terms.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile(level, n - 1) * Math.sqrt(variance / n);
  return { mean: back(mean), low: back(mean - half), high: back(mean + half), level, n };
}

// Ratios a / b of a figure, round by round, where both have it.
export function pairedRatios(a, b, figure = 'wallS') {
  const of = new Map(b.trials.filter((t) => t.counts).map((t) => [t.round, t[figure]]));
  const pairs = [];
  for (const trial of a.trials) {
    const other = of.get(trial.round);
    if (trial.counts && trial.round > 0 && trial[figure] > 0 && other > 0) {
      pairs.push({ round: trial.round, ratio: trial[figure] / other });
    }
  }
  return pairs;
}

export function amdahl(parallelShare, workers) {
  return 1 / (1 - parallelShare + parallelShare / workers);
}

export function uslSpeedup({ sigma, kappa }, n) {
  return n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

// Least squares of N / C - 1 = sigma (N - 1) + kappa N (N - 1), then Gauss and Newton on the speedups. Null with fewer
// than four different numbers of workers.
export function uslFit(points) {
  if (new Set(points.map((p) => p.workers)).size < 4) return null;
  const solve = (rows) => {
    let aa = 0, ab = 0, bb = 0, ay = 0, by = 0;
    for (const [a, b, y] of rows) {
      aa += a * a; ab += a * b; bb += b * b; ay += a * y; by += b * y;
    }
    const det = aa * bb - ab * ab;
    return Math.abs(det) > 1e-12 * aa * bb ? { sigma: (ay * bb - by * ab) / det, kappa: (by * aa - ay * ab) / det } : null;
  };
  const error = (fit) => points.reduce((sum, p) => sum + (uslSpeedup(fit, p.workers) - p.speedup) ** 2, 0);
  let fit = solve(points.map(({ workers: n, speedup: c }) => [n - 1, n * (n - 1), n / c - 1]));
  for (let i = 0; fit && i < 50; i++) {
    const step = solve(points.map(({ workers: n, speedup: c }) => {
      const at = uslSpeedup(fit, n), slope = -at * at / n;
      return [slope * (n - 1), slope * n * (n - 1), c - at];
    }));
    if (!step) break;
    let scale = 1, next = null;
    while (scale > 1e-6) {
      next = { sigma: fit.sigma + scale * step.sigma, kappa: fit.kappa + scale * step.kappa };
      if (error(next) < error(fit)) break;
      scale /= 2;
      next = null;
    }
    if (!next) break;
    fit = next;
  }
  return fit;
}

// The value below which a share p of the sorted values lies.
export function quantile(sorted, p) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))];
}
