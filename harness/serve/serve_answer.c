/* What is sent: score records as `score` writes them, and refusals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scores/outcomes.h"
#include "harness/scores/score_caveat.h"
#include "harness/serve/server.h"

static const struct {
	unsigned code;
	const char *text;
} refusals[PF_DENIED_KINDS] = {
	[PF_DENIED_MALFORMED] = {400, "the request is malformed"},
	[PF_DENIED_TOKEN] = {401, "a bearer token is needed"},
	[PF_DENIED_PATH] =
		{404, "there is nothing here: POST /score, POST /burst, GET /healthz, /readyz, /metrics"},
	[PF_DENIED_METHOD] = {405, "this takes another method"},
	[PF_DENIED_TOO_LARGE] = {413, "the photo is larger than the limit, or there are too many"},
	[PF_DENIED_QUEUE] = {503, "as many photos wait as may"},
	[PF_DENIED_BUFFER] = {503, "the photos that wait take as much memory as they may"},
	[PF_DENIED_DEADLINE] = {503, "the deadline would pass before the answer is there"},
	[PF_DENIED_DRAINING] = {503, "the server is ending"},
	[PF_DENIED_EXPIRED] = {504, "the deadline passed: it was not executed"},
	[PF_DENIED_LOST] = {500, "the answer was lost"},
};

unsigned pf_denial_code(pf_denial refusal)
{
	return refusals[refusal].code;
}

/* A photo that cannot be scored is the client's; what went wrong here is ours. */
static bool is_ours(pf_status status)
{
	return status == PF_ERR_CRASHED || status == PF_ERR_TIMEOUT || status == PF_ERR_NO_MEMORY ||
	       status == PF_ERR_IO || status == PF_ERR_INTERNAL;
}

unsigned pf_answer_code(const pf_request *request)
{
	if (request->refused) {
		return refusals[request->refused].code;
	}
	bool ours = false;
	for (size_t i = 0; i < request->count; i++) {
		ours = ours || is_ours(request->photos[i].status);
	}
	return ours ? 500 : !request->burst && request->photos[0].status != PF_OK ? 422 : 200;
}

static bool rank(const pf_server *server, const pf_request *request, uint32_t *ranks)
{
	const pf_score **scores = calloc(request->count, sizeof *scores);
	for (size_t i = 0; scores && i < request->count; i++) {
		scores[i] = request->photos[i].status == PF_OK ? &request->photos[i].score : NULL;
	}
	bool good = scores && pf_burst_rank(&server->order->session->order.scorer, scores, request->count,
					    ranks) == PF_OK;
	free(scores);
	return good;
}

static void write_records(const pf_server *server, const pf_request *request, const uint32_t *ranks,
			  pf_dataset_photo *names, FILE *stream)
{
	pf_scorer_config scorer = server->order->session->order.scorer;
	const pf_dataset dataset = {.count = request->count, .photos = names};
	char caveat[PF_SCORE_CAVEAT];
	scorer.preset = request->degraded ? server->order->degraded_preset : scorer.preset;
	pf_score_caveat(&scorer, caveat);
	for (size_t i = 0; i < request->count; i++) {
		pf_request_photo *photo = &request->photos[i];
		const pf_outcome outcome = {.done = true,
					    .ranked = true,
					    .status = photo->status,
					    .rank = ranks[i],
					    .place = (uint32_t)i,
					    .message = photo->message,
					    .score = photo->score};
		names[i].path = photo->name;
		pf_outcome_write_with(stream, &dataset, i, &outcome, caveat[0] ? caveat : NULL);
	}
}

char *pf_answer_scores(const pf_server *server, const pf_request *request, size_t *bytes)
{
	char *text = NULL;
	uint32_t *ranks = calloc(request->count, sizeof *ranks);
	pf_dataset_photo *names = calloc(request->count, sizeof *names);
	FILE *stream = ranks && names ? open_memstream(&text, bytes) : NULL;
	bool good = stream && rank(server, request, ranks);
	if (good) {
		write_records(server, request, ranks, names, stream);
	}
	if (stream && (fclose(stream) || !good)) {
		free(text);
		text = NULL;
	}
	free(ranks);
	free(names);
	return text;
}

char *pf_answer_refusal(pf_denial refusal, size_t *bytes)
{
	char *text = NULL;
	int length = asprintf(&text, "{\"error\":\"%s\",\"reason\":\"%s\"}\n", refusals[refusal].text,
			      pf_denial_name(refusal));
	*bytes = length > 0 ? (size_t)length : 0;
	return length > 0 ? text : NULL;
}

void pf_answer_note_best(pf_server *server, const pf_request *request)
{
	const pf_request_photo *best = NULL;
	for (size_t i = 0; i < request->count; i++) {
		const pf_request_photo *photo = &request->photos[i];
		bool better = photo->status == PF_OK && (!best || photo->score.total > best->score.total);
		best = better ? photo : best;
	}
	if (best && isfinite(best->score.total)) {
		pf_serve_best *to = &server->bests[server->bests_seen++ % PF_SERVE_BESTS];
		*to = (pf_serve_best){.points = 100 * best->score.total, .of = request->count};
		snprintf(to->name, sizeof to->name, "%s", best->name);
	}
}
