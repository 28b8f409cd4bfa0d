/* Spans in a program of your own: two threads take files from a list, read each and add up its bytes; the
 * nested report says where their time went. Usage: ./digests [--events FILE.json] FILE... */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <photofinish/spans.h>

enum { THREADS = 2, KEPT = 4096, BLOCK = 65536 };

typedef struct job {
	pf_spans *spans;
	pf_stage take, file, read, digest;
	pthread_mutex_t mutex;
	char **paths;
	int next, count;
} job;

/* The next file, or NULL; the threads wait for each other here. */
static const char *take(job *of, pf_trace *trace)
{
	uint64_t begin = pf_span_begin(trace, of->take);
	pthread_mutex_lock(&of->mutex);
	const char *path = of->next < of->count ? of->paths[of->next++] : NULL;
	pthread_mutex_unlock(&of->mutex);
	pf_span_end(trace, of->take, begin);
	return path;
}

static void handle(const job *of, pf_trace *trace, const char *path)
{
	static _Thread_local unsigned char block[BLOCK];
	uint64_t whole = pf_span_begin(trace, of->file), a = 1, b = 0;
	FILE *file = fopen(path, "rb");
	for (size_t got = 1; file && got > 0;) {
		uint64_t begin = pf_span_begin(trace, of->read);
		got = fread(block, 1, sizeof block, file);
		pf_span_end(trace, of->read, begin);
		begin = pf_span_begin(trace, of->digest);
		for (size_t i = 0; i < got; i++) { /* Adler-32 */
			a = (a + block[i]) % 65521;
			b = (b + a) % 65521;
		}
		pf_span_end(trace, of->digest, begin);
	}
	if (file) {
		fclose(file);
		printf("%08llx  %s\n", (unsigned long long)(b << 16 | a), path);
	} else {
		perror(path);
	}
	pf_span_end(trace, of->file, whole);
}

static void *work(void *context)
{
	job *of = context;
	pf_trace *trace = pf_spans_enter(of->spans);
	for (const char *path = take(of, trace); path; path = take(of, trace)) {
		handle(of, trace, path);
	}
	pf_spans_leave(trace);
	return NULL;
}

static int fail(const pf_error *error)
{
	fprintf(stderr, "digests: %s\n", error->message);
	return 2;
}

static pf_status name_stages(job *of, pf_error *error)
{
	const struct {
		const char *name;
		pf_wait_kind wait;
		pf_stage *stage;
	} stages[] = {{"take", PF_WAIT_QUEUE, &of->take},
		      {"file", PF_WAIT_BLOCKED, &of->file},
		      {"read", PF_WAIT_IO, &of->read},
		      {"digest", PF_WAIT_BLOCKED, &of->digest}};
	pf_status status = PF_OK;
	for (size_t i = 0; i < sizeof stages / sizeof *stages && status == PF_OK; i++) {
		status = pf_spans_stage(of->spans, stages[i].name, stages[i].wait, stages[i].stage, error);
	}
	return status;
}

int main(int argc, char **argv)
{
	int events = argc > 2 && strcmp(argv[1], "--events") == 0;
	job job = {.mutex = PTHREAD_MUTEX_INITIALIZER,
		   .paths = argv + 1 + 2 * events,
		   .count = argc - 1 - 2 * events};
	pthread_t threads[THREADS];
	pf_error error;
	if (pf_spans_create(THREADS, KEPT, &job.spans, &error) != PF_OK ||
	    name_stages(&job, &error) != PF_OK) {
		return fail(&error);
	}
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, work, &job)) {
			perror("digests: cannot start a thread");
			return 2;
		}
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	pf_status status = pf_spans_report(job.spans, stdout, &error);
	FILE *file = events ? fopen(argv[2], "w") : NULL;
	if (status == PF_OK && file) {
		status = pf_spans_write_events(job.spans, file, &error);
	}
	if (events && (!file || fclose(file))) {
		perror(argv[2]);
		return 2;
	}
	pf_spans_destroy(job.spans);
	return status == PF_OK ? 0 : fail(&error);
}
