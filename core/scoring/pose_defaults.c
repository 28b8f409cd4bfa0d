/* The network that comes with photofinish, and what runs it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/scoring/pose_estimator.h"
#include "photofinish/file.h"
#include "photofinish/workspace.h"

#ifndef PF_POSE_MODEL
#define PF_POSE_MODEL ""
#endif

const char *pf_pose_default_model(void)
{
	static _Thread_local char path[512];
	pf_data_file("models/pose.onnx", PF_POSE_MODEL, path, sizeof path);
	return pf_network_backend(0) && !pf_file_is_absent(path) ? path : "";
}

const char *pf_pose_file_problem(const char *file, char *out, size_t capacity)
{
	struct stat info;
	char name[200];
	pf_escape(file, name, sizeof name);
	out[0] = '\0';
	if (pf_file_is_absent(file)) {
		snprintf(out, capacity, "the pose network is missing: %s", name);
	} else if (access(file, R_OK) != 0 || stat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
		snprintf(out, capacity, "the pose network cannot be read: %s", name);
	}
	return out;
}

const char *pf_pose_default_problem(char *out, size_t capacity)
{
	char path[512];
	if (!pf_network_backend(0)) {
		snprintf(out, capacity, "networks are not built in");
		return out;
	}
	pf_data_file("models/pose.onnx", PF_POSE_MODEL, path, sizeof path);
	return pf_pose_file_problem(path, out, capacity);
}

const char *pf_pose_backend_version(const char *backend)
{
	for (size_t i = 0; pf_network_backend(i); i++) {
		if (strcmp(pf_network_backend(i), backend) == 0) {
			return pf_network_backend_version(i);
		}
	}
	return "no backend";
}

const char *pf_pose_default_backend(void)
{
	return strcmp(pf_pose_backend_version("onednn"), "no backend") == 0 ? "plain" : "onednn";
}
