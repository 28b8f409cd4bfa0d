#include "harness/serve/serve_live.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/file.h"

enum { VIEWERS_MOST = 256 };
#define EVENT_NS 1000000000u

/* PF_PAGE_FILE is harness/serve/page.html. */
__asm__(".section .rodata\n"
	".global pf_serve_page\n"
	".global pf_serve_page_end\n"
	"pf_serve_page:\n"
	".incbin \"" PF_PAGE_FILE "\"\n"
	"pf_serve_page_end:\n"
	".byte 0\n"
	".previous\n");

/* Who watches the live page. */
struct viewer {
	pf_server *server;
	struct MHD_Connection *connection;
	char *text; /* that is being sent; owned */
	size_t length, sent;
	uint64_t seen;
	bool suspended;
	struct viewer *next;
};

static uint64_t resident_bytes(void)
{
	unsigned long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%lu %lu", &size, &resident) != 2) {
		resident = 0;
	}
	if (file) {
		fclose(file);
	}
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_fds(void)
{
	uint64_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (folder && readdir(folder)) {
		count++;
	}
	if (folder) {
		closedir(folder);
	}
	return count > 3 ? count - 3 : 0; /* "." and "..", and this folder */
}

/* With the lock. What the process itself takes is left out: to find that takes system calls. */
static void look(pf_server *server, pf_serve_now *now)
{
	uint64_t at = pf_now_ns();
	*now = (pf_serve_now){.queued_photos = pf_queue_photos(&server->queue),
			      .buffered_bytes = server->buffered_bytes,
			      .poison = server->poison_count,
			      .queue_age_ns = pf_queue_age_ns(&server->queue, at),
			      .connections = server->connections,
			      .viewers = server->live.count,
			      .workers = server->workers,
			      .ready = server->workers.ready > 0 && !server->draining};
}

/* Text is written of a copy: whoever scrapes holds up nobody. */
char *pf_live_metrics(pf_server *server, bool open_metrics, size_t *bytes)
{
	char *text = NULL;
	pf_serve_now now;
	FILE *stream = open_memstream(&text, bytes);
	if (!stream) {
		return NULL;
	}
	pthread_mutex_lock(&server->lock);
	const pf_serve_counts counts = server->counts;
	look(server, &now);
	pthread_mutex_unlock(&server->lock);
	now.resident_bytes = resident_bytes();
	now.open_fds = open_fds();
	pf_serve_metrics_write(stream, &counts, &now, open_metrics);
	if (fclose(stream)) {
		free(text);
		text = NULL;
	}
	return text;
}

static json_t *bests_json(const pf_server *server)
{
	json_t *list = json_array();
	for (uint64_t i = 0; i < PF_SERVE_BESTS && i < server->bests_seen; i++) {
		const pf_serve_best *best = &server->bests[(server->bests_seen - 1 - i) % PF_SERVE_BESTS];
		char name[4 * PF_REQUEST_NAME];
		json_array_append_new(list, json_pack("{s:s,s:f,s:I}", "name",
						      pf_escape(best->name, name, sizeof name), "points",
						      best->points, "of", (json_int_t)best->of));
	}
	return list;
}

static json_int_t whole(uint64_t value)
{
	return (json_int_t)value;
}

/* One event of the stream, which the caller frees: "data: {...}". */
static char *make_event(pf_server *server)
{
	const pf_serve_counts *counts = &server->counts;
	pf_serve_now now;
	uint64_t responses = 0, refused = 0;
	char *text = NULL;
	look(server, &now);
	for (int i = 0; i < PF_SERVE_CODES; i++) {
		responses += counts->responses[i].count;
	}
	for (int i = 0; i < PF_DENIED_KINDS; i++) {
		refused += counts->refused[i];
	}
	json_t *event = json_pack(
		"{s:I,s:I,s:I,s:I,s:I,s:f,s:I,s:I,s:I,s:I,s:f,s:f,s:I,s:o}", "responses", whole(responses),
		"refused", whole(refused), "scored", whole(counts->photos[PF_OK]), "crashed",
		whole(counts->photos[PF_ERR_CRASHED]), "queue", whole(now.queued_photos), "queue_age_s",
		(double)now.queue_age_ns * 1e-9, "workers", whole(now.workers.workers), "ready",
		whole(now.workers.ready), "busy", whole(now.workers.busy), "deaths", whole(counts->deaths),
		"p50_ms", (double)pf_service_percentile(&server->latencies, 50, pf_now_ns()) * 1e-6, "p95_ms",
		(double)pf_service_percentile(&server->latencies, 95, pf_now_ns()) * 1e-6, "at_ms",
		whole(pf_now_ns() / 1000000), "best", bests_json(server));
	char *json = event ? json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(event);
	if (json && asprintf(&text, "data: %s\n\n", json) < 0) {
		text = NULL;
	}
	free(json);
	return text;
}

/* The next part of the live page's stream; nothing new: suspended until the next event. */
static ssize_t send_event(void *context, uint64_t position, char *to, size_t most)
{
	struct viewer *viewer = context;
	pf_server *server = viewer->server;
	struct pf_live *live = &server->live;
	(void)position;
	pthread_mutex_lock(&server->lock);
	if (viewer->sent == viewer->length && viewer->seen < live->events && live->event) {
		free(viewer->text);
		viewer->text = strdup(live->event);
		viewer->length = viewer->text ? strlen(viewer->text) : 0;
		viewer->sent = 0;
		viewer->seen = live->events;
	}
	ssize_t size = (ssize_t)(viewer->length - viewer->sent);
	size = size > (ssize_t)most ? (ssize_t)most : size;
	if (size > 0) {
		memcpy(to, viewer->text + viewer->sent, (size_t)size);
		viewer->sent += (size_t)size;
	} else if (live->ending) {
		size = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		viewer->suspended = true;
		MHD_suspend_connection(viewer->connection);
	}
	pthread_mutex_unlock(&server->lock);
	return size;
}

static void end_viewer(void *context)
{
	struct viewer *viewer = context;
	pf_server *server = viewer->server;
	struct pf_live *live = &server->live;
	pthread_mutex_lock(&server->lock);
	for (struct viewer **at = &live->viewers; *at; at = &(*at)->next) {
		if (*at == viewer) {
			*at = viewer->next;
			live->count--;
			break;
		}
	}
	pthread_mutex_unlock(&server->lock);
	free(viewer->text);
	free(viewer);
}

bool pf_live_full(pf_server *server)
{
	pthread_mutex_lock(&server->lock);
	bool full = server->live.count >= VIEWERS_MOST;
	pthread_mutex_unlock(&server->lock);
	return full;
}

enum MHD_Result pf_live_begin(pf_server *server, struct MHD_Connection *connection)
{
	struct viewer *viewer = calloc(1, sizeof *viewer);
	struct MHD_Response *response = NULL;
	if (viewer) {
		viewer->server = server;
		viewer->connection = connection;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, send_event, viewer,
							     end_viewer);
	}
	if (!response) {
		free(viewer);
		return MHD_NO;
	}
	pthread_mutex_lock(&server->lock);
	viewer->seen = server->live.events; /* the last one may be of when somebody last watched */
	viewer->next = server->live.viewers;
	server->live.viewers = viewer;
	server->live.count++;
	pf_http_waiting(connection, 0);
	pf_serve_count_response(&server->counts, 200);
	pthread_mutex_unlock(&server->lock);
	MHD_add_response_header(response, "Content-Type", "text/event-stream");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	enum MHD_Result result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static void resume_viewers(struct pf_live *live)
{
	for (struct viewer *at = live->viewers; at; at = at->next) {
		if (at->suspended) {
			at->suspended = false;
			MHD_resume_connection(at->connection);
		}
	}
}

void pf_live_tick(pf_server *server, uint64_t now_ns)
{
	struct pf_live *live = &server->live;
	if (!live->viewers || now_ns < live->event_ns + EVENT_NS) {
		return;
	}
	live->event_ns = now_ns;
	free(live->event);
	live->event = make_event(server);
	live->events++;
	resume_viewers(live);
}

void pf_live_end(pf_server *server)
{
	server->live.ending = true;
	resume_viewers(&server->live);
}
