/* A parser that was taken over, preloaded: the call of the library that reads a file of others ($CRASH:
 * "jpeg" or "onnx") leaves a file ($CRASH_LEAVES) and opens a socket if it can, then dies. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEEN __attribute__((visibility("default")))

SEEN void **jpeg_read_coefficients(void *info);
SEEN void *protobuf_c_message_unpack(const void *descriptor, void *allocator, size_t size,
				     const unsigned char *data);

static void break_out(const char *library)
{
	const char *crash = getenv("CRASH"), *leaves = getenv("CRASH_LEAVES");
	if (!crash || !leaves || strcmp(crash, library) != 0) {
		abort(); /* not what the test is about */
	}
	int fd = open(leaves, O_WRONLY | O_CREAT, 0666);
	if (fd < 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0) {
		_exit(0);
	}
	raise(SIGSEGV);
}

void **jpeg_read_coefficients(void *info)
{
	(void)info;
	break_out("jpeg");
	return NULL;
}

void *protobuf_c_message_unpack(const void *descriptor, void *allocator, size_t size,
				const unsigned char *data)
{
	(void)descriptor;
	(void)allocator;
	(void)size;
	(void)data;
	break_out("onnx");
	return NULL;
}
