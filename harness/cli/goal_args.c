#include "harness/cli/goal_args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "4h", "90 min", "50s" to seconds; 0: none of these. */
static double seconds_of(const char *text)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
	char *end;
	if (text[0] < '0' || text[0] > '9') {
		return 0;
	}
	double number = strtod(text, &end);
	if (!(number > 0) || number > 1e9) {
		return 0;
	}
	end += *end == ' ';
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(end, units[i].name) == 0) {
			return number * units[i].seconds;
		}
	}
	return 0;
}

int pf_goal_args_apply(const pf_command *command, pf_goal_args *args)
{
	const char *idle = args->has_photos       ? "photos"
			   : args->goal.has_price ? "price-per-hour"
			   : args->goal.until_met ? "until-goal"
						  : NULL;
	if (!args->text) {
		return idle ? pf_usage_error(command, "--%s says nothing without --goal", idle) : -1;
	}
	args->goal.seconds = seconds_of(args->text);
	return args->goal.seconds > 0
		       ? -1
		       : pf_usage_error(command, "--goal takes a time as 4h, 90min or 50s, not \"%s\"",
					args->text);
}
