// Speedup against workers: what was measured with its intervals, the ideal line, Amdahl's bound from measured serial spans,
// and the fitted scalability law.
import { captionOf, compose, dot, frame, line, linearAxis, marksSeries, niceScale, path, sizes, tip, words } from '../drawing.js';
import { amdahl, interval, pairedRatios, uslFit, uslSpeedup } from '../statistics.js';
import { plural, ratioInterval, rounded, textWidth } from '../text.js';

// What the chart and the section's text say: docs/sweep.md has the same figures.
export function scalingOf(run) {
  // Of several chunks the first: rows that differ in their workers alone.
  const without = (v) => v.name.replace(/[:,]workers=\d+/, '');
  const rows = run.variants.filter((v) => v.status === 'ok' && v.counted && v.workers > 0 && without(v) === without(run.variants[0])).sort((a, b) => a.workers - b.workers);
  const one = rows.find((v) => v.workers === 1);
  if (!one || rows.length < 2) return null;
  const points = rows.map((variant) => ({ variant, workers: variant.workers,
    speedup: variant === one ? { mean: 1, low: null, high: null, n: one.counted } : interval(pairedRatios(one, variant).map((p) => p.ratio), { logarithms: true }) }))
    .filter((point) => point.speedup);
  const serial = one.trials.filter((t) => t.counts && t.mainS !== null).map((t) => t.mainS / t.wallS);
  const parallelShare = serial.length ? 1 - serial.reduce((a, b) => a + b) / serial.length : null;
  // One fit for each round, and the interval of either parameter over them.
  const roundsOf = [...new Set(one.trials.filter((t) => t.counts).map((t) => t.round))];
  const fits = roundsOf.map((round) => uslFit(points.map(({ variant, workers }) => {
    const [a, b] = [one, variant].map((v) => v.trials.find((t) => t.counts && t.round === round)?.wallS);
    return a > 0 && b > 0 ? { workers, speedup: a / b } : null;
  }).filter(Boolean))).filter(Boolean);
  const parameter = (key) => interval(fits.map((fit) => fit[key]));
  return { points, parallelShare, sigma: parameter('sigma'), kappa: parameter('kappa') };
}

function curve(of, most, x, y) {
  const steps = 120;
  return Array.from({ length: steps + 1 }, (_, i) => 1 + (most - 1) * i / steps).map((n, i) => `${i ? 'L' : 'M'}${x(n).toFixed(1)} ${y(of(n)).toFixed(1)}`).join('');
}

export function scaling(run, { width = 1000, theme, id = 'scaling' }) {
  const found = scalingOf(run);
  if (!found) return null;
  const { points, parallelShare, sigma, kappa } = found, most = points[points.length - 1].workers;
  const law = sigma && kappa ? { sigma: sigma.mean, kappa: kappa.mean } : null;
  const curves = [{ name: 'ideal', of: (n) => n, style: { stroke: theme.soft, lineWidth: 1.5, lineDash: [2, 3] } },
    ...(parallelShare === null ? [] : [{ name: `Amdahl's bound, P = ${rounded(parallelShare, 4)}`, of: (n) => amdahl(parallelShare, n), style: { stroke: theme.green, lineWidth: 2, lineDash: [8, 4] } }]),
    ...(law ? [{ name: `fitted law: sigma ${rounded(law.sigma)}, kappa ${rounded(law.kappa)}`, of: (n) => uslSpeedup(law, n), style: { stroke: theme.red, lineWidth: 2 } }] : [])];
  const scale = niceScale(most, 5), plotHeight = 340;
  const framed = frame({
    title: `How ${run.variants[0].name.replace(/:.*/, '')} scales`, theme, width, faces: run.faces,
    subtitle: "Speedup over one worker, paired by round. Amdahl's bound is from measured serial spans, not from a fit.",
    legend: [{ name: 'measured, with interval', shapes: (x, y) => [line(x, y, x + 18, y, { stroke: theme.blue, lineWidth: 2 }), dot('diamond', x + 9, y, 5, { fill: theme.blue }, {})] },
      ...curves.map((c) => ({ name: c.name, shapes: (x, y) => [line(x, y, x + 18, y, c.style)] }))],
    caption: captionOf(run, `95 % t-intervals on the logarithms, ${plural(Math.max(...points.map((p) => p.speedup.n)), 'round')}; ${run.dataset.photos} photos of ${run.dataset.name}`),
    plot: { left: 74, right: 60, height: plotHeight, axis: 58 },
  });
  const { grid } = framed;
  const x = (n) => grid.left + n / scale.max * grid.width, y = (s) => grid.top + (1 - s / scale.max) * plotHeight;
  const backdrop = curves.map((c) => path(curve(c.of, most, x, y), c.style));
  let previous = -Infinity;
  const marks = points.map(({ workers, speedup, variant }) => {
    const shapes = [], label = ratioInterval(speedup);
    if (speedup.low !== null) shapes.push(line(x(workers), y(speedup.low), x(workers), y(speedup.high), { stroke: theme.blue, lineWidth: 2.5 }));
    shapes.push(dot('diamond', x(workers), y(speedup.mean), 5.5, { fill: theme.blue, stroke: theme.paper, lineWidth: 1 }, { stroke: theme.ink, lineWidth: 2.5 }));
    // Below its point and to the right, where the curves are not; a step lower if it would touch the one before.
    const wide = textWidth(label, sizes.small), left = Math.min(x(workers) + 8, width - wide - 12);
    let at = Math.min(y(speedup.mean) + 18, grid.top + plotHeight - 10);
    if (left < previous + 8) at = Math.min(at + 16, grid.top + plotHeight - 10);
    previous = left + wide;
    shapes.push(words(left, at, label, theme, { size: sizes.small }));
    return { name: variant.name, shapes, tip: tip([plural(workers, 'worker'), label]) };
  });
  const axis = (name, more) => ({ ...linearAxis(name, scale, theme, (v) => String(v)), ...more });
  return {
    id, title: `How ${run.variants[0].name.replace(/:.*/, '')} scales`, width, height: framed.height,
    description: `${points.map((p) => `${plural(p.workers, 'worker')}: ${ratioInterval(p.speedup)}.`).join(' ')}${parallelShare === null ? '' : ` Amdahl's bound with P = ${rounded(parallelShare, 4)}.`}${law ? ` Fitted law: sigma ${rounded(law.sigma)}, kappa ${rounded(law.kappa)}.` : ' No fit: it wants four numbers of workers.'}`,
    option: compose(framed, { xAxis: axis('workers'), yAxis: axis('speedup, higher is better', { nameGap: 40 }),
      series: [marksSeries('laws', [{ name: 'laws', shapes: backdrop }], { silent: true, z: 1 }), marksSeries('speedups', marks)] }),
    table: { columns: ['workers', 'speedup', 'rounds', "Amdahl's bound", 'fitted law'], series: 'speedups',
      rows: points.map((p) => [String(p.workers), ratioInterval(p.speedup), String(p.speedup.n), parallelShare === null ? '–' : `${rounded(amdahl(parallelShare, p.workers))}x`,
        law ? `${rounded(uslSpeedup(law, p.workers))}x` : '–']) },
    names: curves.map((c) => c.name),
  };
}
