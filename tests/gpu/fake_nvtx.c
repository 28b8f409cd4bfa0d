/* A tool that NVTX loads (NVTX_INJECTION64_PATH), for tests: writes "push NAME" and "pop" to
 * PF_FAKE_NVTX_FILE. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <nvtx3/nvToolsExt.h>

static int file = -1;

static void put(const char *what, const char *name)
{
	char line[128];
	int length = snprintf(line, sizeof line, "%s%s\n", what, name);
	ssize_t sent = write(file, line, (size_t)length); /* whole: a file that is appended to */
	(void)sent;
}

static int push(const char *name)
{
	put("push ", name);
	return 0;
}

static int pop(void)
{
	put("pop", "");
	return 0;
}

__attribute__((visibility("default"))) int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t get);

int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t get)
{
	const NvtxExportTableCallbacks *callbacks = get(NVTX_ETID_CALLBACKS);
	const char *name = getenv("PF_FAKE_NVTX_FILE");
	NvtxFunctionTable table = NULL;
	unsigned size = 0;
	if (!callbacks || !name || !callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &table, &size) ||
	    size <= NVTX_CBID_CORE_RangePop) {
		return 0;
	}
	file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	*table[NVTX_CBID_CORE_RangePushA] = (NvtxFunctionPointer)push;
	*table[NVTX_CBID_CORE_RangePop] = (NvtxFunctionPointer)pop;
	return file >= 0;
}
