/* The finding on the GPU: a machine without one is fine; one whose device cannot be used is told what is
 * missing. And what the kernel has to contain processes. */
#include <stdio.h>

#include "harness/doctor/finding.h"
#include "photofinish/containment.h"
#include "photofinish/file.h"
#include "photofinish/gpu.h"

enum { TEXT = 64, NAME = 4 * sizeof((pf_gpu_facts *)0)->name + 1 };

/* "13.0"; of cuDNN, whose major version is counted in 10,000s, "9.19". */
static const char *version_text(int version, int major, char out[TEXT])
{
	snprintf(out, TEXT, "%d.%d", version / major, version % major / (major / 100));
	return out;
}

static void say_what_is_missing(struct pf_doctor *doctor, const pf_gpu_facts *facts)
{
	if (!facts->node && !facts->devices) {
		pf_finding_say(doctor, PF_FINDING_GPU, PF_FINDING_OK, "none: %s", facts->why_not);
		return;
	}
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_GPU, PF_FINDING_ADVICE,
					     "there is a device, but: %s", facts->why_not);
	if (!facts->built_in) {
		pf_finding_mend(
			finding,
			"install the CUDA Toolkit and cuDNN 9, then configure again with -DPHOTOFINISH_CUDA=ON");
	} else if (!facts->driver) {
		pf_finding_mend(finding, "install NVIDIA's driver");
	} else if (facts->driver < facts->least_driver) {
		pf_finding_mend(finding, "install a newer driver, or build with an older CUDA Toolkit");
	} else if (!facts->cudnn) {
		pf_finding_mend(finding, "install cuDNN 9 where the loader finds it (LD_LIBRARY_PATH)");
	} else {
		pf_finding_mend(finding,
				"look whether nvidia-smi sees the device, and who may open /dev/nvidia0");
	}
}

static void judge_gpu(struct pf_doctor *doctor)
{
	pf_gpu_facts facts;
	char cuda[TEXT], cudnn[TEXT], name[NAME];
	pf_gpu_look(&facts);
	if (facts.why_not[0]) {
		say_what_is_missing(doctor, &facts);
		return;
	}
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_GPU, facts.nvrtc ? PF_FINDING_OK : PF_FINDING_ADVICE,
		"%s, compute capability %d.%d, driver for CUDA %s, cuDNN %s%s",
		pf_escape(facts.name, name, sizeof name), facts.major, facts.minor,
		version_text(facts.driver, 1000, cuda), version_text(facts.cudnn, 10000, cudnn),
		facts.nvrtc ? "" : ", no libnvrtc: activations beside ReLU are kernels of their own");
	if (!facts.nvrtc) {
		pf_finding_mend(finding, "install the CUDA Toolkit's libnvrtc");
	}
}

/* Signals are kept inside since ABI 6. */
static void judge_containment(struct pf_doctor *doctor)
{
	enum { KEEPS_SIGNALS = 6 };
	pf_containment able;
	char text[PF_CONTAINMENT_TEXT];
	pf_containment_look(&able);
	bool good = able.seccomp && able.landlock >= KEEPS_SIGNALS;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_CONTAINMENT,
					     good ? PF_FINDING_OK : PF_FINDING_ADVICE, "%s",
					     pf_containment_text(&able, text));
	if (!good) {
		pf_finding_mend(
			finding,
			"a kernel with seccomp filters and Landlock (lsm=landlock,...), 6.12 or newer");
	}
}

void pf_findings_of_devices(struct pf_doctor *doctor)
{
	judge_gpu(doctor);
	judge_containment(doctor);
}
