#include "harness/cli/commands.h"

int main(int argc, char **argv)
{
	return pf_cli_main(argc, argv);
}
