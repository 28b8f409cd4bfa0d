/* pprof's protobuf, written field by field, in gzip with stored blocks: no library is needed for either. */
#include <stdlib.h>
#include <string.h>

#include "harness/profile/profile_files.h"
#include "photofinish/stage.h"

struct bytes {
	unsigned char *data;
	size_t count, capacity;
	bool failed;
};

static void put_bytes(struct bytes *to, const void *data, size_t count)
{
	if (to->count + count > to->capacity) {
		size_t wanted = 2 * to->capacity + count + 64;
		unsigned char *grown = realloc(to->data, wanted);
		if (!grown) {
			to->failed = true;
			return;
		}
		to->data = grown;
		to->capacity = wanted;
	}
	if (count) {
		memcpy(to->data + to->count, data, count);
	}
	to->count += count;
}

static void put_varint(struct bytes *to, uint64_t value)
{
	unsigned char text[10];
	size_t count = 0;
	do {
		text[count++] = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
		value >>= 7;
	} while (value);
	put_bytes(to, text, count);
}

static void put_number(struct bytes *to, unsigned field, uint64_t value)
{
	put_varint(to, (uint64_t)field << 3);
	put_varint(to, value);
}

static void put_field(struct bytes *to, unsigned field, const void *data, size_t count)
{
	put_varint(to, (uint64_t)field << 3 | 2);
	put_varint(to, count);
	put_bytes(to, data, count);
}

/* A message within another; it is emptied for the next one. */
static void put_message(struct bytes *to, unsigned field, struct bytes *message)
{
	put_field(to, field, message->data, message->count);
	to->failed = to->failed || message->failed;
	message->count = 0;
}

/* The string table: what is not there yet is added. */
struct strings {
	const char **list;
	size_t count, capacity;
	bool failed;
};

static uint64_t string_index(struct strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (strcmp(strings->list[i], text) == 0) {
			return i;
		}
	}
	if (strings->count == strings->capacity) {
		size_t wanted = 2 * strings->capacity + 64;
		const char **grown = reallocarray(strings->list, wanted, sizeof *grown);
		if (!grown) {
			strings->failed = true;
			return 0;
		}
		strings->list = grown;
		strings->capacity = wanted;
	}
	strings->list[strings->count] = text;
	return strings->count++;
}

static void put_label(struct bytes *sample, struct strings *strings, const char *key, const char *value)
{
	struct bytes label = {0};
	put_number(&label, 1, string_index(strings, key));
	put_number(&label, 2, string_index(strings, value));
	put_message(sample, 3, &label);
	free(label.data);
}

static void put_type(struct bytes *to, struct strings *strings, unsigned field, const char *type,
		     const char *unit)
{
	struct bytes message = {0};
	put_number(&message, 1, string_index(strings, type));
	put_number(&message, 2, string_index(strings, unit));
	put_message(to, field, &message);
	free(message.data);
}

static void put_sample(struct bytes *to, struct strings *strings, const pf_profile *profile,
		       const pf_stack *stack, const char *worker)
{
	struct bytes sample = {0}, packed = {0};
	const uint64_t *words = pf_stack_words(&profile->stacks, stack);
	const char *stage = pf_profile_stage_name(profile, stack),
		   *part = pf_profile_part_name(profile, stack);
	for (uint32_t i = 0; i < stack->frames; i++) {
		put_varint(&packed, words[i] + 1);
	}
	put_message(&sample, 1, &packed);
	put_varint(&packed, stack->count);
	put_varint(&packed, stack->count * (1000000000u / profile->hz));
	put_message(&sample, 2, &packed);
	if (stage) {
		put_label(&sample, strings, "stage", stage);
		put_label(&sample, strings, "variant", profile->label);
		put_label(&sample, strings, "worker", worker);
	}
	if (part) {
		put_label(&sample, strings, "part", part);
	}
	put_message(to, 2, &sample);
	free(sample.data);
	free(packed.data);
}

/* A program: pprof takes the first mapping for what was profiled. */
static bool is_program(const char *object)
{
	return object[0] == '/' && !strstr(object, ".so");
}

static void put_mapping(struct bytes *to, struct strings *strings, uint64_t number, const char *object)
{
	struct bytes message = {0};
	put_number(&message, 1, number);
	put_number(&message, 5, string_index(strings, object));
	put_number(&message, 7, 1); /* has_functions */
	put_message(to, 3, &message);
	free(message.data);
}

/* Numbers of the functions' objects; the caller frees. */
static uint64_t *put_mappings(struct bytes *to, struct strings *strings, const pf_profile *profile)
{
	uint64_t *mapping = calloc(profile->function_count + 1, sizeof *mapping), count = 0;
	for (int programs = 1; mapping && programs >= 0; programs--) {
		for (size_t i = 0; i < profile->function_count; i++) {
			const char *object = profile->functions[i].object;
			if (is_program(object) != (programs == 1)) {
				continue;
			}
			for (size_t k = 0; k < i && !mapping[i]; k++) {
				bool same = strcmp(profile->functions[k].object, object) == 0;
				mapping[i] = same ? mapping[k] : 0;
			}
			if (!mapping[i]) {
				mapping[i] = ++count;
				put_mapping(to, strings, count, object);
			}
		}
	}
	return mapping;
}

/* A location for each function: addresses say nothing any more. */
static void put_functions(struct bytes *to, struct strings *strings, const pf_profile *profile)
{
	struct bytes message = {0}, line = {0};
	uint64_t *mapping = put_mappings(to, strings, profile);
	for (size_t i = 0; mapping && i < profile->function_count; i++) {
		put_number(&message, 1, i + 1);
		put_number(&message, 2, mapping[i]);
		put_number(&line, 1, i + 1);
		put_message(&message, 4, &line);
		put_message(to, 4, &message);
		put_number(&message, 1, i + 1);
		put_number(&message, 2, string_index(strings, profile->functions[i].name));
		put_number(&message, 3, string_index(strings, profile->functions[i].name));
		put_number(&message, 4, string_index(strings, profile->functions[i].object));
		put_message(to, 5, &message);
	}
	to->failed = to->failed || !mapping;
	free(mapping);
	free(message.data);
	free(line.data);
}

static uint32_t crc32_of(const unsigned char *data, size_t count)
{
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < count; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		}
	}
	return ~crc;
}

/* RFC 1952, with RFC 1951's stored blocks. */
static void write_gzip(const struct bytes *from, FILE *stream)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
	uint32_t tail[2] = {crc32_of(from->data, from->count), (uint32_t)from->count};
	fwrite(head, 1, sizeof head, stream);
	size_t at = 0;
	do {
		size_t count = from->count - at < 65535 ? from->count - at : 65535;
		unsigned char block[5] = {at + count == from->count, count & 255, (unsigned char)(count >> 8),
					  ~count & 255, (unsigned char)(~count >> 8 & 255)};
		fwrite(block, 1, sizeof block, stream);
		fwrite(from->data + at, 1, count, stream);
		at += count;
	} while (at < from->count);
	for (int i = 0; i < 8; i++) {
		fputc((int)(tail[i / 4] >> 8 * (i % 4) & 255), stream);
	}
}

/* Names of workers as labels have them; the caller frees. */
static char **worker_names(const pf_profile *profile, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < profile->stacks.count; i++) {
		uint16_t worker = profile->stacks.stacks[i].worker;
		*count = worker != PF_STACK_NO_WORKER && worker >= *count ? worker + 1u : *count;
	}
	char **names = calloc(*count + 1, sizeof *names);
	for (size_t i = 0; names && i < *count; i++) {
		if (asprintf(&names[i], "%zu", i) < 0) {
			names[i] = NULL;
		}
	}
	return names;
}

pf_status pf_profile_write_pprof(const pf_profile *profile, FILE *stream, pf_error *error)
{
	struct bytes all = {0};
	struct strings strings = {0};
	size_t workers;
	char **names = worker_names(profile, &workers);
	string_index(&strings, "");
	put_type(&all, &strings, 1, "samples", "count");
	put_type(&all, &strings, 1, "cpu", "nanoseconds");
	for (size_t i = 0; names && i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		const char *worker = stack->worker < workers && names[stack->worker] ? names[stack->worker]
										     : "none";
		put_sample(&all, &strings, profile, stack, worker);
	}
	put_functions(&all, &strings, profile);
	put_type(&all, &strings, 11, "cpu", "nanoseconds");
	put_number(&all, 10, profile->wall_ns);
	put_number(&all, 12, 1000000000u / profile->hz);
	put_number(&all, 13, string_index(&strings, profile->method));
	for (size_t i = 0; i < strings.count; i++) {
		put_field(&all, 6, strings.list[i], strlen(strings.list[i]));
	}
	bool failed = all.failed || strings.failed || !names;
	if (!failed) {
		write_gzip(&all, stream);
	}
	for (size_t i = 0; i < workers && names; i++) {
		free(names[i]);
	}
	free(names);
	free(strings.list);
	free(all.data);
	if (failed) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	return fflush(stream) || ferror(stream) ? pf_fail_errno(error, NULL, "cannot write the profile")
						: PF_OK;
}
