#include "harness/gate/gate_host.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/gate/gate_heap.h"
#include "harness/gate/gate_side.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/random.h"
#include "photofinish/trace.h"

enum {
	SLOT_NS = 100000, /* aimed at: most are undisturbed, and a look at the clock is short against it */
	LOOKS = 5,        /* of which the fastest sizes the slots */
	BLOCKS_LEAST = 6, /* of calls that are not too long for it: set-up takes as long as some blocks */
	STRETCH = 2,      /* up to which the time is exceeded for them */
	BLOCKS_MOST = 4096,
	EXACT_UNITS = 4, /* whose allocations are counted */
	PATIENCE = 2,    /* times what the slots take: beside others */
};

typedef struct host {
	pf_gate_order order;
	pf_gate_side *sides[2];
	pf_random random;
	pf_gate_frame frame; /* of the workload at hand */
} host;

static bool send_frame(const pf_gate_frame *frame)
{
	const char *at = (const char *)frame;
	for (size_t left = sizeof *frame; left;) {
		ssize_t sent = write(PF_GATE_REPLY_FD, at, left);
		if (sent <= 0) {
			return false;
		}
		at += sent;
		left -= (size_t)sent;
	}
	return true;
}

/* Notes a fault of an arm; true if there is one. */
static bool fault(host *h, uint32_t arm, pf_gate_fault what)
{
	if (what != PF_GATE_FINE) {
		h->frame.fault = what;
		h->frame.arm = arm;
	}
	return what != PF_GATE_FINE;
}

static bool digest(host *h, uint32_t arm, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	return !fault(h, arm, pf_gate_side_digest(h->sides[arm], out, h->frame.text));
}

static bool run(host *h, uint32_t arm, uint64_t units, pf_gate_slot *slot)
{
	return !fault(h, arm, pf_gate_side_run(h->sides[arm], units, slot, h->frame.text));
}

/* Sets an arm up and proves that its run does something. */
static bool prepare(host *h, uint32_t arm, const char *name, unsigned cut)
{
	uint8_t before[PF_WORKLOAD_DIGEST_BYTES];
	pf_gate_slot slot = {0};
	if (fault(h, arm, pf_gate_side_set_up(h->sides[arm], name, cut, h->frame.text)) ||
	    !digest(h, arm, before) || !run(h, arm, 1, &slot) || !digest(h, arm, h->frame.digest[arm])) {
		return false;
	}
	return !fault(h, arm,
		      memcmp(before, h->frame.digest[arm], sizeof before) ? PF_GATE_FINE : PF_GATE_IDLE);
}

/* Whether what has run since leaves the same outputs. */
static bool still_the_same(host *h, uint32_t arm)
{
	uint8_t again[PF_WORKLOAD_DIGEST_BYTES];
	return digest(h, arm, again) &&
	       !fault(h, arm,
		      memcmp(again, h->frame.digest[arm], sizeof again) ? PF_GATE_UNSTABLE : PF_GATE_FINE);
}

static bool fastest(host *h, uint32_t arm, uint64_t units, uint64_t *wall_ns)
{
	*wall_ns = UINT64_MAX;
	for (int i = 0; i < LOOKS && !(i && *wall_ns >= PF_GATE_LONG_CALL_NS);
	     i++) { /* a long call needs one look */
		pf_gate_slot slot;
		if (!run(h, arm, units, &slot)) {
			return false;
		}
		*wall_ns = slot.wall_ns < *wall_ns ? slot.wall_ns : *wall_ns;
	}
	return true;
}

/* Units of a slot, the same for both arms, by the slower one; whether many units take longer than one. Each
 * arm runs here after both were set up, however long it takes: the set-up of the second one takes memory that
 * the first one's run had freed, and the run that fetches it anew from the kernel is not to be timed (a whole
 * photo took 16 % longer in the arm that came first). */
static bool size_slots(host *h, uint64_t *slot_ns)
{
	uint64_t one[2], many[2], longest;
	for (uint32_t arm = 0; arm < 2; arm++) {
		if (!fastest(h, arm, 1, &one[arm])) {
			return false;
		}
	}
	longest = one[0] > one[1] ? one[0] : one[1];
	h->frame.units = longest >= SLOT_NS ? 1 : SLOT_NS / (longest ? longest : 1);
	*slot_ns = longest;
	if (h->frame.units == 1) {
		return true;
	}
	if (!fastest(h, 0, h->frame.units, &many[0]) || !fastest(h, 1, h->frame.units, &many[1])) {
		return false;
	}
	for (uint32_t arm = 0; arm < 2 && h->frame.units >= 4; arm++) {
		/* The clock's own 20 to 60 ns are all that an empty run takes. */
		if (many[arm] < 2 * one[arm] && one[arm] > 1000) {
			return !fault(h, arm, PF_GATE_NOT_LINEAR);
		}
	}
	/* What one call costs beside its unit may have made units look long: many are the better measure. */
	longest = many[0] > many[1] ? many[0] : many[1];
	if (h->frame.units >= 4 && longest < SLOT_NS / 2) {
		h->frame.units = h->frame.units * SLOT_NS / (longest ? longest : 1);
		longest = SLOT_NS;
	}
	*slot_ns = longest ? longest : 1;
	return true;
}

typedef struct block {
	double sum_ns[2], least_ns[2]; /* of each arm's two slots */
	bool preempted;
} block;

/* The arms in the order 0110 or 1001. False on a fault. */
static bool run_block(host *h, block *b)
{
	uint32_t outer = (uint32_t)pf_random_below(&h->random, 2);
	const uint32_t arms[4] = {outer, 1 - outer, 1 - outer, outer};
	*b = (block){.least_ns = {INFINITY, INFINITY}};
	for (int i = 0; i < 4; i++) {
		pf_gate_slot slot;
		if (!run(h, arms[i], h->frame.units, &slot)) {
			return false;
		}
		b->sum_ns[arms[i]] += (double)slot.wall_ns;
		b->least_ns[arms[i]] = fmin(b->least_ns[arms[i]], (double)slot.wall_ns);
		b->preempted |= slot.preempted;
	}
	return true;
}

/* Blocks until the time is up. Those of short slots in which something else ran are set aside, unless that
 * leaves too few; beside others no long call runs undisturbed, and none at all is waited for much longer than
 * slots take.
 *
 * A block's ratio is that of the faster slot of each arm: interrupts hit every fourth slot of a quarter of a
 * millisecond, so that of four slots mostly one is hit, but seldom both of one arm. The sums keep all. */
static bool run_blocks(host *h, double seconds, uint64_t slot_ns)
{
	double fit = seconds * 1e9 / (4.0 * (double)slot_ns), least = fmin(BLOCKS_LEAST, STRETCH * fit);
	size_t wanted = (size_t)fmin(BLOCKS_MOST, fmax(1.0, round(fmax(fit, least)))), kept = 0, all = 0;
	double *ratios = calloc(wanted, sizeof *ratios), sums[2] = {0.0, 0.0};
	uint64_t end_ns = pf_now_ns() + PATIENCE * 4 * wanted * slot_ns;
	bool fine = ratios != NULL;
	while (fine && kept < wanted && (!kept || pf_now_ns() < end_ns)) {
		block b;
		fine = run_block(h, &b);
		all++;
		if (!fine || (b.preempted && slot_ns < PF_GATE_LONG_CALL_NS && all - kept <= wanted / 4)) {
			h->frame.set_aside += fine;
			continue;
		}
		ratios[kept++] = log(b.least_ns[1] / b.least_ns[0]);
		sums[0] += b.sum_ns[0];
		sums[1] += b.sum_ns[1];
	}
	if (fine && kept) {
		h->frame.blocks = (uint32_t)kept;
		h->frame.median = pf_median_reorder(ratios, kept);
		h->frame.total = log(sums[1] / sums[0]);
		h->frame.total_ns[0] = (uint64_t)sums[0];
		h->frame.total_ns[1] = (uint64_t)sums[1];
	}
	free(ratios);
	return fine;
}

static void time_workload(host *h, const char *name)
{
	uint64_t slot_ns = 1, begin_ns = pf_now_ns();
	uint32_t first = h->order.first;
	bool fine = prepare(h, first, name, PF_GATE_CUT) && prepare(h, 1 - first, name, PF_GATE_CUT) &&
		    size_slots(h, &slot_ns) && run_blocks(h, h->order.seconds, slot_ns);
	for (uint32_t arm = 0; arm < 2 && fine; arm++) {
		fine = still_the_same(h, arm);
	}
	pf_gate_side_tear_down(h->sides[first]);
	pf_gate_side_tear_down(h->sides[1 - first]);
	h->frame.spent_ns = pf_now_ns() - begin_ns;
}

/* Digests and allocations of one arm. */
static void look_at_workload(host *h, const char *name)
{
	pf_gate_slot slot;
	pf_gate_heap before, after;
	if (prepare(h, 0, name, 1) && run(h, 0, 2, &slot) && still_the_same(h, 0)) {
		h->frame.allocations_known = pf_gate_heap_look(&before);
		if (run(h, 0, EXACT_UNITS, &slot) && h->frame.allocations_known) {
			pf_gate_heap_look(&after);
			h->frame.allocations = (after.calls - before.calls) / EXACT_UNITS;
			h->frame.allocated_bytes = (after.bytes - before.bytes) / EXACT_UNITS;
			h->frame.peak_bytes = (uint64_t)(after.peak_bytes - before.live_bytes);
			int64_t kept = after.live_bytes - before.live_bytes;
			h->frame.leaked_bytes = kept > 0 ? (uint64_t)kept / EXACT_UNITS : 0;
		}
	}
	pf_gate_side_tear_down(h->sides[0]);
}

static void count_workload(host *h, const char *name)
{
	pf_gate_slot slot;
	if (!fault(h, 0, pf_gate_side_set_up(h->sides[0], name, 1, h->frame.text)) && run(h, 0, 1, &slot) &&
	    h->order.units) {
		run(h, 0, h->order.units, &slot);
	}
	pf_gate_side_tear_down(h->sides[0]);
}

static void describe(pf_gate_frame *frame, const pf_workload *workload)
{
	snprintf(frame->name, sizeof frame->name, "%s", workload->name);
	snprintf(frame->unit, sizeof frame->unit, "%s", workload->unit);
	frame->on_request = (workload->flags & PF_WORKLOAD_ON_REQUEST) != 0;
	size_t used = 0;
	for (int i = 0; workload->within && workload->within[i] && used < sizeof frame->within; i++) {
		used += (size_t)snprintf(frame->within + used, sizeof frame->within - used, "%s%s",
					 i ? " " : "", workload->within[i]);
	}
}

static bool list(host *h)
{
	const pf_workloads *table = pf_gate_side_table(h->sides[0]);
	const pf_workload *workload;
	for (uint32_t i = 0; (workload = pf_workload_at(table, i)); i++) {
		pf_gate_frame frame = {.workload = i};
		describe(&frame, workload);
		snprintf(frame.library, sizeof frame.library, "%s", table->library);
		if (!send_frame(&frame)) {
			return false;
		}
	}
	return true;
}

/* Loads what the order names, in its order. False on a fault, which is told. */
static bool load(host *h)
{
	bool pair = h->order.task == PF_GATE_TIME, twins = pair && h->order.way == PF_GATE_TWO_PROCESSES;
	for (uint32_t i = 0; i < (pair ? 2u : 1u); i++) {
		uint32_t arm = pair ? (h->order.first + i) % 2 : 0;
		pf_gate_fault what = pf_gate_side_open(h->order.library[arm], twins, &h->sides[arm],
						       h->frame.text);
		if (fault(h, arm, what)) {
			h->frame.workload = UINT32_MAX;
			send_frame(&h->frame);
			return false;
		}
	}
	return true;
}

static void bind_to(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (cpu >= 0 && cpu < CPU_SETSIZE) {
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof set, &set);
	}
}

int pf_gate_host(void)
{
	static host h;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pread(PF_GATE_ORDER_FD, &h.order, sizeof h.order, 0) != sizeof h.order ||
	    h.order.count > PF_GATE_WORKLOADS_MOST) {
		return 2;
	}
	bind_to(h.order.cpu);
	h.random.state = h.order.seed;
	if (!load(&h)) {
		return 0;
	}
	bool sent = h.order.task == PF_GATE_LIST ? list(&h) : true;
	for (uint32_t i = 0; i < h.order.count && sent && h.order.task != PF_GATE_LIST; i++) {
		h.frame = (pf_gate_frame){.begun = 1, .workload = i};
		sent = send_frame(&h.frame);
		h.frame.begun = 0;
		snprintf(h.frame.name, sizeof h.frame.name, "%s", h.order.workloads[i]);
		if (h.order.task == PF_GATE_TIME) {
			time_workload(&h, h.order.workloads[i]);
		} else if (h.order.task == PF_GATE_EXACT) {
			look_at_workload(&h, h.order.workloads[i]);
		} else {
			count_workload(&h, h.order.workloads[i]);
		}
		sent = sent && send_frame(&h.frame);
	}
	pf_gate_side_close(h.sides[0]);
	pf_gate_side_close(h.sides[1]);
	fflush(NULL);
	_exit(sent ? 0 : 2); /* the libraries' own ends are not this process's matter */
}
