#include "harness/profile/profiler.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/profile/perf_sampler.h"
#include "harness/profile/preloaded_sampler.h"
#include "harness/profile/process_maps.h"
#include "harness/profile/symbols.h"

struct pf_profiler {
	pf_profile_order order;
	bool by_perf, attached;
	int refused; /* errno of perf events, where they are not used */
	pf_perf_sampler perf;
	pf_preloaded_sampler preloaded;
	pf_maps maps;
	pf_stacks stacks; /* of places */
	pf_tags *tags;    /* NULL: there are no spans */
	uint64_t samples, cut;
	uint64_t told_lost, told_slowed, told_failed; /* by cuts before */
	char **environment;
};

static void free_environment(char **environment)
{
	for (size_t i = 0; environment && environment[i]; i++) {
		free(environment[i]);
	}
	free(environment);
}

/* This process's with the changes, "NAME=value"; NULL without memory. */
static char **environment_with(char *const *changes, size_t change_count)
{
	size_t count = 0, used = 0;
	while (environ[count]) {
		count++;
	}
	char **copy = calloc(count + change_count + 1, sizeof *copy);
	for (size_t i = 0; copy && i < count; i++) {
		bool changed = false;
		for (size_t k = 0; k < change_count; k++) {
			changed = changed ||
				  strncmp(environ[i], changes[k], strcspn(changes[k], "=") + 1) == 0;
		}
		if (!changed && !(copy[used++] = strdup(environ[i]))) {
			free_environment(copy);
			return NULL;
		}
	}
	for (size_t k = 0; copy && k < change_count; k++) {
		if (!(copy[used++] = strdup(changes[k]))) {
			free_environment(copy);
			return NULL;
		}
	}
	return copy;
}

/* oneDNN names the code that it makes in /tmp/perf-PID.map (DNNL_JIT_PROFILE_LINUX_PERFMAP is 2). */
static pf_status make_environment(pf_profiler *profiler, pf_error *error)
{
	char *changes[4], *before = getenv("LD_PRELOAD");
	char preload[2 * sizeof profiler->preloaded.library], board[64], jit[] = "ONEDNN_JIT_PROFILE=2";
	size_t count = 0;
	changes[count++] = jit;
	if (!profiler->by_perf) {
		snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s%s", profiler->preloaded.library,
			 before ? ":" : "", before ? before : "");
		snprintf(board, sizeof board, PF_SAMPLE_VARIABLE "=/proc/%d/fd/%d", (int)getpid(),
			 profiler->preloaded.fd);
		changes[count++] = preload;
		changes[count++] = board;
	}
	profiler->environment = environment_with(changes, count);
	return profiler->environment ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

pf_status pf_profiler_open(const pf_profile_order *order, pf_profiler **out, pf_error *error)
{
	pf_profiler *profiler = *out = calloc(1, sizeof *profiler);
	pf_status status = PF_OK;
	bool user_only;
	if (!profiler) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	profiler->order = *order;
	profiler->preloaded.fd = -1;
	profiler->refused = order->method == PF_PROFILE_TIMERS ? 0 : pf_perf_allowed(&user_only);
	profiler->by_perf = order->method != PF_PROFILE_TIMERS && profiler->refused == 0;
	if (order->method == PF_PROFILE_PERF && !profiler->by_perf) {
		status = pf_fail(
			error, PF_ERR_UNAVAILABLE, NULL,
			"perf events are not to be had here: %s (perf_event_paranoid of 3 or more, or a "
			"container, forbids them)",
			strerror(profiler->refused));
	}
	if (status == PF_OK && !profiler->by_perf) {
		status = pf_preloaded_open(&profiler->preloaded, order->executable, order->hz, error);
	}
	if (status == PF_OK) {
		status = make_environment(profiler, error);
	}
	if (status != PF_OK) {
		pf_profiler_close(profiler);
		*out = NULL;
	}
	return status;
}

char **pf_profiler_environment(const pf_profiler *profiler)
{
	return profiler->environment;
}

void pf_profiler_attach(pf_profiler *profiler, pid_t pid, bool on_exec)
{
	if (profiler->by_perf) {
		profiler->refused = pf_perf_open(&profiler->perf, pid, on_exec, profiler->order.hz);
		profiler->attached = profiler->refused == 0;
		if (!on_exec) {
			pf_maps_read(&profiler->maps, pid);
		}
	}
}

void pf_profiler_tag(pf_profiler *profiler, const pf_tag_source *source)
{
	profiler->tags = profiler->tags ? profiler->tags : calloc(1, sizeof *profiler->tags);
	if (profiler->tags) {
		profiler->tags->source = *source;
	}
}

static void take(void *context, const pf_sample *sample)
{
	pf_profiler *profiler = context;
	pf_tag tag = {.stage = PF_STAGE_COUNT, .slot = PF_STACK_NO_WORKER};
	pf_place_in_object places[PF_SAMPLE_FRAMES];
	if (profiler->tags) {
		tag = pf_tag_find(profiler->tags, sample->tid, sample->time_ns);
	}
	for (uint32_t i = 0; i < sample->count; i++) {
		places[i] = pf_maps_find(&profiler->maps, sample->pid, sample->ips[i]);
	}
	pf_stacks_count(&profiler->stacks, tag.stage, tag.slot, places, sample->count, 1);
	profiler->samples++;
	profiler->cut += sample->cut != 0;
}

static void drain(pf_profiler *profiler, bool last)
{
	if (profiler->tags) {
		pf_tags_look(profiler->tags);
	}
	if (profiler->attached) {
		pf_perf_drain(&profiler->perf, &profiler->maps, take, profiler);
	} else if (!profiler->by_perf) {
		pf_preloaded_drain(&profiler->preloaded, last, take, profiler);
	}
}

void pf_profiler_tick(pf_profiler *profiler)
{
	drain(profiler, false);
}

static bool is_own(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	return strncmp(base, "photofinish", 11) == 0 || strncmp(base, "libphotofinish", 14) == 0;
}

/* Names every frame. The same function at two places is one. */
static void name_stacks(const pf_profiler *profiler, pf_symbols *symbols, pf_profile *out)
{
	for (size_t i = 0; i < profiler->stacks.count; i++) {
		const pf_stack *stack = &profiler->stacks.stacks[i];
		const uint64_t *places = pf_stack_words(&profiler->stacks, stack);
		uint64_t words[PF_SAMPLE_FRAMES];
		uint32_t count = 0;
		for (uint32_t k = 0; k < stack->frames; k++) {
			char name[512];
			const pf_object *object = &profiler->maps.objects[PF_OBJECT_OF(places[k])];
			bool named = pf_symbols_name(symbols, places[k], k > 0, name, sizeof name);
			bool own = object->kind == PF_OBJECT_FILE && is_own(object->path);
			uint32_t function = pf_profile_function(out, name, object->path, named, own);
			/* Callers that nothing is known of say nothing; in our own code they are none, but
			 * what code without frame pointers left. */
			bool said = k == 0 || named || (object->kind == PF_OBJECT_FILE && !own);
			if (function != UINT32_MAX && said) {
				words[count++] = function;
			}
			out->own += k == 0 && own ? stack->count : 0;
			out->own_named += k == 0 && own && named ? stack->count : 0;
		}
		pf_stacks_count(&out->stacks, stack->stage, stack->worker, words, count, stack->count);
	}
}

/* Maps of code made at run time were written for us. */
static void remove_maps(const pf_profiler *profiler)
{
	for (size_t i = 0; i < profiler->maps.process_count; i++) {
		int32_t pid = profiler->maps.processes[i].pid;
		char path[64];
		snprintf(path, sizeof path, "/tmp/perf-%" PRId32 ".map", pid);
		if (kill(pid, 0) && errno == ESRCH) {
			unlink(path);
		}
	}
}

static void say_method(const pf_profiler *profiler, pf_profile *out)
{
	if (profiler->by_perf) {
		snprintf(out->method, sizeof out->method, "perf events (cpu-clock)%s; frame pointers%s%s",
			 profiler->perf.user_only ? ", user code only" : "",
			 profiler->attached ? "" : "; refused: ",
			 profiler->attached ? "" : strerror(profiler->refused));
	} else {
		snprintf(out->method, sizeof out->method,
			 "timers of each thread; frame pointers, then the unwinder%s%s",
			 profiler->refused ? " (perf events: " : "",
			 profiler->refused ? strerror(profiler->refused) : "");
		if (profiler->refused) {
			strncat(out->method, ")", sizeof out->method - strlen(out->method) - 1);
		}
	}
}

/* What is new of a number that only grows. */
static uint64_t since(uint64_t now, uint64_t *told)
{
	uint64_t more = now - *told;
	*told = now;
	return more;
}

static pf_profile *take_out(pf_profiler *profiler)
{
	pf_profile *out = calloc(1, sizeof *out);
	pf_symbols *symbols = out ? pf_symbols_open(&profiler->maps) : NULL;
	if (!symbols) {
		free(out);
		return NULL;
	}
	out->hz = profiler->order.hz;
	out->has_stages = profiler->tags != NULL;
	out->runs = 1;
	out->cut = profiler->cut;
	if (profiler->by_perf) {
		out->lost = since(profiler->perf.lost, &profiler->told_lost);
		out->slowed = since(profiler->perf.slowed, &profiler->told_slowed);
	} else {
		out->lost = since(pf_preloaded_lost(&profiler->preloaded), &profiler->told_lost);
		out->threads_failed = since(atomic_load(&profiler->preloaded.board->threads_failed),
					    &profiler->told_failed);
	}
	say_method(profiler, out);
	name_stacks(profiler, symbols, out);
	out->lost += profiler->stacks.lost + out->stacks.lost;
	out->samples = profiler->samples - profiler->stacks.lost - out->stacks.lost;
	pf_symbols_close(symbols);
	pf_stacks_release(&profiler->stacks);
	profiler->samples = profiler->cut = 0;
	return out;
}

pf_profile *pf_profiler_cut(pf_profiler *profiler)
{
	drain(profiler, false);
	return take_out(profiler);
}

pf_profile *pf_profiler_finish(pf_profiler *profiler)
{
	drain(profiler, true);
	pf_profile *out = take_out(profiler);
	remove_maps(profiler);
	return out;
}

void pf_profiler_close(pf_profiler *profiler)
{
	if (profiler) {
		pf_perf_close(&profiler->perf);
		pf_preloaded_close(&profiler->preloaded);
		pf_maps_release(&profiler->maps);
		pf_stacks_release(&profiler->stacks);
		free_environment(profiler->environment);
		free(profiler->tags);
		free(profiler);
	}
}
