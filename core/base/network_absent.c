/* In place of core/nn where what it needs was not there at build time: nothing loads. */
#include "photofinish/network.h"
#include "photofinish/workspace.h"

void pf_network_options_default(pf_network_options *options)
{
	*options = (pf_network_options){0};
}

static pf_status absent(const char *file, pf_error *error)
{
	return pf_fail(error, PF_ERR_UNAVAILABLE, file,
		       "networks were left out of this build (see its configuration)");
}

pf_status pf_network_load(const char *file, const pf_network_options *options, pf_network **out,
			  pf_error *error)
{
	(void)options;
	(void)out;
	return absent(file, error);
}

pf_status pf_network_load_memory(const void *bytes, size_t size, const char *name,
				 const pf_network_options *options, pf_network **out, pf_error *error)
{
	(void)bytes;
	(void)size;
	(void)options;
	(void)out;
	return absent(name, error);
}

const char *pf_network_bytes_problem(const char *model_file)
{
	(void)model_file;
	return "networks were left out of this build";
}

const char *pf_network_backend(size_t index)
{
	(void)index;
	return NULL;
}

/* No network ever exists, so none of what follows is ever called; it is there to be linked. */
void pf_network_free(pf_network *network)
{
	(void)network;
}

size_t pf_network_input_count(const pf_network *network)
{
	(void)network;
	return 0;
}

size_t pf_network_output_count(const pf_network *network)
{
	(void)network;
	return 0;
}

const pf_network_tensor *pf_network_input(const pf_network *network, size_t index)
{
	(void)network;
	(void)index;
	return NULL;
}

const pf_network_tensor *pf_network_output(const pf_network *network, size_t index)
{
	(void)network;
	(void)index;
	return NULL;
}

void pf_network_stats_get(const pf_network *network, pf_network_stats *stats)
{
	(void)network;
	*stats = (pf_network_stats){0};
}

size_t pf_network_node_count(const pf_network *network)
{
	(void)network;
	return 0;
}

void pf_network_node_get(const pf_network *network, size_t index, pf_network_node *node)
{
	(void)network;
	(void)index;
	*node = (pf_network_node){0};
}

pf_status pf_workspace_create(const pf_network *network, const char *backend, unsigned flags,
			      pf_workspace **out, pf_error *error)
{
	(void)network;
	(void)backend;
	(void)flags;
	(void)out;
	return absent(NULL, error);
}

void pf_workspace_destroy(pf_workspace *workspace)
{
	(void)workspace;
}

void *pf_workspace_input(pf_workspace *workspace, size_t index)
{
	(void)workspace;
	(void)index;
	return NULL;
}

int64_t pf_workspace_output_rows(const pf_workspace *workspace, size_t index)
{
	(void)workspace;
	(void)index;
	return 0;
}

const void *pf_workspace_output(const pf_workspace *workspace, size_t index)
{
	(void)workspace;
	(void)index;
	return NULL;
}

pf_status pf_workspace_run(pf_workspace *workspace, pf_error *error)
{
	(void)workspace;
	return absent(NULL, error);
}

void pf_workspace_profile(pf_workspace *workspace, pf_node_time *times)
{
	(void)workspace;
	(void)times;
}

const char *pf_workspace_node_backend(const pf_workspace *workspace, size_t index)
{
	(void)workspace;
	(void)index;
	return "";
}

uint64_t pf_workspace_arena_bytes(const pf_workspace *workspace)
{
	(void)workspace;
	return 0;
}

pf_status pf_workspace_read_node(pf_workspace *workspace, size_t index, size_t output, void *out,
				 size_t bytes, pf_error *error)
{
	(void)workspace;
	(void)index;
	(void)output;
	(void)out;
	(void)bytes;
	return absent(NULL, error);
}

const char *pf_type_name(pf_type type)
{
	(void)type;
	return "?";
}

size_t pf_type_bytes(pf_type type)
{
	(void)type;
	return 0;
}

int64_t pf_shape_elements(const pf_shape *shape)
{
	(void)shape;
	return 0;
}

const char *pf_network_backend_version(size_t index)
{
	(void)index;
	return NULL;
}
