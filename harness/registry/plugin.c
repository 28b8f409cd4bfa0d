#include "harness/registry/plugin.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "harness/registry/outside.h"

/* Bytes of the object that a symbol names, 0 where the file does not say. */
static size_t size_of_symbol(const void *symbol)
{
	Dl_info info;
	const ElfW(Sym) *entry = NULL;
	return dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) && entry ? entry->st_size : 0;
}

/* The first two fields stand where they are in every version of the contract. */
static pf_status check_version(const char *file, const struct pf_variant *variant, pf_error *error)
{
	size_t bytes = size_of_symbol(variant);
	if (bytes < 2 * sizeof(uint32_t)) {
		return pf_fail(error, PF_ERR_INVALID, file, "its %s is no struct pf_variant",
			       PF_PLUGIN_SYMBOL);
	}
	if (variant->abi_version != PF_ABI_VERSION) {
		return pf_fail(error, PF_ERR_INVALID, file,
			       "it was built for version %u of the variants' contract, this program has %d: "
			       "build it against this program's headers",
			       variant->abi_version, PF_ABI_VERSION);
	}
	if (variant->struct_size != sizeof *variant || bytes < sizeof *variant) {
		return pf_fail(
			error, PF_ERR_INVALID, file,
			"its struct pf_variant has %u bytes, this program's has %zu: build it against this program's headers",
			bytes < sizeof *variant ? (unsigned)bytes : variant->struct_size, sizeof *variant);
	}
	return PF_OK;
}

pf_status pf_plugin_open(const char *path, const char *file, const struct pf_variant **out, pf_error *error)
{
	/* All symbols at once: one that is missing is an error now and no crash later. */
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		size_t length = strlen(path);
		bool named = why && strncmp(why, path, length) == 0 && why[length] == ':';
		return pf_fail(error, PF_ERR_INVALID, file, "it cannot be loaded: %s",
			       named ? why + length + 2
			       : why ? why
				     : "no reason given");
	}
	const struct pf_variant *variant = dlsym(handle, PF_PLUGIN_SYMBOL);
	if (!variant) {
		return pf_fail(error, PF_ERR_INVALID, file, "it exports no %s", PF_PLUGIN_SYMBOL);
	}
	pf_status status = check_version(file, variant, error);
	if (status == PF_OK && (!variant->name || !pf_variant_name_is_good(variant->name))) {
		status = pf_fail(error, PF_ERR_INVALID, file,
				 "its variant's name has to be of lower-case letters, digits and dashes");
	}
	if (status == PF_OK && (variant->caps & ~(unsigned)PF_CAPS)) {
		status = pf_fail(error, PF_ERR_INVALID, file, "it has caps that are not for variants (%#x)",
				 variant->caps & ~(unsigned)PF_CAPS);
	}
	*out = variant;
	return status;
}
