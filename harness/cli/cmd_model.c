/* model: what a network file holds, whether both backends compute the same, and how fast it is. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/machine/environment.h"
#include "harness/model/model_bench.h"
#include "harness/model/model_check.h"
#include "harness/registry/contained_run.h"
#include "photofinish/file.h"
#include "photofinish/network.h"
#include "photofinish/workspace.h"

#define DEFAULT_SHAPE \
	"1x3x288x384" /* where the file leaves dimensions open: the size of our own network's input */

static char *shape_text(const pf_shape *shape, char *out, size_t capacity)
{
	size_t used = 0;
	snprintf(out, capacity, "scalar");
	for (int32_t i = 0; i < shape->rank && used < capacity; i++) {
		used += (size_t)snprintf(out + used, capacity - used, "%s%lld", i ? "x" : "",
					 (long long)shape->dims[i]);
	}
	return out;
}

static bool parse_shape(const char *text, pf_shape *shape)
{
	shape->rank = 0;
	for (const char *at = text; shape->rank < PF_MAX_RANK;) {
		char *end;
		long long dim = strtoll(at, &end, 10);
		if (end == at || dim < 1 || dim > 1 << 20) {
			return false;
		}
		shape->dims[shape->rank++] = dim;
		if (!*end) {
			return true;
		}
		if (*end != 'x') {
			return false;
		}
		at = end + 1;
	}
	return false;
}

/* Loads with the shape given, else as the file says, else with our own network's shape; *bound says which was
 * needed. */
static pf_status load(const char *file, const char *shape, uint32_t constants_mib, pf_network **out,
		      const char **bound, pf_error *error)
{
	pf_network_options options;
	pf_network_binding binding = {0}; /* for every input */
	pf_network_options_default(&options);
	options.max_folded_bytes = (uint64_t)constants_mib << 20;
	*bound = shape;
	if (!shape) {
		pf_status status = pf_network_load(file, &options, out, error);
		if (status == PF_OK || status == PF_ERR_NOT_FOUND) {
			return status;
		}
	}
	if (!parse_shape(shape ? shape : DEFAULT_SHAPE, &binding.shape)) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--shape takes sides like 1x3x288x384, not \"%s\"",
			       shape);
	}
	pf_error with_shape;
	options.bindings = &binding;
	options.binding_count = 1;
	pf_status status = pf_network_load(file, &options, out, shape ? error : &with_shape);
	if (status == PF_OK) {
		*bound = shape ? shape : DEFAULT_SHAPE;
		return PF_OK;
	}
	return shape ? status : error->code; /* what was wrong without a shape says more */
}

static void print_tensors(const pf_network *network)
{
	static const bool left[4] = {false};
	pf_table *table = pf_table_create(4, left);
	for (int side = 0; side < 2; side++) {
		size_t count = side ? pf_network_output_count(network) : pf_network_input_count(network);
		for (size_t i = 0; i < count; i++) {
			const pf_network_tensor *tensor = side ? pf_network_output(network, i)
							       : pf_network_input(network, i);
			char name[256], shape[128];
			size_t used = (size_t)snprintf(shape, sizeof shape, "%s",
						       tensor->open_rows ? "at most " : "");
			shape_text(&tensor->shape, shape + used, sizeof shape - used);
			const char *cells[] = {side ? "output" : "input",
					       pf_escape(tensor->name, name, sizeof name),
					       pf_type_name(tensor->type), shape};
			pf_table_row(table, cells, 4);
		}
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
}

/* Which backend runs how many nodes of each operator. */
static pf_status print_operators(const pf_network *network, const char *backend, pf_error *error)
{
	static const bool right[5] = {false, true, true, true, false};
	static const char *const heads[] = {"operator", "nodes", "parameters", "MMAC", "run by"};
	pf_workspace *workspace = NULL;
	size_t count = pf_network_node_count(network);
	pf_status status = pf_workspace_create(network, backend, 0, &workspace, error);
	bool *shown = calloc(count + 1, sizeof *shown);
	if (status != PF_OK || !shown) {
		free(shown);
		return status;
	}
	pf_table *table = pf_table_create(5, right);
	pf_table_row(table, heads, 5);
	for (size_t i = 0; i < count; i++) {
		pf_network_node node, other;
		size_t nodes = 0;
		uint64_t parameters = 0, macs = 0;
		char columns[3][32];
		pf_network_node_get(network, i, &node);
		const char *runner = pf_workspace_node_backend(workspace, i);
		for (size_t k = i; k < count && !shown[i]; k++) {
			pf_network_node_get(network, k, &other);
			if (!strcmp(node.operator, other.operator) &&
			    !strcmp(runner, pf_workspace_node_backend(workspace, k))) {
				nodes++;
				parameters += other.parameters;
				macs += other.macs;
				shown[k] = k != i;
			}
		}
		if (!shown[i]) {
			snprintf(columns[0], sizeof columns[0], "%zu", nodes);
			snprintf(columns[1], sizeof columns[1], "%llu", (unsigned long long)parameters);
			snprintf(columns[2], sizeof columns[2], "%.1f", (double)macs * 1e-6);
			const char *cells[] = {node.operator, columns[0], columns[1], columns[2], runner};
			pf_table_row(table, cells, 5);
		}
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
	free(shown);
	pf_workspace_destroy(workspace);
	return PF_OK;
}

static int info(const char *file, const pf_network *network, const char *bound, const char *backend)
{
	pf_network_stats stats;
	pf_error error = {0};
	char name[512], bytes[PF_TEXT];
	pf_network_stats_get(network, &stats);
	printf("%s: %.2f M parameters (%s), %.3f GMAC a run, opset %lld\n",
	       pf_escape(file, name, sizeof name), (double)stats.parameters * 1e-6,
	       pf_text_bytes((double)stats.constant_bytes, bytes), (double)stats.macs * 1e-9,
	       (long long)stats.opset);
	printf("%zu nodes in the file, %zu after folding and fusing%s%s\n\n", stats.file_nodes, stats.nodes,
	       bound ? "; open dimensions bound to " : "", bound ? bound : "");
	print_tensors(network);
	printf("\nOn %s:\n", backend);
	return print_operators(network, backend, &error) == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}

/* The backend that is not the plain one, or NULL. */
static const char *fast_backend(void)
{
	for (size_t i = 0; pf_network_backend(i); i++) {
		if (strcmp(pf_network_backend(i), "plain") != 0) {
			return pf_network_backend(i);
		}
	}
	return NULL;
}

static int check(const pf_network *network, uint64_t seed, double limit)
{
	static const bool right[4] = {true, false, false, true};
	static const char *const heads[] = {"node", "operator", "name", "largest relative difference"};
	pf_error error = {0};
	pf_model_check result;
	size_t count = pf_network_node_count(network);
	double *differences = calloc(count + 1, sizeof *differences);
	if (!differences || pf_model_check_run(network, "plain", fast_backend(), seed, differences, &result,
					       &error) != PF_OK) {
		free(differences);
		return pf_report_error(&error);
	}
	pf_table *table = pf_table_create(4, right);
	pf_table_row(table, heads, 4);
	for (size_t i = 0; i < count; i++) {
		pf_network_node node;
		char number[24], name[256], difference[32];
		pf_network_node_get(network, i, &node);
		snprintf(number, sizeof number, "%zu", i);
		snprintf(difference, sizeof difference, "%.2g", differences[i]);
		const char *cells[] = {number, node.operator, pf_escape(node.name, name, sizeof name),
				       difference};
		pf_table_row(table, cells, 4);
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
	free(differences);
	bool good = result.largest <= limit;
	printf("\n"
	       "%s: the backends plain and %s differ by at most %.2g of a node's largest value (limit %.2g), "
	       "seed %llu\n",
	       good ? "equal" : "DIFFERENT", fast_backend(), result.largest, limit, (unsigned long long)seed);
	return good ? PF_EXIT_OK : PF_EXIT_FAIL;
}

static int bench(const pf_network *network, const char *backend, uint32_t rounds)
{
	pf_error error = {0};
	pf_model_bench result;
	char text[PF_TEXT];
	if (pf_build_check_timing(&error) != PF_OK ||
	    pf_model_bench_run(network, backend, rounds, &result, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	printf("one run on %s, one core: %s (%u rounds, 95 %% t-interval)\n", backend,
	       pf_text_time(&result.network_s, text), rounds);
	printf("rate: %.1f GFLOP/s; one large 3x3 convolution in the same rounds: %.1f GFLOP/s\n",
	       result.network_flops.mean * 1e-9, result.best_flops.mean * 1e-9);
	printf("share of that best rate: %.1f %% (%.1f to %.1f)\n", 100 * result.share.mean,
	       100 * result.share.low, 100 * result.share.high);
	return PF_EXIT_OK;
}

/* What was asked for. */
struct request {
	const char *action, *file, *shape, *backend;
	uint64_t seed;
	uint32_t rounds, constants_mib;
	double limit;
};

/* In a contained process: all that touches the file, up to what is printed. */
static int act(void *context)
{
	const struct request *request = context;
	pf_error error = {0};
	pf_network *network = NULL;
	const char *bound;
	if (load(request->file, request->shape, request->constants_mib, &network, &bound, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	int code = strcmp(request->action, "info") == 0
			   ? info(request->file, network, bound, request->backend)
		   : strcmp(request->action, "check") == 0
			   ? check(network, request->seed, request->limit)
			   : bench(network, request->backend, request->rounds);
	pf_network_free(network);
	return pf_flush_output(code);
}

int pf_cmd_model(const pf_command *command, int argc, char **argv)
{
	struct request request = {.backend = fast_backend() ? fast_backend() : "plain",
				  .seed = 1,
				  .rounds = 10,
				  .constants_mib = 64,
				  .limit = 1e-4};
	const pf_arg table[] = {
		{"shape", 0, PF_ARG_TEXT, &request.shape, "DIMS",
		 "of the input, where the file leaves it open (1x3x288x384)"},
		{"backend", 0, PF_ARG_TEXT, &request.backend, "NAME",
		 "plain or onednn (default: onednn where it is built in)"},
		{"seed", 0, PF_ARG_SEED, &request.seed, "N", "check: of the random inputs (default: 1)"},
		{"limit", 0, PF_ARG_NUMBER, &request.limit, "X",
		 "check: largest relative difference allowed (default: 1e-4)", 0, 1},
		{"max-constants", 0, PF_ARG_COUNT, &request.constants_mib, "MIB",
		 "memory of constants computed while loading, up to 256 (default: 64)", 1, 256},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R", "bench: rounds (default: 10)", 2, 10000},
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	bool is_info = !strcmp(operands[0], "info"), is_check = !strcmp(operands[0], "check");
	if (!is_info && !is_check && strcmp(operands[0], "bench") != 0) {
		return pf_usage_error(command, "there is no \"model %s\"", operands[0]);
	}
	if (is_check && !fast_backend()) {
		return pf_usage_error(command, "only one backend was built in: there is nothing to compare");
	}
	request.action = operands[0];
	request.file = operands[1];
	pf_error error = {0};
	bool devices = strcmp(request.backend, "plain") != 0 && strcmp(request.backend, "onednn") != 0;
	return pf_contained_run(request.file, devices, act, &request, &code, &error) == PF_OK
		       ? code
		       : pf_report_error(&error);
}
