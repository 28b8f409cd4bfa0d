#include "harness/cli/goal_args.h"

#include "harness/base/quantity.h"

int pf_goal_args_apply(const pf_command *command, pf_goal_args *args)
{
	const char *idle = args->has_photos       ? "photos"
			   : args->goal.has_price ? "price-per-hour"
			   : args->goal.until_met ? "until-goal"
						  : NULL;
	if (!args->text) {
		return idle ? pf_usage_error(command, "--%s says nothing without --goal", idle) : -1;
	}
	/* Without a unit nobody knows whether 4 are hours. */
	return pf_has_unit(args->text) && pf_seconds_parse(args->text, &args->goal.seconds) &&
			       args->goal.seconds > 0 && args->goal.seconds < 1e13
		       ? -1
		       : pf_usage_error(command, "--goal takes a time as 4h, 90min or 50s, not \"%s\"",
					args->text);
}
