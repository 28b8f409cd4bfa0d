// One variant's section of the page: what it was to show, what happened and why, where its time went, its raw trials.
import { html, bytes, count, percent, plural, ratioInterval, seconds, timeInterval } from './text.js';
import { figure, paragraph, scrolling, table } from './page_parts.js';

// What its figures say beside its parent's, stage by stage: differences of at least a twentieth of the parent's time.
export function whyOf(run, variant) {
  const parent = variant.parent ? run.byName.get(variant.parent) : null;
  if (!variant.breakdown || !parent?.breakdown) return [];
  const of = (one, name) => one.breakdown.stages.find((stage) => stage.name === name)?.s ?? 0;
  const names = [...new Set([...variant.breakdown.stages, ...parent.breakdown.stages].map((stage) => stage.name))];
  const changes = names.map((name) => ({ name, by: of(variant, name) - of(parent, name) }))
    .filter((change) => Math.abs(change.by) >= 0.05 * parent.wallS).sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
  const said = [changes.length ? `beside ${parent.name}: ${changes.map((c) => `${c.name} ${seconds(Math.abs(c.by))} ${c.by > 0 ? 'more' : 'less'}`).join(', ')}`
    : `no stage differs from ${parent.name}'s by 5 % of its time`];
  if (variant.cpuS && parent.cpuS) said.push(`CPU time ${seconds(variant.cpuS)}, was ${seconds(parent.cpuS)}`);
  if (variant.rssBytes && parent.rssBytes) said.push(`memory at most ${bytes(variant.rssBytes)}, was ${bytes(parent.rssBytes)}`);
  if (variant.movedBytes > 0) said.push(`${bytes(variant.movedBytes)} moved between processes`);
  return said;
}

export function verdictText(variant) {
  const decision = variant.decision;
  const outcome = { crashed: 'crashed', failed: 'failed', wrong_output: 'wrong output', timeout: 'timeout', unavailable: 'unavailable',
    not_run: 'not run', invalid: 'INVALID', unchecked: 'unchecked', floor: 'the floor' }[variant.status];
  const head = outcome && decision?.verdict && decision.verdict !== 'not judged' ? `${decision.verdict} (${outcome})` : outcome ?? decision?.verdict ?? 'not recorded';
  const reason = decision?.reason || variant.reason;
  return !reason ? head : reason.startsWith(`${head}:`) ? reason : `${head}: ${reason}`;
}

function memoryText(variant) {
  const said = [];
  if (variant.rssBytes) said.push(`${bytes(variant.rssBytes)} as the sum of its processes' peaks (shared pages count in each)`);
  if (variant.memory) said.push(`${bytes(variant.memory.peakPssBytes)} at its peak, shared pages counted once (${plural(variant.memory.samples, 'sample')} of a trial of its own)`);
  return said.join('; ') || 'not recorded';
}

function idleText(variant) {
  const spans = variant.example?.spans;
  const spanS = spans ? spans.toS - spans.fromS : 0;
  if (!(spanS > 0)) return null;
  const working = spans.hasWorkers ? spans.slots.filter((slot) => slot.slot > 0) : spans.slots.slice(0, 1);
  const share = (key) => working.reduce((sum, slot) => sum + (slot[key] ?? 0), 0) / (working.length * spanS);
  return `busy ${percent(share('busyS'))}, starved of work ${percent(share('starvedS'))}, in no stage ${percent(share('betweenS'))}, not begun ${percent(share('notBegunS'))}, finished ${percent(share('finishedS'))} (mean over ${plural(working.length, 'worker')}, one trial)`;
}

function trialsTable(variant) {
  const columns = ['round', 'ending', 'wall time', 'CPU time', 'first result', 'memory', 'moved', 'photos', 'switches', 'counts', 'remarks'];
  return table(columns, variant.trials.map((t) => [String(t.round), t.ending, seconds(t.wallS ?? t.uncheckedS), seconds(t.cpuS), seconds(t.firstS),
    bytes(t.rssBytes), bytes(t.movedBytes), `${count(t.scored)}${t.failed ? `, ${count(t.failed)} failed` : ''}`, count(t.switches),
    t.counts ? 'yes' : 'no', [t.reason, ...t.disturbedBy.map((d) => `disturbed: ${d}`), t.deaths ? plural(t.deaths, 'worker') + ' died' : ''].filter(Boolean).join('; ')]));
}

export function variantSection(run, variant, figures) {
  const { story } = variant, why = whyOf(run, variant), idle = idleText(variant);
  const measured = variant.wall ? [timeInterval(variant.wall), variant.overParent && `against its parent ${ratioInterval(variant.overParent)} as fast`,
    variant.parent && variant.overBaseline && `against the baseline ${ratioInterval(variant.overBaseline)} as fast`, plural(variant.counted, 'trial')].filter(Boolean).join('; ')
    : 'no time';
  const rows = [['summary', story.summary], ['hypothesis', story.hypothesis], ['change', story.change && (variant.parent ? `to ${variant.parent}: ${story.change}` : story.change)],
    ['expected', story.expected], ['setting', [variant.workers === null ? '' : plural(variant.workers, 'worker'), ...variant.options].filter(Boolean).join(', ')],
    ['what happened', measured], ['verdict', verdictText(variant)], ['why', why.join('; ')], ['workers', idle], ['memory', variant.counted ? memoryText(variant) : null],
    ['lesson', story.principle], ['mind', variant.caveats.join('; ')]].filter(([, text]) => text);
  return `<section id="variant-${variant.index}" aria-labelledby="h-variant-${variant.index}">
<h3 id="h-variant-${variant.index}">${html(variant.name)}</h3>
<dl class="story">${rows.map(([name, text]) => `<dt>${name}</dt><dd>${html(text)}</dd>`).join('\n')}</dl>
${figures.map(figure).join('')}${variant.trials.length ? `<details><summary>Raw trials of ${html(variant.name)}: ${variant.trials.length}</summary>
${scrolling(trialsTable(variant), `Raw trials of ${variant.name}`)}</details>` : paragraph('It has no trials.', 'soft')}
</section>\n`;
}
