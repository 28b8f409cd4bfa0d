// Records for tests: committed ones, and what is made of them.
import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const copy = (value) => JSON.parse(JSON.stringify(value));

export const committed = ['results/journey-dash.json', 'tests/cli/stored/journey.json', 'tests/cli/stored/compare.json'];
export const load = (name) => read(name);

// The decisions that belong to the committed journey, as the program adds them to a record that lacks them.
const outcomes = { 'double-load': 'baseline', 'single-load': 'kept', parallel: 'kept', chunked: 'rejected', pipelined: 'rejected', reload: 'rejected',
  tiles: 'rejected', threaded: 'rejected', gpu: 'not judged', null: 'not judged', streaming: 'kept' };

export function journey() {
  const record = read('results/journey-dash.json');
  let incumbent = null;
  for (const variant of record.variants) {
    const verdict = outcomes[variant.name] ?? 'no gain', moves = ['baseline', 'kept'].includes(verdict) && variant.name !== 'streaming';
    variant.decision = { verdict, reason: variant.reason ? `crashed: ${variant.reason}` : `for a reason of the test about ${variant.name}`, incumbent, word: null,
      ratio: variant.wall_s && incumbent ? { mean: 0.9, low: 0.85, high: 0.95, level: 0.95, method: 'Student t', n: 5 } : null,
      purpose: variant.name === 'streaming' ? 'first result' : 'time', purpose_against: null, purpose_ratio: null, becomes_incumbent: moves, approximate: false };
    variant.caveats = [];
    if (moves) incumbent = variant.name;
    // What a version that keeps the order of states writes.
    for (const trial of variant.trials) {
      trial.spans?.slots.forEach((slot, i) => { slot.timeline = (' '.repeat(3 + i) + 's'.repeat(9) + 'rgddddppffffqc'.repeat(20) + 'w'.repeat(60) + '.'.repeat(20)).padEnd(400).slice(0, 400); });
    }
  }
  // A device beside the workers of one of them.
  for (const trial of record.variants.find((variant) => variant.name === 'parallel').trials) {
    trial.device = { name: 'some device', photos: 24, photos_on_processor: 0, timeline: ' '.repeat(20).concat('uuinnnod  '.repeat(38)),
      overlap: { wall_ns: trial.wall_ns, copy_ns: 3e8, compute_ns: 5e8, both_ns: 1e8, busy_ns: 7e8, with_decode_ns: 4e8 } };
  }
  record.caveats = ['photos came from storage in part'];
  return record;
}

export const hostileNames = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '\u001b[31mred\u0007', '\u202egnp.exe\u2066', '{a|rich}', "a'b&amp;c", 'x'.repeat(255),
  '日本語の名前', '😀'.repeat(20), '\ud800', '__proto__', '${7*7}', '-->', ']]>', 'a\nb\tc'];

// Every text that other people choose is hostile.
export function hostile() {
  const record = journey();
  record.variants.forEach((variant, i) => {
    const name = hostileNames[i % hostileNames.length];
    record.variants.forEach((other) => {
      if (other.parent === variant.name) other.parent = name;
      if (other.decision.incumbent === variant.name) other.decision.incumbent = name;
    });
    variant.name = name;
    variant.reason = variant.reason && `${name} did it`;
    variant.decision.reason = `because of ${name}`;
    for (const key of Object.keys(variant.story)) variant.story[key] = `${name} ${key}`;
    variant.trials[0].disturbed_by = [name];
    variant.caveats = [name];
  });
  record.label = hostileNames[0];
  record.dataset.name = hostileNames[1];
  record.environment.cpu = hostileNames[2];
  record.claims[0].why = hostileNames[0];
  record.reference.failures = hostileNames.map((path) => ({ path, status: 'damaged', error: path }));
  record.caveats = hostileNames.slice(0, 3);
  return record;
}

export function partial() {
  const record = journey();
  delete record.caveats;
  Object.assign(record, { partial: true, why_partial: 'stopped on request', rounds_done: 1 });
  for (const variant of record.variants) {
    variant.trials.splice(1);
    for (const key of ['wall_s', 'speedup_over_parent', 'speedup_over_baseline']) {
      if (variant[key]) Object.assign(variant[key], { low: null, high: null, n: 1 });
    }
  }
  return record;
}

// No trial counts, for different reasons.
export function invalid() {
  const record = journey();
  delete record.caveats;
  record.variants.forEach((variant, i) => {
    Object.assign(variant, { status: ['invalid', 'crashed', 'wrong_output', 'timeout', 'unavailable'][i % 5], reason: `reason ${i}`, wall_s: null, speedup_over_parent: null, speedup_over_baseline: null });
    variant.trials.forEach((trial) => Object.assign(trial, { ending: 'invalid', checked: false, wall_ns: null, stages: {}, spans: null }));
  });
  return record;
}

// Members are missing, null, of other types or no numbers.
export function mangled() {
  const record = journey(), odd = [null, 'nonsense', -1, {}, [], true, 1e400, ''];
  let at = 0;
  const spoil = (value) => {
    for (const key of Object.keys(value)) {
      if (key === 'schema' || key === 'command' || key === 'variants' || key === 'trials' || key === 'name') {
        if (typeof value[key] === 'object' && value[key]) value[key].forEach?.(spoil);
      } else if (at++ % 3 === 0) {
        value[key] = odd[at % odd.length];
      } else if (value[key] && typeof value[key] === 'object') {
        spoil(value[key]);
      }
    }
  };
  spoil(record);
  return record;
}

export const empty = () => ({ schema: 'photofinish.run/1', command: 'run', variants: [] });
export const single = () => ({ ...read('results/journey-dash.json'), command: 'run', variants: [read('results/journey-dash.json').variants[2]] });

// A small repeatable generator: no test draws by chance.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 4294967296;
  };
}

export function scaling() {
  const record = copy(journey()), draw = generator(5), base = record.variants.find((v) => v.name === 'parallel');
  delete record.caveats;
  record.command = 'sweep';
  record.claims = [];
  record.variants = [1, 2, 4, 8].map((workers) => {
    const variant = copy(base);
    Object.assign(variant, { name: `parallel:workers=${workers}`, workers, parent: workers === 1 ? null : 'parallel:workers=1', decision: null });
    variant.trials.forEach((trial) => {
      trial.wall_ns = Math.round(8e9 / (workers / (1 + 0.05 * (workers - 1) + 0.004 * workers * (workers - 1))) * (0.98 + 0.04 * draw()));
      trial.main_ns = 2e8;
      trial.peak_rss_bytes = 1e8 * (1 + workers);
    });
    const walls = variant.trials.map((t) => t.wall_ns * 1e-9), mean = walls.reduce((a, b) => a + b) / walls.length;
    variant.wall_s = { mean, low: mean * 0.98, high: mean * 1.02, level: 0.95, method: 'Student t', n: walls.length };
    return variant;
  });
  return record;
}

export function loadRecord(photos = 400) {
  const draw = generator(7), queries = [];
  for (let photo = 0; photo < photos; photo++) {
    const service = Math.round(5e7 * (0.7 + draw() ** 4)), latency = service + Math.round(4e7 * -Math.log(draw()));
    queries.push({ photo, latency_ns: latency, startup_ns: 0, service_ns: service });
  }
  const percentiles = (key) => {
    const sorted = queries.map((q) => q[key]).sort((a, b) => a - b);
    return [0.5, 0.9, 0.95, 0.99, 0.999].map((p) => {
      const i = Math.floor(p * photos), known = photos * (1 - p) > 3, spread = Math.ceil(2 * Math.sqrt(photos * p * (1 - p)));
      return { p, ns: known ? sorted[i] : null, low_ns: known ? sorted[Math.max(0, i - spread)] : null, high_ns: known ? sorted[Math.min(photos - 1, i + spread)] : null,
        level: 0.95, n: photos, needs_n: 6 };
    });
  };
  return { schema: 'photofinish.load/1', scenario: 'server', variant: 'parallel', workers: 2, rate_per_s: 12, environment: journey().environment, partial: false, wrong: 0,
    disturbed: '', duration_s: 100, latency: percentiles('latency_ns'), service: percentiles('service_ns'), queries,
    slos: [{ slo: 'p95=300ms', verdict: 'met', why: 'the whole interval lies within' }, { slo: 'p99=90ms', verdict: 'missed', why: 'the whole interval lies beyond' }] };
}

export const event = 27539; // photos of the case study's event
export function eventJourney() {
  const record = journey();
  Object.assign(record.dataset, { photos: event, bytes: event * 7e7 });
  Object.assign(record.reference, { photos_scored: event - 100, photos_failed: 100,
    failures: Array.from({ length: 100 }, (_, i) => ({ path: `photos/IMG_${i}.jpg`, status: 'damaged', error: 'ends too early' })) });
  return record;
}

// What explain says of a variant, as far as the roofline takes it.
export const explanation = (variant, intensity, gflops) => ({ schema: 'photofinish.explain/1', variant, bound: `pose bounds ${variant}`, stages: [], worker_time: {},
  environment: read('results/journey-dash.json').environment, limits: { network_intensity: intensity, network_gflops: gflops, peak_gflops: 220, peak: 'fp32-avx512', memory_gb_per_s: 25 } });

export const sources = (...records) => records.map((record, i) => ({ record, id: `00000000000${i}`, name: `record ${i}` }));
