// The model of a run: made from its record alone (docs/run-schema.json), read by every chart, the page and the summary.
// Records are other people's: whatever is missing, of another type or not finite counts as not measured. Names are made
// plain here, so what comes out can be shown as it is (but escaped where it becomes HTML).
import { plain, isNumber, seconds } from './text.js';
import { kinds, speedscope } from './why.js';

export const stageNames = ['startup', 'detect', 'read', 'gate', 'decode', 'pose', 'faces', 'quality', 'score', 'transfer',
  'wait'];
// What a column of a timeline says (docs/run-schema.json): one letter for each stage; '.' alive and in none, ' ' not alive.
export const timelineLetters = { s: 'startup', b: 'detect', r: 'read', g: 'gate', d: 'decode', p: 'pose', f: 'faces',
  q: 'quality', c: 'score', w: 'wait', t: 'transfer', '.': 'between' };

const object = (value) => (value && typeof value === 'object' && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const number = (value) => (isNumber(value) ? value : null);
const positive = (value) => (isNumber(value) && value >= 0 ? value : null);
const inSeconds = (ns) => (positive(ns) === null ? null : ns * 1e-9);
const text = (value) => plain(value) || null;

function intervalOf(value) {
  const from = object(value);
  if (!isNumber(from.mean)) return null;
  const known = isNumber(from.low) && isNumber(from.high);
  return { mean: from.mean, low: known ? from.low : null, high: known ? from.high : null,
    level: number(from.level) ?? 0.95, n: number(from.n) ?? 0 };
}

const mean = (values) => {
  const known = values.filter((v) => v !== null);
  return known.length ? known.reduce((sum, v) => sum + v, 0) / known.length : null;
};

function stageOf(value) {
  const stage = object(value);
  return { s: inSeconds(stage.wall_ns) ?? 0, cpuS: inSeconds(stage.cpu_ns), delayS: inSeconds(stage.run_delay_ns),
    waitedS: inSeconds(stage.waited_ns), waitedFor: text(stage.waited_for), mainS: inSeconds(stage.main_ns) ?? 0 };
}

function slotOf(value, index) {
  const slot = object(value);
  const columns = typeof slot.timeline === 'string' && /^[a-z. ]+$/.test(slot.timeline) ? slot.timeline : null;
  return { slot: positive(slot.slot) ?? index, busyS: inSeconds(slot.busy_ns) ?? 0, starvedS: inSeconds(slot.starved_ns) ?? 0,
    betweenS: inSeconds(slot.between_ns) ?? 0, notBegunS: inSeconds(slot.not_begun_ns) ?? 0,
    finishedS: inSeconds(slot.finished_ns) ?? 0, offCpuS: inSeconds(slot.off_cpu_ns), delayS: inSeconds(slot.run_delay_ns),
    columns };
}

function spansOf(value) {
  const spans = object(value);
  const slots = list(spans.slots).map(slotOf);
  if (!slots.length) return null;
  const path = object(spans.critical_path);
  return {
    fromS: inSeconds(spans.from_ns) ?? 0, toS: inSeconds(spans.to_ns) ?? 0, hasWorkers: spans.has_workers === true,
    lifetimeS: inSeconds(spans.lifetime_ns), unattributedS: inSeconds(spans.unattributed_ns),
    overwritten: positive(spans.overwritten) ?? 0, slots,
    busyS: list(spans.workers_busy_ns).map((ns) => inSeconds(ns) ?? 0),
    pathParts: list(path.parts).map((part) => ({ slot: positive(object(part).slot) ?? 0,
      beginS: inSeconds(object(part).begin_ns) ?? 0, endS: inSeconds(object(part).end_ns) ?? 0 })),
    pathComplete: list(path.parts).length === positive(path.parts_in_all),
  };
}

// What a device did; null where none was used. The letters of its timeline are those of PF_DEVICE_PART_LIST.
export const deviceLetters = { u: 'copies', d: 'copies', i: 'kernels', n: 'kernels', o: 'kernels', ' ': 'idle' };

function deviceOf(value) {
  const device = object(value), overlap = object(device.overlap);
  const columns = typeof device.timeline === 'string' && /^ *[uinod][uinod ]*$/.test(device.timeline) ? device.timeline : null;
  if (!columns || !(inSeconds(overlap.wall_ns) > 0)) return null;
  return { name: text(device.name) ?? 'device', columns, fallen: positive(device.photos_on_processor) ?? 0,
    wallS: inSeconds(overlap.wall_ns) ?? 0, copyS: inSeconds(overlap.copy_ns) ?? 0, computeS: inSeconds(overlap.compute_ns) ?? 0,
    bothS: inSeconds(overlap.both_ns) ?? 0, busyS: inSeconds(overlap.busy_ns) ?? 0, decodeS: inSeconds(overlap.with_decode_ns) ?? 0 };
}

function hopsOf(value) {
  return list(value).map(object).map((hop) => ({ kind: text(hop.kind) ?? 'other',
    from: isNumber(hop.from) ? hop.from : null, to: hop.to === 'harness' ? 'harness' : number(hop.to),
    bytes: positive(hop.bytes) ?? 0, frames: positive(hop.frames) ?? 0 }));
}

function trialOf(value, status) {
  const trial = object(value), ending = text(trial.ending) ?? 'not recorded';
  const checked = trial.checked === true;
  const wallS = inSeconds(trial.wall_ns), uncheckedS = inSeconds(trial.unchecked_wall_ns);
  // The rule of harness/run/run_status.c.
  const counts = ending === 'ok' && checked && wallS > 0 && (status === 'ok' || status === 'floor');
  return {
    round: positive(trial.round) ?? 0, ending, reason: text(trial.reason), checked, counts, wallS: counts ? wallS : null,
    uncheckedS, cpuS: inSeconds(trial.cpu_ns), firstS: inSeconds(trial.first_result_ns), mainS: inSeconds(trial.main_ns),
    startupS: inSeconds(trial.startup_ns), rssBytes: positive(trial.peak_rss_bytes), movedBytes: positive(trial.moved_bytes),
    readBytes: positive(trial.read_bytes), scored: positive(trial.photos_scored), failed: positive(trial.photos_failed),
    switches: positive(trial.involuntary_switches), deaths: positive(trial.worker_deaths) ?? 0,
    disturbedBy: list(trial.disturbed_by).map(plain).filter(Boolean), approximate: Object.keys(object(trial.tolerance)).length > 0,
    stages: Object.fromEntries(Object.entries(object(trial.stages)).map(([name, stage]) => [plain(name), stageOf(stage)])),
    spans: spansOf(trial.spans), hops: hopsOf(trial.hops), device: deviceOf(trial.device),
  };
}

// Means over the trials that count: the stages, and what is in none. The time in which a main process only supervises its
// workers is no work that anybody waits to see explained, so it is left out.
function breakdownOf(trials) {
  const counted = trials.filter((t) => t.counts);
  if (!counted.length || !counted.some((t) => Object.keys(t.stages).length)) return null;
  const names = [...new Set(counted.flatMap((t) => Object.keys(t.stages)))];
  names.sort((a, b) => (stageNames.indexOf(a) + 99) % 99 - (stageNames.indexOf(b) + 99) % 99);
  const stages = names.map((name) => ({ name, s: mean(counted.map((t) => t.stages[name]?.s ?? 0)),
    cpuS: mean(counted.map((t) => t.stages[name]?.cpuS ?? null)), delayS: mean(counted.map((t) => t.stages[name]?.delayS ?? null)),
    waitedS: mean(counted.map((t) => t.stages[name]?.waitedS ?? null)) }));
  const rest = mean(counted.map((t) => {
    if (!t.spans || t.spans.unattributedS === null) return null;
    const supervising = t.spans.hasWorkers ? t.spans.slots[0]?.betweenS ?? 0 : 0;
    return Math.max(0, t.spans.unattributedS - supervising);
  }));
  return { stages, unattributedS: rest, totalS: stages.reduce((sum, stage) => sum + stage.s, 0) + (rest ?? 0) };
}

// The trial whose time is the median of those that count: one that was there, not a mixture.
function medianTrial(trials) {
  const counted = trials.filter((t) => t.counts && t.spans).sort((a, b) => a.wallS - b.wallS);
  return counted.length ? counted[Math.floor((counted.length - 1) / 2)] : null;
}

function memoryOf(value) {
  const memory = object(value), series = object(memory.series);
  const at = list(series.at_ns).map(inSeconds), pss = list(series.pss_bytes).map(positive);
  if (!at.length || at.length !== pss.length) return null;
  return { peakPssBytes: positive(object(memory.peak).pss_bytes), samples: at.length, at, pss };
}

// Bytes by what they carried, of one trial.
function movedOf(trial) {
  const sums = new Map();
  for (const hop of trial?.hops ?? []) {
    const sum = sums.get(hop.kind) ?? { kind: hop.kind, bytes: 0, frames: 0 };
    sums.set(hop.kind, { ...sum, bytes: sum.bytes + hop.bytes, frames: sum.frames + hop.frames });
  }
  return [...sums.values()].filter((sum) => sum.bytes > 0);
}

function decisionOf(value) {
  const decision = object(value);
  if (!text(decision.verdict)) return null;
  return { verdict: plain(decision.verdict), reason: plain(decision.reason), incumbent: text(decision.incumbent),
    ratio: intervalOf(decision.ratio), word: text(decision.word), purpose: text(decision.purpose),
    purposeAgainst: text(decision.purpose_against), purposeRatio: intervalOf(decision.purpose_ratio),
    becomesIncumbent: decision.becomes_incumbent === true };
}

function variantOf(value, index) {
  const variant = object(value), status = text(variant.status) ?? 'not recorded', story = object(variant.story);
  const trials = list(variant.trials).map((trial) => trialOf(trial, status));
  const counted = trials.filter((t) => t.counts);
  const options = Object.entries(object(variant.options)).map(([name, chosen]) => `${plain(name)}=${plain(String(chosen))}`);
  return {
    index, name: text(variant.name) ?? `variant ${index + 1}`, parent: text(variant.parent), status, reason: text(variant.reason),
    workers: positive(variant.workers), options, capabilities: list(variant.capabilities).map(plain),
    outside: variant.outside ? 'from outside' : null,
    story: Object.fromEntries(['summary', 'change', 'principle', 'hypothesis', 'expected'].map((k) => [k, text(story[k])])),
    wall: intervalOf(variant.wall_s), overParent: intervalOf(variant.speedup_over_parent),
    overBaseline: intervalOf(variant.speedup_over_baseline), decision: decisionOf(variant.decision), trials,
    counted: counted.length, tagged: counted.filter((t) => t.disturbedBy.length).length,
    approximate: counted.some((t) => t.approximate), caveats: caveatsOf(variant),
    breakdown: breakdownOf(trials), example: medianTrial(trials), memory: memoryOf(variant.memory),
    cpuS: mean(counted.map((t) => t.cpuS)), firstS: mean(counted.map((t) => t.firstS)), rssBytes: mean(counted.map((t) => t.rssBytes)),
    movedBytes: mean(counted.map((t) => t.movedBytes)), wallS: mean(counted.map((t) => t.wallS)),
    moved: movedOf(medianTrial(trials)),
    failedAt: trials.find((t) => t.ending !== 'ok')?.reason ?? null,
  };
}

function claimOf(value) {
  const claim = object(value);
  return { id: text(claim.id) ?? '', statement: plain(claim.statement), unit: text(claim.unit), verdict: text(claim.verdict) ?? '',
    published: number(claim.published), measured: number(claim.measured), low: number(claim.low), high: number(claim.high),
    why: plain(claim.why), note: text(claim.note) };
}

function goalOf(value) {
  const goal = object(value);
  if (!isNumber(goal.seconds)) return null;
  return { seconds: goal.seconds, photos: positive(goal.photos) ?? 0, firstMet: text(goal.first_met),
    notRun: list(goal.not_run).map(plain), price: number(goal.price_per_hour),
    bytesAPhoto: positive(goal.bytes_a_photo), publishedBytesAPhoto: positive(goal.published_bytes_a_photo),
    steps: list(goal.steps).map(object).map((step) => ({ name: text(step.name) ?? '', seconds: intervalOf(step.seconds),
      hours: number(step.hours), events: number(step.events_a_week), cpuS: number(step.cpu_s_a_photo), cost: number(step.cost),
      word: text(step.word) ?? '' })) };
}

// Sentences, or objects of a kind and a text.
function caveatsOf(value) {
  return list(value.caveats).map((caveat) => plain(typeof caveat === 'string' ? caveat : object(caveat).text)).filter(Boolean);
}

// What stands on the face of every chart: a gist in capitals and the rest. A record that came through the program has them
// all (`caveats`, harness/record/caveats.h); of a bare file, those that are a matter of reading one member.
function facesOf(record, variants) {
  const faces = [];
  const said = caveatsOf(record);
  const measured = variants.some((v) => v.status === 'ok' || v.status === 'floor' || v.status === 'unchecked');
  if (!measured) faces.push('INVALID: nothing was measured; no figure of this record is a result');
  for (const v of variants.filter((one) => one.status === 'invalid')) {
    faces.push(`INVALID: ${v.name} has no trial that counts: ${v.reason ?? 'no reason recorded'}`);
  }
  if (said.length) return [...faces, ...said];
  const environment = object(record.environment);
  if (record.partial === true) {
    faces.push(`PARTIAL: ${text(record.why_partial) ?? 'ended'} after ${positive(record.rounds_done) ?? 0} of ${positive(record.rounds) ?? 0} rounds`);
  }
  if (text(environment.sanitizers) || environment.build_type === 'Debug') faces.push('NOT FOR TIMING: this is no build for timing');
  if (record.profiled === true) faces.push('PROFILED: times carry what reading counters took');
  return faces;
}

function environmentOf(value) {
  const e = object(value);
  const rows = [['processor', text(e.cpu)], ['physical cores', positive(e.cores)], ['logical processors', positive(e.processors)],
    ['memory', positive(e.memory_bytes)], ['hypervisor', text(e.hypervisor)], ['kernel', text(e.kernel)], ['libc', text(e.libc)],
    ['compiler', text(e.compiler)], ['compiler flags', text(e.compiler_flags)], ['build', text(e.build_type)],
    ['photofinish', text(e.version)], ['engine', text(e.engine)], ['load average at the start', number(e.load_average_1min)]];
  return { cpu: text(e.cpu) ?? 'machine not recorded', cores: positive(e.cores), version: text(e.version) ?? 'not recorded', rows };
}

export function runModel(record, id) {
  const variants = list(record.variants).map(variantOf);
  const byName = new Map(variants.map((v) => [v.name, v]));
  const baseline = variants.find((v) => v.decision?.verdict === 'baseline') ??
    variants.find((v) => !v.parent && v.status !== 'floor' && !v.outside) ?? null;
  const dataset = object(record.dataset), reference = object(record.reference), configuration = object(record.configuration);
  const first = object(record.first_result_trials);
  return {
    kind: 'run', id, command: text(record.command) ?? 'run', started: text(record.started) ?? 'at an unknown time', label: text(record.label),
    partial: record.partial === true, rounds: positive(record.rounds) ?? 0, roundsDone: positive(record.rounds_done) ?? 0,
    seed: text(record.seed) ?? '', variants, byName, baseline, decided: variants.some((v) => v.decision),
    faces: facesOf(record, variants), environment: environmentOf(record.environment), claims: list(record.claims).map(claimOf),
    goal: goalOf(record.goal), comparison: comparisonOf(record.comparison),
    dataset: { name: text(dataset.name) ?? 'dataset not recorded', photos: positive(dataset.photos) ?? 0, bytes: positive(dataset.bytes),
      hash: text(dataset.hash) ?? '', cache: text(dataset.cache) ?? 'not recorded' },
    reference: { scored: positive(reference.photos_scored), failed: positive(reference.photos_failed), bursts: positive(reference.bursts),
      singles: positive(reference.singles), failures: list(reference.failures).map(object).map((f) => ({ path: plain(f.path),
        status: plain(f.status), error: plain(f.error) })) },
    engine: text(configuration.engine_sha256)?.slice(0, 12) ?? null, placement: text(object(record.placement).kind),
    firstResults: isNumber(first.small_photos) ? { small: first.small_photos, large: positive(first.large_photos) ?? 0,
      series: [['streaming', 'streaming_small_s', 'streaming_large_s'], ['parallel', 'parallel_small_s', 'parallel_large_s']].map(
        ([name, small, large]) => ({ name, small: list(first[small]).filter(isNumber), large: list(first[large]).filter(isNumber) })) } : null,
  };
}

function comparisonOf(value) {
  const comparison = object(value);
  if (!text(comparison.a)) return null;
  return { a: plain(comparison.a), b: plain(comparison.b), word: text(comparison.word) ?? 'undecided', ratio: intervalOf(comparison.ratio),
    pairs: positive(comparison.pairs) ?? 0, margin: number(comparison.margin) ?? 0.02,
    split: Object.entries(object(comparison.split)).map(([stage, part]) => ({ stage: plain(stage), part: intervalOf(part) })) };
}

const mostPoints = 2000; // of a curve: more than there are px

// Sorted values, of many of them as many quantiles.
function curve(values) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length <= mostPoints) return [...sorted];
  return Array.from({ length: mostPoints }, (_, i) => sorted[Math.ceil((i + 1) / mostPoints * sorted.length) - 1]);
}

// A load: latencies, sorted, in seconds; percentiles with their intervals and objectives as the record has them.
export function loadModel(record, id) {
  const percentiles = (value) => list(value).map(object).map((p) => ({ p: number(p.p) ?? 0, s: inSeconds(p.ns), lowS: inSeconds(p.low_ns),
    highS: inSeconds(p.high_ns), n: positive(p.n) ?? 0, needs: positive(p.needs_n) ?? 0, level: number(p.level) ?? 0.95 }));
  const queries = list(record.queries).map(object).filter((q) => positive(q.latency_ns) !== null);
  const service = list(record.service).length ? percentiles(record.service) : null;
  const said = caveatsOf(record), faces = said.length ? said : record.partial === true ? ['PARTIAL: the load was stopped before its end'] : [];
  if (positive(record.wrong) > 0) faces.push(`INVALID: ${record.wrong} outcomes are not the reference's; wrong output gets no time`);
  if (!said.length && text(record.disturbed)) faces.push(`This machine was busy: ${text(record.disturbed)}`);
  return { kind: 'load', id, scenario: text(record.scenario) ?? 'load', variant: text(record.variant) ?? 'variant not recorded',
    workers: positive(record.workers), rate: number(record.rate_per_s), durationS: number(record.duration_s),
    partial: record.partial === true, faces, environment: environmentOf(record.environment), percentiles: percentiles(record.latency),
    innerName: service ? 'service' : 'less start-up', inner: service ?? percentiles(record.less_startup), n: queries.length,
    latencies: curve(queries.map((q) => inSeconds(q.latency_ns))),
    innerLatencies: curve(queries.map((q) => (service ? inSeconds(q.service_ns) : isNumber(q.startup_ns) ? inSeconds(q.latency_ns - q.startup_ns) : null))
      .filter((s) => s !== null)),
    throughput: intervalOf(record.throughput_photos_per_s), started: text(record.started), label: text(record.label),
    trialRates: list(record.trials).map(object).map((t) => (t.wall_ns > 0 ? t.photos_scored / (t.wall_ns * 1e-9) : null)).filter(isNumber),
    slos: list(record.slos).map(object).map((s) => ({ slo: plain(s.slo), verdict: plain(s.verdict), why: plain(s.why) })) };
}

// All records of one report. One of them may be a journey, run or comparison: the page's main one; any number are
// sweeps and loads. Throws an Error whose message says what cannot be drawn.
export function reportModel(records) {
  const model = { main: null, scalings: [], loads: [], profiles: [], explanations: [], limits: [], complexities: [], gates: [] };
  for (const { record, id, name } of records) {
    const schema = object(record).schema, shown = plain(name);
    const why = kinds[schema] ?? (/speedscope/.test(object(record).$schema) ? speedscope : null);
    if (why) {
      model[why[0]].push({ ...why[1](record, id), environment: environmentOf(object(record).environment) });
    } else if (schema === 'photofinish.sweep/1') {
      for (const one of list(record.runs)) model.scalings.push(runModel(one, id));
    } else if (schema === 'photofinish.load/1') {
      model.loads.push(loadModel(record, id));
    } else if (schema !== 'photofinish.run/1') {
      throw new Error(`${shown}: a report is made of records of run, journey, compare, sweep (photofinish.run/1), load, explain, limits, complexity, gate, and of profiles (speedscope.json), not of ${plain(schema) || 'a file without a schema'}`);
    } else if (['sweep', 'scaling'].includes(record.command)) {
      model.scalings.push(runModel(record, id));
    } else if (model.main) {
      throw new Error(`${shown}: a second journey, run or comparison; a report shows one, with sweeps and loads beside it (times of different runs are not compared)`);
    } else {
      model.main = runModel(record, id);
    }
  }
  return model;
}

// For the page: what its script needs, as JSON. Spans only of the trial that is drawn.
export function packed(report) {
  const run = (model) => model && { ...model, byName: undefined, baseline: model.baseline?.index ?? null,
    variants: model.variants.map((v) => ({ ...v, example: v.example ? v.trials.indexOf(v.example) : null,
      trials: v.trials.map((t) => ({ ...t, stages: undefined, hops: undefined, spans: t === v.example ? t.spans : undefined })) })) };
  return JSON.stringify({ main: run(report.main), scalings: report.scalings.map(run), loads: report.loads, explanations: report.explanations });
}

export function unpacked(text) {
  const report = JSON.parse(text);
  for (const run of [report.main, ...report.scalings].filter(Boolean)) {
    run.variants.forEach((v) => { v.example = v.example === null ? null : v.trials[v.example]; });
    run.byName = new Map(run.variants.map((v) => [v.name, v]));
    run.baseline = run.baseline === null ? null : run.variants[run.baseline];
  }
  return report;
}

// What the run comes to in one sentence, and the variant that it is about (null where there is none).
export function verdictOf(run) {
  if (run.comparison) {
    const { a, b, word, ratio, pairs } = run.comparison;
    const figure = ratio ? `${ratio.mean.toFixed(3)} times its wall time` +
      (ratio.low === null ? ', without an interval' : ` (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)}, ${Math.round(100 * ratio.level)} % t-interval, ${pairs} pairs)`) : 'no pair of trials that count';
    return { variant: run.byName.get(a) ?? null, words: word === 'undecided' ? `Whether ${a} is faster than ${b} is undecided: ${figure}.`
      : `${a} is ${word === 'equivalent' ? 'equivalent to' : `${word} than`} ${b}: ${figure}.` };
  }
  const timed = run.variants.filter((v) => v.status === 'ok' && v.wall);
  if (!timed.length) return { variant: null, words: 'Nothing valid was measured.' };
  const incumbents = timed.filter((v) => v.decision?.becomesIncumbent);
  const best = run.decided ? incumbents[incumbents.length - 1] ?? null : timed.reduce((a, b) => (b.wall.mean < a.wall.mean ? b : a));
  if (!best) return { variant: null, words: 'No variant was kept.' };
  const interval = best.wall.low === null ? 'one round, no interval' : `${Math.round(100 * best.wall.level)} % t-interval, ${best.wall.n} rounds`;
  const time = seconds(best.wall.mean) + (best.wall.low === null ? '' : ` (${seconds(best.wall.low)} to ${seconds(best.wall.high)})`);
  if (!run.baseline || best === run.baseline || !best.overBaseline) {
    return { variant: best, words: run.decided && run.variants.length > 1 ? `Nothing was kept over ${best.name}, which took ${time}; ${interval}.`
      : `${best.name} took ${time}; ${interval}.` };
  }
  const factor = best.overBaseline;
  const gain = factor.mean.toFixed(2) + (factor.low === null ? '' : ` (${factor.low.toFixed(2)} to ${factor.high.toFixed(2)})`);
  return { variant: best, words: `${best.name} ${run.decided ? 'is what was kept in the end' : 'took least time'}: ${time} where ${run.baseline.name} took ${seconds(run.baseline.wall?.mean)}, ${gain} times as fast; ${interval}.` };
}
