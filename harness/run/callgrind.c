#include "harness/run/callgrind.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/run/callgrind_file.h"
#include "photofinish/file.h"

#define TICK_MS 100
#define MOST_SECONDS 600 /* for a photo */

#define PF_KERNEL_NAME(constant, name, text) name,
static const char *const part_names[] = {PF_KERNEL_PART_LIST(PF_KERNEL_NAME)};

const char *pf_kernel_part_name(pf_kernel_part part)
{
	return part_names[part];
}

/* One run under callgrind. */
struct attempt {
	const pf_session *session;
	char folder[64]; /* of callgrind's files */
	int config_fd, output_fd, log_fd;
	uint32_t photos[PF_KERNEL_PHOTOS], count;
	char program[PATH_MAX]; /* not /proc/self/exe, which would be valgrind */
};

static uint64_t sum(const pf_callgrind_profile *profile, const char *const *names, bool *known)
{
	uint64_t instructions = 0;
	for (; *names; names++) {
		const pf_callgrind_profile_function *function = pf_callgrind_profile_find(profile, *names);
		*known = *known && function;
		instructions += function ? function->inclusive : 0;
	}
	return instructions;
}

/* Its name; of one without a symbol the file that it is in, and all code that networks generate is one. */
static void describe(const pf_callgrind_profile *profile, const pf_callgrind_profile_function *function,
		     char out[PF_CALLGRIND_NAME])
{
	const char *object = function->object < profile->object_count ? profile->objects[function->object]
								      : NULL;
	const char *file = object && strrchr(object, '/') ? strrchr(object, '/') + 1 : NULL;
	if (strncmp(function->name, "0x", 2) != 0) {
		pf_escape(function->name, out, PF_CALLGRIND_NAME);
	} else if (file) {
		pf_escape(file, out, PF_CALLGRIND_NAME);
	} else {
		snprintf(out, PF_CALLGRIND_NAME, "generated code");
	}
}

/* Of all profiles together: sums by name, those with the most instructions first. The list is longer than
 * what is shown of it, so that what grows late is hardly missed. */
static void keep(pf_callgrind *callgrind, const char *name, uint64_t self)
{
	uint32_t at = 0;
	while (at < callgrind->top_count && strcmp(callgrind->top[at].name, name) != 0) {
		at++;
	}
	if (at == PF_CALLGRIND_TOP && callgrind->top[--at].self >= self) {
		return;
	}
	if (at == callgrind->top_count || strcmp(callgrind->top[at].name, name) != 0) {
		callgrind->top_count += at == callgrind->top_count;
		snprintf(callgrind->top[at].name, sizeof callgrind->top[at].name, "%s", name);
		callgrind->top[at].self = 0;
	}
	callgrind->top[at].self += self;
	for (; at > 0 && callgrind->top[at].self > callgrind->top[at - 1].self; at--) {
		typeof(callgrind->top[0]) other = callgrind->top[at];
		callgrind->top[at] = callgrind->top[at - 1];
		callgrind->top[at - 1] = other;
	}
}

void pf_callgrind_add(pf_callgrind *callgrind, const pf_callgrind_profile *profile, uint32_t index)
{
	static const char *const functions[PF_KERNEL_PARTS][3] = {
		[PF_KERNEL_READ] = {"pf_scorer_load"},
		[PF_KERNEL_GATE] = {"pf_jpeg_gate", "pf_exif_read"},
		[PF_KERNEL_DECODE] = {"pf_jpeg_decode"},
		[PF_KERNEL_POSE] = {"pf_scorer_detect_pose"},
		[PF_KERNEL_FACES] = {"pf_scorer_detect_faces"},
		[PF_KERNEL_QUALITY] = {"pf_scorer_analyse"},
		[PF_KERNEL_SCORE] = {"pf_scorer_fuse"},
	};
	pf_callgrind_photo *photo = &callgrind->photos[callgrind->count];
	*photo = (pf_callgrind_photo){.index = index, .total = profile->total};
	for (int i = 0; i < PF_KERNEL_PARTS; i++) {
		bool known = callgrind->count == 0 || callgrind->known[i];
		photo->parts[i] = sum(profile, functions[i], &known);
		callgrind->known[i] = known;
	}
	uint64_t within = photo->parts[PF_KERNEL_GATE] + photo->parts[PF_KERNEL_DECODE];
	photo->parts[PF_KERNEL_READ] -= within <= photo->parts[PF_KERNEL_READ] ? within : 0;
	callgrind->count++;
	for (size_t i = 0; i < profile->count; i++) {
		if (profile->functions[i].name && profile->functions[i].self) {
			char name[PF_CALLGRIND_NAME];
			describe(profile, &profile->functions[i], name);
			keep(callgrind, name, profile->functions[i].self);
		}
	}
}

static bool prepare(struct attempt *attempt)
{
	const char *temporary = getenv("TMPDIR");
	ssize_t length = readlink("/proc/self/exe", attempt->program, sizeof attempt->program - 1);
	attempt->program[length > 0 ? length : 0] = '\0';
	snprintf(attempt->folder, sizeof attempt->folder, "%.40s/photofinish-XXXXXX",
		 temporary && strlen(temporary) <= 40 ? temporary : "/tmp");
	attempt->config_fd = memfd_create("config", MFD_CLOEXEC);
	attempt->output_fd = memfd_create("output", MFD_CLOEXEC);
	attempt->log_fd = memfd_create("log", MFD_CLOEXEC);
	size_t bytes = sizeof attempt->session->order.scorer;
	if (length <= 0 || attempt->config_fd < 0 || attempt->output_fd < 0 || attempt->log_fd < 0 ||
	    write(attempt->config_fd, &attempt->session->order.scorer, bytes) != (ssize_t)bytes ||
	    lseek(attempt->config_fd, 0, SEEK_SET) || !mkdtemp(attempt->folder)) {
		attempt->folder[0] = '\0';
		return false;
	}
	return true;
}

static void clean(struct attempt *attempt)
{
	close(attempt->config_fd);
	close(attempt->output_fd);
	close(attempt->log_fd);
	for (uint32_t i = 0; i <= attempt->count && attempt->folder[0]; i++) {
		char path[96];
		snprintf(path, sizeof path, i ? "%s/out.%u" : "%s/out", attempt->folder, i);
		unlink(path);
	}
	if (attempt->folder[0]) {
		rmdir(attempt->folder);
	}
}

/* What valgrind sees: one thread, and networks without what it does not know or only does slowly. */
static char **kernel_environment(void)
{
	static char isa[] = "DNNL_MAX_CPU_ISA=" PF_CALLGRIND_ISA, threads[] = "OMP_NUM_THREADS=1";
	size_t count = 0, kept = 0;
	while (environ[count]) {
		count++;
	}
	char **copy = calloc(count + 3, sizeof *copy);
	for (size_t i = 0; copy && i < count; i++) {
		if (strncmp(environ[i], "DNNL_MAX_CPU_ISA=", 17) != 0 &&
		    strncmp(environ[i], "OMP_NUM_THREADS=", 16) != 0) {
			copy[kept++] = environ[i];
		}
	}
	if (copy) {
		copy[kept++] = isa;
		copy[kept] = threads;
	}
	return copy;
}

static pf_status start(struct attempt *attempt, pf_child *child, pf_error *error)
{
	char out[128], numbers[PF_KERNEL_PHOTOS][16];
	const char *arguments[10 + PF_KERNEL_PHOTOS] = {
		"valgrind",
		"-q",
		"--tool=callgrind",
		"--toggle-collect=" PF_KERNEL_FUNCTION,
		"--dump-after=" PF_KERNEL_FUNCTION,
		out,
		attempt->program,
		"kernel",
	};
	snprintf(out, sizeof out, "--callgrind-out-file=%s/out", attempt->folder);
	for (uint32_t i = 0; i < attempt->count; i++) {
		snprintf(numbers[i], sizeof numbers[i], "%u", attempt->photos[i]);
		arguments[8 + i] = numbers[i];
	}
	char **environment = kernel_environment();
	if (!environment) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	const pf_child_fd fds[] = {{-1, STDIN_FILENO},
				   {attempt->output_fd, STDOUT_FILENO},
				   {attempt->log_fd, STDERR_FILENO},
				   {attempt->config_fd, PF_KERNEL_FD_CONFIG},
				   {attempt->session->manifest_fd, PF_KERNEL_FD_MANIFEST}};
	const pf_child_order order = {.kind = PF_CHILD_COMMAND,
				      .program = "valgrind",
				      .arguments = (char *const *)arguments,
				      .environment = environment,
				      .fds = fds,
				      .fd_count = sizeof fds / sizeof *fds};
	pf_status status = pf_child_start(&order, child, error);
	free(environment);
	return status;
}

/* The last line of what was said, escaped. */
static void last_line(int fd, char *out, size_t capacity)
{
	char text[2049];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got = pread(fd, text, sizeof text - 1, size > 2048 ? size - 2048 : 0);
	text[got > 0 ? got : 0] = '\0';
	char *rest = NULL, *last = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		last = line;
	}
	pf_escape(last, out, capacity);
}

static void cannot_start(const pf_error *error, char why[PF_CALLGRIND_WHY])
{
	snprintf(why, PF_CALLGRIND_WHY, "valgrind cannot be started: %s%s",
		 error->sys_errno ? strerror(error->sys_errno) : error->message,
		 error->code == PF_ERR_NOT_FOUND ? " (Debian has it in the package valgrind)" : "");
}

/* Waits for its end, and kills it where that takes too long or the user has enough. */
static bool follow(const struct attempt *attempt, pf_child *child, char why[PF_CALLGRIND_WHY])
{
	uint64_t most_ns = (attempt->count + 1) * MOST_SECONDS * 1000000000ull;
	const char *stopped = NULL;
	pf_error error = {0};
	while (!pf_child_has_ended(child)) {
		poll(&(struct pollfd){.fd = child->life, .events = POLLIN}, 1, TICK_MS);
		if (!stopped && (pf_interrupts || pf_now_ns() - child->begin_ns > most_ns)) {
			stopped = pf_interrupts ? "stopped on request"
						: "it takes more than 10 minutes a photo";
			pf_child_stop(child, 0, true);
		}
	}
	pf_status status = pf_child_reap(child, &error);
	if (stopped) {
		snprintf(why, PF_CALLGRIND_WHY, "%s", stopped);
	} else if (status != PF_OK) {
		cannot_start(&error, why);
	} else if (!WIFEXITED(child->ending) || WEXITSTATUS(child->ending) != 0) {
		char said[200];
		last_line(attempt->log_fd, said, sizeof said);
		snprintf(why, PF_CALLGRIND_WHY, "the kernel failed under valgrind: %s", said);
	}
	return why[0] == '\0';
}

/* The scores that came of it, and how far they are from the reference's. */
static bool take_scores(const struct attempt *attempt, const pf_outcomes *reference, pf_callgrind *out)
{
	char text[1024];
	ssize_t got = pread(attempt->output_fd, text, sizeof text - 1, 0);
	text[got > 0 ? got : 0] = '\0';
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);
	for (uint32_t i = 0; i < out->count; i++, line = strtok_r(NULL, "\n", &rest)) {
		unsigned index;
		double score;
		if (!line || sscanf(line, "%u %la", &index, &score) != 2 || index != out->photos[i].index) {
			return false;
		}
		double difference = score - reference->photos[index].score.total;
		difference = difference < 0 ? -difference : difference;
		out->photos[i].score = score;
		out->largest_difference = difference > out->largest_difference ? difference
									       : out->largest_difference;
	}
	return true;
}

static void take_profiles(const struct attempt *attempt, const pf_outcomes *reference, pf_callgrind *out)
{
	pf_error error = {0};
	for (uint32_t i = 0; i < attempt->count; i++) {
		char path[96];
		pf_callgrind_profile profile;
		snprintf(path, sizeof path, "%s/out.%u", attempt->folder, i + 1);
		FILE *stream = fopen(path, "re");
		if (!stream || pf_callgrind_profile_read(stream, path, &profile, &error) != PF_OK) {
			snprintf(out->why, sizeof out->why, "callgrind's profile %s: %s", path,
				 stream ? error.message : strerror(errno));
		} else {
			pf_callgrind_add(out, &profile, attempt->photos[i]);
			pf_callgrind_profile_release(&profile);
		}
		if (stream) {
			fclose(stream);
		}
		if (out->why[0]) {
			return;
		}
	}
	if (!take_scores(attempt, reference, out)) {
		snprintf(out->why, sizeof out->why, "the kernel did not tell its scores under valgrind");
	}
}

void pf_callgrind_measure(const pf_session *session, const pf_outcomes *reference, pf_callgrind *out)
{
	struct attempt attempt = {.session = session, .config_fd = -1, .output_fd = -1, .log_fd = -1};
	*out = (pf_callgrind){0};
#ifdef PF_SANITIZED
	snprintf(out->why, sizeof out->why, "valgrind cannot run a build with sanitizers");
	(void)reference;
	(void)take_profiles;
	(void)follow;
	(void)start;
	(void)prepare;
	(void)clean;
	(void)attempt;
#else
	pf_child child;
	for (size_t i = 0; i < reference->count && attempt.count < PF_KERNEL_PHOTOS; i++) {
		if (reference->photos[i].done && reference->photos[i].status == PF_OK) {
			attempt.photos[attempt.count++] = (uint32_t)i;
		}
	}
	if (!attempt.count) {
		snprintf(out->why, sizeof out->why, "the reference scored no photo");
		return;
	}
	if (!prepare(&attempt)) {
		snprintf(out->why, sizeof out->why, "cannot set up the kernel's process: %s",
			 strerror(errno));
	} else {
		pf_error error = {0};
		if (start(&attempt, &child, &error) != PF_OK) {
			cannot_start(&error, out->why);
		} else if (follow(&attempt, &child, out->why)) {
			take_profiles(&attempt, reference, out);
		}
	}
	clean(&attempt);
#endif
}
