#include "descendants.h"

#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

size_t pf_find_descendants(pid_t parent, pid_t *found, size_t capacity)
{
	size_t count = 0;
	for (size_t next = 0; next <= count && count < capacity; next++) {
		pid_t of = next ? found[next - 1] : parent;
		DIR *processes = opendir("/proc");
		assert_non_null(processes);
		for (const struct dirent *entry; (entry = readdir(processes)) && count < capacity;) {
			char path[300], line[600] = "";
			int its_parent = 0;
			if (!isdigit((unsigned char)entry->d_name[0])) {
				continue;
			}
			snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
			FILE *stat = fopen(path, "re");
			char *end = stat && fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
			if (end && sscanf(end, ") %*c %d", &its_parent) == 1 && its_parent == of) {
				found[count++] = atoi(entry->d_name);
			}
			if (stat) {
				fclose(stat);
			}
		}
		closedir(processes);
	}
	return count;
}
