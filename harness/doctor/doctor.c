#include "harness/doctor/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/doctor/finding.h"
#include "harness/machine/environment.h"

#define PF_FINDING_NAME(constant, name, why) name,
static const char *const names[] = {PF_FINDING_LIST(PF_FINDING_NAME)};
#define PF_FINDING_WHY(constant, name, why) why,
static const char *const whys[] = {PF_FINDING_LIST(PF_FINDING_WHY)};
#define PF_FINDING_STATUS_WORD(constant, word) word,
static const char *const words[] = {PF_FINDING_STATUS_LIST(PF_FINDING_STATUS_WORD)};

const char *pf_finding_name(pf_finding_id id)
{
	return names[id];
}

const char *pf_finding_why(pf_finding_id id)
{
	return whys[id];
}

const char *pf_finding_status_word(pf_finding_status status)
{
	return words[status];
}

bool pf_finding_line(const struct pf_doctor *doctor, const char *path, char *out, size_t capacity)
{
	char whole[PATH_MAX];
	snprintf(whole, sizeof whole, "%s%s", doctor->root, path);
	FILE *file = fopen(whole, "re");
	bool got = file && fgets(out, (int)capacity, file);
	int why = errno;
	if (file) {
		why = got ? 0 : ENODATA;
		fclose(file);
	}
	errno = why;
	if (got) {
		out[strcspn(out, "\n")] = '\0';
	}
	return got;
}

bool pf_finding_number(const struct pf_doctor *doctor, const char *path, long long *out)
{
	char line[64];
	return pf_finding_line(doctor, path, line, sizeof line) && sscanf(line, "%lld", out) == 1;
}

bool pf_finding_exists(const struct pf_doctor *doctor, const char *path)
{
	char whole[PATH_MAX];
	snprintf(whole, sizeof whole, "%s%s", doctor->root, path);
	return access(whole, F_OK) == 0;
}

pf_finding *pf_finding_say(struct pf_doctor *doctor, pf_finding_id id, pf_finding_status status,
			   const char *format, ...)
{
	pf_finding *finding = &doctor->findings[id];
	va_list arguments;
	finding->status = status;
	va_start(arguments, format);
	vsnprintf(finding->read, sizeof finding->read, format, arguments);
	va_end(arguments);
	return finding;
}

void pf_finding_mend(pf_finding *finding, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(finding->mend, sizeof finding->mend, format, arguments);
	va_end(arguments);
}

void pf_finding_unreadable(struct pf_doctor *doctor, pf_finding_id id, const char *path, const char *absent)
{
	int why = errno;
	pf_finding_say(doctor, id, PF_FINDING_UNREADABLE, "%s: %s", path,
		       why == ENOENT && absent ? absent : strerror(why));
}

static void judge_build(struct pf_doctor *doctor)
{
	pf_environment environment;
	pf_environment_read(&environment);
	const char *unfit = pf_build_unfit_for_timing();
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_BUILD,
					     unfit ? PF_FINDING_SPOILS : PF_FINDING_OK, "%s build%s%s",
					     environment.build_type, unfit ? ": " : "", unfit ? unfit : "");
	if (unfit) {
		pf_finding_mend(finding, "cmake --preset release && cmake --build build");
	}
}

void pf_doctor_ask(const pf_doctor_question *question, pf_finding findings[PF_FINDING_COUNT])
{
	struct pf_doctor doctor = {
		.root = question->root ? question->root : "",
		.folder = question->folder,
		.allowed = pf_cpus_allowed(),
		.look_s = question->look_s,
		.findings = findings,
	};
	doctor.processors = pf_cpus_count(&doctor.allowed);
	memset(findings, 0, PF_FINDING_COUNT * sizeof *findings);
	judge_build(&doctor);
	pf_findings_of_neighbours(&doctor);
	pf_findings_of_processors(&doctor);
	pf_findings_of_memory(&doctor);
	pf_findings_of_devices(&doctor);
}
