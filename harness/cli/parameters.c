#include "harness/cli/parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/enough.h"

static void add_value(pf_parameter *parameter, char *value)
{
	parameter->values = pf_enough(realloc(parameter->values, (parameter->count + 1) * sizeof(char *)));
	parameter->values[parameter->count++] = value;
}

/* NULL: the name is wrong, or there are too many. */
static pf_parameter *begin(pf_parameters *parameters, const char *name, pf_error *error)
{
	bool known = false;
	for (size_t i = 0; i < parameters->count; i++) {
		known = known || strcmp(parameters->list[i].name, name) == 0;
	}
	if (!name[0] || strpbrk(name, "{} \t")) {
		pf_fail(error, PF_ERR_USAGE, NULL, "\"%s\" cannot be a parameter's name", name);
	} else if (known) {
		pf_fail(error, PF_ERR_USAGE, NULL, "parameter %s is given twice", name);
	} else if (parameters->count == PF_PARAMETERS_MOST) {
		pf_fail(error, PF_ERR_USAGE, NULL, "more than %d parameters", PF_PARAMETERS_MOST);
	} else {
		pf_parameter *parameter = &parameters->list[parameters->count++];
		*parameter = (pf_parameter){.name = pf_enough(strdup(name))};
		return parameter;
	}
	return NULL;
}

/* VALUE,VALUE,...: empty ones are values, too. */
static void take_list(pf_parameter *parameter, const char *text)
{
	for (;;) {
		char *value = pf_enough(malloc(strlen(text) + 1)), *end = value;
		while (*text && *text != ',') {
			text += text[0] == '\\' && (text[1] == ',' || text[1] == '\\');
			*end++ = *text++;
		}
		*end = '\0';
		add_value(parameter, value);
		if (*text++ != ',') {
			return;
		}
	}
}

/* A decimal number and its decimals; no exponents, which have none that could be counted. */
static bool read_number(const char *text, double *number, int *decimals)
{
	char *end;
	const char *point = strchr(text, '.');
	size_t length = strlen(text);
	if (!length || length > 15 || strspn(text, "+-.0123456789") != length) {
		return false;
	}
	*number = strtod(text, &end);
	int own = point ? (int)strlen(point + 1) : 0;
	*decimals = own > *decimals ? own : *decimals;
	return !*end && end != text;
}

static pf_status take_scan(pf_parameter *parameter, const char *first, const char *last, const char *step,
			   pf_error *error)
{
	double low, high, width;
	int decimals = 0;
	if (!read_number(first, &low, &decimals) || !read_number(last, &high, &decimals)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "a scan goes from one number to another, not %s to %s", first, last);
	}
	if (!read_number(step, &width, &decimals) || width <= 0) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "a scan's step is a number above 0, not %s", step);
	}
	/* Counted, not added up: 0.1 ten times is not 1. Half a unit of the last decimal is no step. */
	double steps = floor((high - low) / width + 0.5 * pow(10, -decimals) / width);
	if (steps < 0 || steps >= PF_BENCH_MOST) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "the scan from %s to %s by %s has %s values", first,
			       last, step, steps < 0 ? "no" : "too many");
	}
	for (int i = 0; i <= (int)steps; i++) {
		char text[64];
		double value = low + i * width;
		snprintf(text, sizeof text, "%.*f", decimals, value == 0 ? 0.0 : value);
		add_value(parameter, pf_enough(strdup(text)));
	}
	return PF_OK;
}

pf_status pf_parameters_parse(const pf_texts *scans, const pf_texts *steps, const pf_texts *lists,
			      pf_parameters *out, pf_error *error)
{
	pf_status status = PF_OK;
	*out = (pf_parameters){0};
	if (steps->count > scans->count / 3) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "more steps than scans");
	}
	for (size_t i = 0; i < scans->count && status == PF_OK; i += 3) {
		const char *const *scan = scans->texts + i;
		pf_parameter *parameter = begin(out, scan[0], error);
		status = parameter ? take_scan(parameter, scan[1], scan[2],
					       i / 3 < steps->count ? steps->texts[i / 3] : "1", error)
				   : PF_ERR_USAGE;
	}
	for (size_t i = 0; i < lists->count && status == PF_OK; i += 2) {
		pf_parameter *parameter = begin(out, lists->texts[i], error);
		if (parameter) {
			take_list(parameter, lists->texts[i + 1]);
		} else {
			status = PF_ERR_USAGE;
		}
	}
	return status;
}

void pf_parameters_free(pf_parameters *parameters)
{
	for (size_t i = 0; i < parameters->count; i++) {
		for (size_t k = 0; k < parameters->list[i].count; k++) {
			free(parameters->list[i].values[k]);
		}
		free(parameters->list[i].values);
		free(parameters->list[i].name);
	}
	*parameters = (pf_parameters){0};
}

size_t pf_parameters_combinations(const pf_parameters *parameters)
{
	size_t combinations = 1;
	for (size_t i = 0; i < parameters->count && combinations <= PF_BENCH_MOST; i++) {
		combinations *= parameters->list[i].count;
	}
	return combinations;
}

void pf_parameters_take(const pf_parameters *parameters, size_t combination,
			pf_bench_parameter out[PF_PARAMETERS_MOST])
{
	for (size_t i = 0; i < parameters->count; i++) {
		const pf_parameter *parameter = &parameters->list[i];
		out[i] = (pf_bench_parameter){parameter->name,
					      parameter->values[combination % parameter->count]};
		combination /= parameter->count;
	}
}

/* The parameter whose {NAME} begins at `text`, or NULL. */
static const pf_bench_parameter *named_at(const char *text, const pf_bench_parameter *values, size_t count)
{
	for (size_t i = 0; text[0] == '{' && i < count; i++) {
		size_t length = strlen(values[i].name);
		if (strncmp(text + 1, values[i].name, length) == 0 && text[1 + length] == '}') {
			return &values[i];
		}
	}
	return NULL;
}

char *pf_parameters_put(const char *text, const pf_bench_parameter *values, size_t count)
{
	char *out = NULL;
	size_t size;
	FILE *stream = pf_enough(open_memstream(&out, &size));
	while (*text) {
		const pf_bench_parameter *parameter = named_at(text, values, count);
		if (parameter) {
			fputs(parameter->value, stream);
			text += strlen(parameter->name) + 2;
		} else {
			fputc(*text++, stream);
		}
	}
	fclose(stream);
	return pf_enough(out);
}

/* One word from *at on, into `out`; moves *at behind it. False where a quote is open. */
static bool take_word(const char **at, char *out)
{
	char quote = 0;
	const char *text = *at;
	for (; *text && (quote || !strchr(" \t\n", *text)); text++) {
		if (quote ? *text == quote : *text == '"' || *text == '\'') {
			quote = quote ? '\0' : *text;
		} else if (*text == '\\' && quote != '\'' && text[1] &&
			   (!quote || strchr("\"\\$`", text[1]))) {
			*out++ = *++text;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
	*at = text;
	return !quote;
}

char **pf_split_words(const char *line)
{
	size_t count = 0, room = strlen(line) + 1;
	char **words = pf_enough(calloc(room + 1, sizeof *words));
	bool good = true;
	while (good) {
		line += strspn(line, " \t\n");
		if (!*line) {
			break;
		}
		words[count] = pf_enough(malloc(room));
		good = take_word(&line, words[count++]);
	}
	if (!good || count == 0) {
		pf_free_words(words);
		return NULL;
	}
	return words;
}

void pf_free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++) {
		free(words[i]);
	}
	free(words);
}
