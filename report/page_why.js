// The page's sections on why it takes so long: profile, bounds and roofline, limits, complexity, gate.
import { empty, figure, paragraph, scrolling, section, table } from './page_parts.js';
import { count, html, percent, rounded, seconds } from './text.js';

const intervalText = (own) => (own ? `${rounded(own.mean)}${own.low === null ? '' : ` (${rounded(own.low)} to ${rounded(own.high)})`}` : '–');
const shareText = (share) => (share === null ? '–' : percent(share));
const times = (value) => (value === null ? '–' : `${rounded(value)}x`);

function profileSection(profiles) {
  if (!profiles.length) return section('profile', 'Profile', empty('No profile was given.', 'photofinish profile VARIANT --out DIR\nphotofinish report RECORD DIR/speedscope.json --out REPORT'));
  return section('profile', 'Profile', profiles.map((own) => `${paragraph(`${own.name}: ${count(own.total)} samples of CPU time. flame.svg beside the profile has the stacks.`)}${
    scrolling(table(['stage', 'samples', 'share'], own.stages.map((s) => [s.name, count(s.samples), percent(s.samples / own.total)])), `Stages of ${own.name}`)}${
    scrolling(table(['function', 'itself', 'and what it calls'], own.functions.map((f) => [f.name, percent(f.self / own.total), percent(f.whole / own.total)])), `Functions of ${own.name}`)}`).join(''));
}

// Arithmetic over the peak, and the run over decoding alone: where a point stands below its roof.
function roofText(own) {
  if (own.gflops === null || own.peak === null) return '';
  const peak = `Roofline: pose.network does ${rounded(own.gflops)} GFLOP/s by counted multiply-adds, ${percent(own.gflops / own.peak)} of the peak of ${rounded(own.peak)} GFLOP/s${own.peakName ? ` (${own.peakName})` : ''}.`;
  if (!(own.intensity > 0 && own.memory > 0)) return paragraph(peak);
  const roof = Math.min(own.peak, own.intensity * own.memory);
  return paragraph(`${peak} At its ${rounded(own.intensity)} operations a byte (computed, not counted: as if every layer went to memory), memory gives ${rounded(own.memory)} GB/s and the roof is ${
    rounded(roof)} GFLOP/s: ${roof < own.peak ? 'memory' : 'arithmetic'}. Of other stages nobody has counted the operations.`);
}

function boundsSection(explanations, figures) {
  const body = explanations.map((own) => {
    return `<h3>${html(own.variant)}</h3>${paragraph(own.bound)}${
      scrolling(table(['stage', 'time', 'of the critical path', 'by main alone', 'run faster if halved', 'if it took none'], own.stages.map((s) => [s.stage, s.ownS === null ? '–' : seconds(s.ownS), shareText(s.path), shareText(s.main), times(s.half), times(s.none)])), `Stages of ${own.variant}`)}${
      scrolling(table(['workers’ time', 'share'], own.workerTime.map((w) => [w.name, percent(w.share)])), `Time of the workers of ${own.variant}`)}${
      own.shares.length ? scrolling(table(['of the measured limit', 'share'], own.shares.map((s) => [s.name, percent(s.share)])), `Shares of limits of ${own.variant}`) : ''}${roofText(own)}`;
  });
  body.push(...figures.map(figure));
  return section('bounds', 'What bounds it, and the roofline', body.join('') || empty('No explanation was given.', 'photofinish explain VARIANT --json explain.json\nphotofinish report RECORD explain.json --out DIR'));
}

function limitsSection(limits) {
  if (!limits.length) return section('limits', 'Limits of the machine', empty('No limits were given.', 'photofinish limits --json limits.json\nphotofinish report RECORD limits.json --out DIR'));
  const value = (own) => (own ? `${rounded(own.best)} (${rounded(own.low)} to ${rounded(own.high)})` : '–');
  return section('limits', 'Limits of the machine', limits.map((own) => scrolling(table(['limit', 'one core', `${own.processes ?? 'all'} at once`, 'unit', 'what'],
    own.rows.map((r) => [r.name, value(r.one), value(r.all), r.unit, r.missing || r.what])), 'Limits')).join('') + paragraph('The best of the windows, smallest to largest in brackets.', 'soft'));
}

function complexitySection(complexities) {
  if (!complexities.length) return section('complexity', 'What grows, and how fast', empty('No growth was measured.', 'photofinish complexity --json complexity.json\nphotofinish report RECORD complexity.json --out DIR'));
  return section('complexity', 'What grows, and how fast', complexities.map((own) => scrolling(table(['workload', 'over', 'from', 'to', 'exponent', 'fitted law', 'growth'], own.rows.map((r) => {
    const first = r.points[0], last = r.points[r.points.length - 1];
    return [r.workload, r.axis, first ? `${count(first.n)}: ${seconds(first.cpu_ns * 1e-9)}` : '–', last ? `${count(last.n)}: ${seconds(last.cpu_ns * 1e-9)}` : '–', intervalText(r.exponent), r.law || '–', r.missing || r.verdict];
  })), 'Complexity') + paragraph(`Too fast is where the whole interval of the exponent lies above ${rounded(own.most ?? 0)}.`, 'soft')).join(''));
}

function gateSection(gates) {
  if (!gates.length) return section('gate', 'Gate', empty('No gate was given.', 'photofinish gate --baseline main --json gate.json\nphotofinish report RECORD gate.json --out DIR'));
  return section('gate', 'Gate', gates.map((own) => `${paragraph(`${own.verdict}: ${own.candidate} against ${own.baseline}${own.why ? `. ${own.why}` : ''}`)}${
    scrolling(table(['workload', 'verdict', 'time over the baseline’s', 'margin', 'why'], own.rows.map((r) => [r.name, r.verdict, intervalText(r.effect), shareText(r.margin), r.why])), 'Gate')}`).join(''));
}

export const whySections = [['profile', 'Profile'], ['bounds', 'Bounds'], ['limits', 'Limits'], ['complexity', 'Complexity'], ['gate', 'Gate']];

// `figures`: of the section with the bounds.
export function whyBody(report, figures) {
  return [profileSection(report.profiles), boundsSection(report.explanations, figures), limitsSection(report.limits), complexitySection(report.complexities), gateSection(report.gates)];
}
