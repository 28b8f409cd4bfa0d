// What records of profile, explain, limits, complexity and gate hold, as rows for the page's sections: why it takes so long, and
// how far it is from what the machine can do. Whatever is not of the expected type is left out.
import { isNumber, plain } from './text.js';

const list = (value) => (Array.isArray(value) ? value : []);
const object = (value) => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});
const number = (value) => (isNumber(value) ? value : null);

const mostFunctions = 40;

// speedscope.json of `profile --out`: samples by stage (the root of each stack), and by function.
function profileOf(record, id) {
  const names = list(object(record.shared).frames).map((frame) => plain(object(frame).name)), stages = new Map(), self = new Map(), whole = new Map();
  const add = (to, name, weight) => to.set(name, (to.get(name) ?? 0) + weight);
  let total = 0;
  for (const profile of list(record.profiles).map(object)) {
    list(profile.samples).forEach((sample, i) => {
      const stack = list(sample).map((index) => names[index]).filter((name) => name !== undefined), weight = number(list(profile.weights)[i]) ?? 0;
      if (!stack.length) return;
      total += weight;
      add(stages, stack[0], weight);
      add(self, stack[stack.length - 1], weight);
      for (const name of new Set(stack.slice(1))) add(whole, name, weight);
    });
  }
  const ranked = (map) => [...map].sort((a, b) => b[1] - a[1]);
  return { id, name: plain(record.name), total, stages: ranked(stages).map(([name, samples]) => ({ name, samples })),
    functions: ranked(self).slice(0, mostFunctions).map(([name, samples]) => ({ name, self: samples, whole: whole.get(name) ?? samples })) };
}

function explainOf(record, id) {
  const limits = object(record.limits), worker = object(record.worker_time);
  return { id, variant: plain(record.variant), bound: plain(record.bound), wallS: number(record.wall_s), workers: number(record.workers),
    stages: list(record.stages).map(object).map((s) => ({ stage: plain(s.stage), ownS: number(s.own_s), path: number(s.path_share), main: number(s.main_share),
      half: number(s.speedup_at_half), none: number(s.speedup_at_none) })),
    workerTime: Object.entries(worker).filter(([, share]) => isNumber(share)).map(([name, share]) => ({ name: plain(name).replace(/_/g, ' '), share })),
    shares: [['whole run, of decoding alone', limits.decoder === 'own' ? limits.run_share_of_own : limits.run_share], ['decode', limits.decode_share],
      ['pose.network, of the peak', limits.network_share]]
      .filter(([, share]) => isNumber(share)).map(([name, share]) => ({ name, share })),
    gflops: number(limits.network_gflops), peak: number(limits.peak_gflops), peakName: plain(limits.peak), intensity: number(limits.network_intensity),
    memory: number(limits.memory_gb_per_s), photosPerS: number(limits.decode_photos_per_s) };
}

const samplesOf = (value) => {
  const samples = object(value);
  const best = number(samples.best) ?? number(samples.median); // the best since there are passes, before that the median
  return best === null ? null : { best, low: number(samples.low), high: number(samples.high) };
};

function limitsOf(record, id) {
  return { id, processes: number(record.processes), rows: list(record.limits).map(object).map((own) => ({ name: plain(own.name), unit: plain(own.unit),
    what: plain(own.what), one: samplesOf(own.one), all: samplesOf(own.all), missing: plain(own.missing) })) };
}

function complexityOf(record, id) {
  return { id, most: number(record.most_exponent), rows: list(record.workloads).map(object).map((own) => {
    const points = list(own.points).map(object).filter((p) => isNumber(p.n) && isNumber(p.cpu_ns)), exponent = object(own.exponent);
    return { workload: plain(own.workload), axis: plain(own.axis), verdict: plain(own.verdict), missing: plain(own.missing), points,
      exponent: isNumber(exponent.mean) ? { mean: exponent.mean, low: number(exponent.low), high: number(exponent.high) } : null, law: plain(object(own.law).name) };
  }) };
}

function gateOf(record, id) {
  return { id, verdict: plain(record.verdict), why: plain(record.why), baseline: plain(object(record.baseline).given), candidate: plain(object(record.candidate).given),
    rows: list(record.workloads).map(object).map((own) => {
      const effect = object(own.effect);
      return { name: plain(own.name), verdict: plain(own.verdict), why: plain(own.why), margin: number(own.margin),
        effect: isNumber(effect.mean) ? { mean: effect.mean, low: number(effect.low), high: number(effect.high) } : null };
    }) };
}

// Which list of the report's model a record belongs to, by its schema, and how its part is made.
export const kinds = {
  'photofinish.explain/1': ['explanations', explainOf],
  'photofinish.limits/1': ['limits', limitsOf],
  'photofinish.complexity/1': ['complexities', complexityOf],
  'photofinish.gate/1': ['gates', gateOf],
};
export const speedscope = ['profiles', profileOf];
