#include "harness/profile/symbols.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef PF_WITH_DW
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>
#endif

/* Names by address, sorted. */
struct names {
	struct named {
		uint64_t begin, end; /* end 0: up to the next one */
		char *name;
	} * list;
	size_t count, capacity;
};

struct own_object {
	bool looked_at;
	struct names names; /* of code made at run time, and of the kernel */
#ifdef PF_WITH_DW
	Dwfl_Module *module;
#endif
};

struct pf_symbols {
	const pf_maps *maps;
	size_t count;
	struct own_object *objects;
#ifdef PF_WITH_DW
	Dwfl *dwfl;
#endif
};

static int by_begin(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

static void add_name(struct names *names, uint64_t begin, uint64_t size, const char *name)
{
	if (names->count == names->capacity) {
		size_t wanted = names->capacity ? 2 * names->capacity : 1024;
		struct named *grown = reallocarray(names->list, wanted, sizeof *grown);
		if (!grown) {
			return;
		}
		names->list = grown;
		names->capacity = wanted;
	}
	char *copy = strdup(name);
	if (copy) {
		names->list[names->count++] = (struct named){begin, size ? begin + size : 0, copy};
	}
}

static const char *find_name(const struct names *names, uint64_t address)
{
	size_t low = 0, high = names->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (names->list[middle].begin <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	const struct named *found = low ? &names->list[low - 1] : NULL;
	return found && (!found->end || address < found->end) ? found->name : NULL;
}

/* Lines of "BEGIN SIZE NAME" (hexadecimal), or with `kernel` of "BEGIN TYPE NAME". */
static void read_names(struct names *names, const char *path, bool kernel)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	while (file && getline(&line, &capacity, file) > 0) {
		uint64_t begin, size = 0;
		char type = 0;
		int name = 0;
		line[strcspn(line, "\n")] = '\0';
		if (kernel) {
			sscanf(line, "%" SCNx64 " %c %n", &begin, &type, &name);
			if (name && strchr("tTwW", type) && begin) {
				line[name + (int)strcspn(line + name, "\t ")] = '\0';
				add_name(names, PF_OFFSET_OF(begin), 0, line + name);
			}
		} else if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &begin, &size, &name) == 2 && name) {
			add_name(names, begin, size, line + name);
		}
	}
	free(line);
	if (file) {
		fclose(file);
	}
	if (names->count) {
		qsort(names->list, names->count, sizeof *names->list, by_begin);
	}
}

#ifdef PF_WITH_DW
/* Where in the module's addresses that place of its file is loaded; 0: nowhere. */
static uint64_t address_of(Dwfl_Module *module, uint64_t offset)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	size_t count = 0;
	if (!elf || elf_getphdrnum(elf, &count)) {
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    offset >= header.p_offset && offset < header.p_offset + header.p_filesz) {
			return offset - header.p_offset + header.p_vaddr + bias;
		}
	}
	return 0;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static void open_module(pf_symbols *symbols, struct own_object *own, const char *path)
{
	dwfl_report_begin_add(symbols->dwfl);
	own->module = dwfl_report_offline(symbols->dwfl, path, path, -1);
	dwfl_report_end(symbols->dwfl, NULL, NULL);
}

static const char *name_in_file(const struct own_object *own, uint64_t offset)
{
	GElf_Off within;
	GElf_Sym symbol;
	uint64_t address = own->module ? address_of(own->module, offset) : 0;
	const char *name = address ? dwfl_module_addrinfo(own->module, address, &within, &symbol, NULL, NULL,
							  NULL)
				   : NULL;
	/* The nearest symbol of a stripped file is often another function's. */
	bool inside = name && (symbol.st_size ? within < symbol.st_size : within < 4096);
	return inside && name[0] ? name : NULL;
}
#else
static void open_module(pf_symbols *symbols, struct own_object *own, const char *path)
{
	(void)symbols;
	(void)own;
	(void)path;
}

static const char *name_in_file(const struct own_object *own, uint64_t offset)
{
	(void)own;
	(void)offset;
	return NULL;
}
#endif

pf_symbols *pf_symbols_open(const pf_maps *maps)
{
	pf_symbols *symbols = calloc(1, sizeof *symbols);
	struct own_object *objects = calloc(maps->object_count + 1, sizeof *objects);
	if (!symbols || !objects) {
		free(symbols);
		free(objects);
		return NULL;
	}
	symbols->maps = maps;
	symbols->count = maps->object_count;
	symbols->objects = objects;
#ifdef PF_WITH_DW
	symbols->dwfl = dwfl_begin(&callbacks);
#endif
	return symbols;
}

static void look_at(pf_symbols *symbols, struct own_object *own, const pf_object *object)
{
	char path[64];
	own->looked_at = true;
	switch (object->kind) {
	case PF_OBJECT_KERNEL:
		read_names(&own->names, "/proc/kallsyms", true);
		break;
	case PF_OBJECT_MADE:
		snprintf(path, sizeof path, "/tmp/perf-%" PRId32 ".map", object->pid);
		read_names(&own->names, path, false);
		break;
	case PF_OBJECT_FILE:
		open_module(symbols, own, object->path);
		break;
	default:
		break;
	}
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

typedef char *(*demangler)(const char *name, char *out, size_t *length, int *status);

/* C++ names, where the library that knows them is here. */
static void put_name(const char *name, char *out, size_t capacity)
{
	static demangler demangle;
	static bool looked;
	int status = -1;
	if (!looked && name[0] == '_' && name[1] == 'Z') {
		void *library = dlopen("libstdc++.so.6", RTLD_LAZY);
		void *address = library ? dlsym(library, "__cxa_demangle") : NULL;
		looked = true;
		memcpy(&demangle, &address, sizeof demangle);
	}
	bool mangled = demangle && name[0] == '_' && name[1] == 'Z';
	char *plain = mangled ? demangle(name, NULL, NULL, &status) : NULL;
	snprintf(out, capacity, "%s", plain && status == 0 ? plain : name);
	free(plain);
}

bool pf_symbols_name(pf_symbols *symbols, pf_place_in_object place, bool returns, char *out, size_t capacity)
{
	uint32_t index = PF_OBJECT_OF(place);
	uint64_t at = PF_OFFSET_OF(place) - (returns && PF_OFFSET_OF(place) ? 1 : 0);
	if (index >= symbols->count) {
		snprintf(out, capacity, "[unknown]");
		return false;
	}
	const pf_object *object = &symbols->maps->objects[index];
	struct own_object *own = &symbols->objects[index];
	if (!own->looked_at) {
		look_at(symbols, own, object);
	}
	const char *name = object->kind == PF_OBJECT_FILE ? name_in_file(own, at)
							  : find_name(&own->names, at);
	if (name) {
		put_name(name, out, capacity);
		if (object->kind == PF_OBJECT_KERNEL) {
			strncat(out, " [kernel]", capacity - strlen(out) - 1);
		}
		return true;
	}
	switch (object->kind) {
	case PF_OBJECT_KERNEL:
		snprintf(out, capacity, "[kernel]");
		break;
	case PF_OBJECT_MADE:
		snprintf(out, capacity, "[made at run time]");
		break;
	case PF_OBJECT_FILE:
		snprintf(out, capacity, "[%s]", base_of(object->path));
		break;
	case PF_OBJECT_OTHER:
		snprintf(out, capacity, "%s", object->path);
		break;
	default:
		snprintf(out, capacity, "[unknown]");
		break;
	}
	return false;
}

void pf_symbols_close(pf_symbols *symbols)
{
	if (!symbols) {
		return;
	}
	for (size_t i = 0; i < symbols->count; i++) {
		for (size_t k = 0; k < symbols->objects[i].names.count; k++) {
			free(symbols->objects[i].names.list[k].name);
		}
		free(symbols->objects[i].names.list);
	}
#ifdef PF_WITH_DW
	if (symbols->dwfl) {
		dwfl_end(symbols->dwfl);
	}
#endif
	free(symbols->objects);
	free(symbols);
}
