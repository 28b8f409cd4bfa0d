// Every chart that a report has, in the order of its sections: a key, the section, and the builder bound to its data.
// Those whose data the records do not hold are left out.
import { concurrency } from './concurrency.js';
import { firstResult } from './first_result.js';
import { hops } from './hops.js';
import { latency } from './latency.js';
import { ratios } from './ratios.js';
import { roofline } from './roofline.js';
import { scaling } from './scaling.js';
import { stages } from './stages.js';
import { timeline } from './timeline.js';
import { waterfall } from './waterfall.js';

// A name that is fit for a file, and no other variant's.
function slugOf(run, variant) {
  const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  const own = slug(variant.name);
  return own && run.variants.filter((other) => slug(other.name) === own).length === 1 ? own : `${own ? `${own}-` : ''}${variant.index + 1}`;
}

function chartsOfVariant(run, variant) {
  const parent = variant.parent ? run.byName.get(variant.parent) : null;
  const against = parent?.breakdown ? [parent, variant] : [variant];
  const slug = slugOf(run, variant);
  return [
    { key: `stages-of-${slug}`, section: `variant-${variant.index}`, build: (look) => variant.breakdown && stages(run, { ...look,
      only: against, id: `stages-of-${slug}`, title: against.length > 1 ? `Stages of ${variant.name} beside its parent's` : `Stages of ${variant.name}` }) },
    { key: `timeline-of-${slug}`, section: `variant-${variant.index}`, build: (look) => timeline(run, { ...look, variant, id: `timeline-of-${slug}` }) },
  ];
}

export function allCharts(report) {
  const run = report.main, charts = [];
  if (run) {
    if (run.variants.length) charts.push({ key: 'waterfall', section: 'waterfall', build: (look) => waterfall(run, look) });
    for (const variant of run.variants) charts.push(...chartsOfVariant(run, variant));
    charts.push({ key: 'ratios', section: 'comparisons', build: (look) => ratios(run, look) });
    charts.push({ key: 'stages', section: 'comparisons', build: (look) => stages(run, look) });
  }
  report.scalings.forEach((one, i) => {
    charts.push({ key: `scaling-${i + 1}`, section: 'scaling', build: (look) => scaling(one, { ...look, id: `scaling-${i + 1}` }) });
    charts.push({ key: `concurrency-${i + 1}`, section: 'concurrency', build: (look) => concurrency(one, { ...look, id: `concurrency-${i + 1}` }) });
  });
  report.loads.forEach((load, i) => charts.push({ key: `latency-${i + 1}`, section: 'latency', build: (look) => latency(load, { ...look, id: `latency-${i + 1}` }) }));
  if (run) {
    charts.push({ key: 'hops', section: 'hops', build: (look) => hops(run, look) });
    charts.push({ key: 'first-result', section: 'first-result', build: (look) => firstResult(run, look) });
  }
  charts.push({ key: 'roofline', section: 'bounds', build: (look) => roofline(report.explanations ?? [], look) });
  return charts;
}

// The pair that a reader chose: a over b.
export function pairChart(run, a, b, look) {
  return ratios(run, { ...look, against: b, only: [a], id: 'pair' });
}
