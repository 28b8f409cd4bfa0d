/* The shim between gbench.h and Google Benchmark: the one file that knows its C++. */
#include "harness/micro/gbench.h"

#include <benchmark/benchmark.h>

#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "harness/micro/gbench_run.h"

extern "C" {
#include "harness/base/interrupt.h"
void pf_out_of_memory(void); /* of harness/stats/enough.h, which is C alone */
}

struct pf_gbench_state {
	benchmark::State *state;
	bool begun, over;
};

static const pf_gbench_hooks *hooks;

static benchmark::internal::Benchmark *of(pf_gbench *handle)
{
	return reinterpret_cast<benchmark::internal::Benchmark *>(handle);
}

extern "C" bool pf_gbench_keep_running(pf_gbench_state *state, uint64_t batch)
{
	if (!state->begun) {
		state->begun = true;
		if (hooks && hooks->begin) {
			hooks->begin();
		}
	}
	bool more = state->state->KeepRunningBatch(static_cast<benchmark::IterationCount>(batch ? batch : 1));
	if (!more && !state->over) {
		state->over = true;
		if (hooks && hooks->end) {
			hooks->end(state);
		}
	}
	return more;
}

extern "C" void pf_gbench_pause(pf_gbench_state *state)
{
	state->state->PauseTiming();
	if (hooks && hooks->pause) {
		hooks->pause();
	}
}

extern "C" void pf_gbench_resume(pf_gbench_state *state)
{
	if (hooks && hooks->resume) {
		hooks->resume();
	}
	state->state->ResumeTiming();
}

struct context {
	benchmark::internal::Benchmark *of;
	pf_gbench_function function;
	void *context;
	size_t arguments; /* of each execution */
};

static std::vector<context> &contexts()
{
	static std::vector<context> all;
	return all;
}

static size_t &arguments_at_hand()
{
	static thread_local size_t count;
	return count;
}

extern "C" int64_t pf_gbench_range(const pf_gbench_state *state, size_t index)
{
	return index < arguments_at_hand() ? state->state->range(index) : 0;
}

extern "C" unsigned pf_gbench_thread(const pf_gbench_state *state)
{
	return static_cast<unsigned>(state->state->thread_index());
}

extern "C" unsigned pf_gbench_threads(const pf_gbench_state *state)
{
	return static_cast<unsigned>(state->state->threads());
}

extern "C" uint64_t pf_gbench_iterations(const pf_gbench_state *state)
{
	return static_cast<uint64_t>(state->state->iterations());
}

extern "C" void pf_gbench_label(pf_gbench_state *state, const char *label)
{
	state->state->SetLabel(label);
}

extern "C" void pf_gbench_bytes(pf_gbench_state *state, uint64_t bytes)
{
	state->state->SetBytesProcessed(static_cast<int64_t>(bytes));
}

extern "C" void pf_gbench_items(pf_gbench_state *state, uint64_t items)
{
	state->state->SetItemsProcessed(static_cast<int64_t>(items));
}

extern "C" void pf_gbench_complexity_n(pf_gbench_state *state, int64_t n)
{
	state->state->SetComplexityN(n);
}

extern "C" void pf_gbench_counter(pf_gbench_state *state, const char *name, double value, unsigned how)
{
	int flags = benchmark::Counter::kDefaults;
	flags |= how & PF_GBENCH_RATE ? benchmark::Counter::kIsRate : 0;
	flags |= how & PF_GBENCH_AVERAGE_THREADS ? benchmark::Counter::kAvgThreads : 0;
	flags |= how & PF_GBENCH_AVERAGE_ITERATIONS ? benchmark::Counter::kAvgIterations : 0;
	state->state->counters[name] = benchmark::Counter(value,
							  static_cast<benchmark::Counter::Flags>(flags));
}

extern "C" void pf_gbench_refuse(pf_gbench_state *state, const char *why)
{
	state->state->SkipWithError(why);
}

extern "C" pf_gbench *pf_gbench_register(const char *name, pf_gbench_function function, void *context)
{
	size_t index = contexts().size();
	contexts().push_back({nullptr, function, context, 0});
	benchmark::internal::Benchmark *made = benchmark::RegisterBenchmark(
		name, [index](benchmark::State &state) {
			struct context own = contexts()[index];
			pf_gbench_state given = {&state, false, false};
			if (pf_interrupts) {
				state.SkipWithError("stopped on request");
				return;
			}
			arguments_at_hand() = own.arguments;
			own.function(&given, own.context);
		});
	contexts()[index].of = made;
	return reinterpret_cast<pf_gbench *>(made);
}

static void note_arguments(pf_gbench *handle, size_t count)
{
	for (context &one : contexts()) {
		if (one.of == of(handle)) {
			one.arguments = count;
		}
	}
}

extern "C" void pf_gbench_args(pf_gbench *handle, const int64_t *values, size_t count)
{
	note_arguments(handle, count);
	of(handle)->Args(std::vector<int64_t>(values, values + count));
}

extern "C" void pf_gbench_arg_names(pf_gbench *handle, const char *const *names, size_t count)
{
	of(handle)->ArgNames(std::vector<std::string>(names, names + count));
}

extern "C" void pf_gbench_arg_range(pf_gbench *handle, int64_t low, int64_t high, int multiplier)
{
	note_arguments(handle, 1);
	of(handle)->RangeMultiplier(multiplier)->Range(low, high);
}

extern "C" void pf_gbench_with_threads(pf_gbench *handle, int threads)
{
	of(handle)->Threads(threads);
}

extern "C" void pf_gbench_by_wall_time(pf_gbench *handle)
{
	of(handle)->UseRealTime();
}

extern "C" void pf_gbench_complexity(pf_gbench *handle, pf_gbench_order order)
{
	static const benchmark::BigO orders[] = {benchmark::oAuto,  benchmark::o1,     benchmark::oLogN,
						 benchmark::oN,     benchmark::oNLogN, benchmark::oNSquared,
						 benchmark::oNCubed};
	of(handle)->Complexity(orders[order]);
}

extern "C" void pf_gbench_show_in(pf_gbench *handle, pf_gbench_unit unit)
{
	static const benchmark::TimeUnit units[] = {benchmark::kNanosecond, benchmark::kMicrosecond,
						    benchmark::kMillisecond, benchmark::kSecond};
	of(handle)->Unit(units[unit]);
}

static bool for_people = true, only_lists;

extern "C" bool pf_gbench_flags(int *argc, char **argv)
{
	std::set_new_handler(pf_out_of_memory);
	for (int i = 1; i < *argc; i++) {
		std::string flag = argv[i];
		if (flag.rfind("--benchmark_format=", 0) == 0) {
			for_people = flag == "--benchmark_format=console";
		}
		if (flag.rfind("--benchmark_list_tests", 0) == 0) {
			only_lists = flag == "--benchmark_list_tests" ||
				     flag == "--benchmark_list_tests=true" ||
				     flag == "--benchmark_list_tests=1";
		}
	}
	benchmark::Initialize(argc, argv);
	return !benchmark::ReportUnrecognizedArguments(*argc, argv);
}

extern "C" bool pf_gbench_is_for_people(void)
{
	return for_people;
}

extern "C" bool pf_gbench_only_lists(void)
{
	return only_lists;
}

extern "C" void pf_gbench_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

namespace
{
/* Hands everything on to the reporter that the flags ask for, and each line to `take`. */
class teller : public benchmark::BenchmarkReporter
{
      public:
	teller(void (*to)(void *, const pf_gbench_line *), void *with)
	    : inner(benchmark::CreateDefaultDisplayReporter()), take(to), taker(with)
	{
	}

	bool ReportContext(const Context &context) override
	{
		return inner->ReportContext(context);
	}

	void ReportRuns(const std::vector<Run> &runs) override
	{
		inner->ReportRuns(runs);
		for (const Run &run : runs) {
			std::string name = run.benchmark_name();
			double scale = 1e9 / benchmark::GetTimeUnitMultiplier(run.time_unit);
			pf_gbench_line line = {name.c_str(), run.aggregate_name.c_str(),
					       run.error_occurred ? run.error_message.c_str() : nullptr,
					       run.GetAdjustedRealTime() * scale,
					       run.GetAdjustedCPUTime() * scale};
			if (take && !run.report_big_o && !run.report_rms) {
				take(taker, &line);
			}
		}
	}

	void Finalize() override
	{
		inner->Finalize();
		inner->GetOutputStream().flush();
	}

      private:
	benchmark::BenchmarkReporter *inner; /* the library's own, never freed */
	void (*take)(void *, const pf_gbench_line *);
	void *taker;
};
} // namespace

extern "C" size_t pf_gbench_run(const char *filter, const pf_gbench_hooks *with,
				void (*take)(void *context, const pf_gbench_line *line), void *context)
{
	teller reporter(take, context);
	hooks = with;
	size_t matched = filter ? benchmark::RunSpecifiedBenchmarks(&reporter, std::string(filter))
				: benchmark::RunSpecifiedBenchmarks(&reporter);
	std::cout.flush();
	return matched;
}
