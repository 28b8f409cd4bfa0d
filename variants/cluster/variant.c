/* cluster: shards of bursts go to hosts through a queue that outlives any of them, and come back through
 * another. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "photofinish/cluster.h"
#include "photofinish/exec.h"
#include "photofinish/variant.h"

#define DEATHS_IN_ALL 16 /* of the host and of Redis */
#define LEASE_MS 5000    /* without a word of a host until its shards go to another */
#define RESULT_WAIT_MS 100
#define HOST_NAPS 2500 /* of 2 ms: so long a host may take to end */

enum { OPTION_REMOTE, OPTION_REMEMBER };
static const struct pf_option options[] = {
	{"remote", PF_OPTION_FLAG, 0, 0, 1,
	 "1: by hosts that run photofinish work, through the Redis of " PF_CLUSTER_REDIS},
	{"remember", PF_OPTION_FLAG, 0, 0, 1,
	 "1: hosts may tell what they scored for other runs, so that the time is no measurement"},
	{0},
};

typedef struct cluster_run {
	const struct pf_env *env;
	const pf_dataset *dataset;
	bool remote; /* Redis and hosts are elsewhere, and not ours to start */
	pf_own_broker broker;
	pf_broker_address address;
	pf_cluster_seal seal;
	pf_cluster *cluster;
	pid_t host; /* 0: none */
	uint64_t host_rss_bytes;
	unsigned deaths;
} cluster_run;

/* The one host of this machine: a process of its own, as any host elsewhere would be. */
static pf_status start_host(cluster_run *run, pf_error *error)
{
	pid_t parent = getpid();
	run->host = fork();
	if (run->host < 0) {
		run->host = 0;
		return pf_fail_errno(error, NULL, "cannot fork a host");
	}
	if (run->host == 0) {
		pf_error why;
		const pf_host_order order = {.env = run->env,
					     .dataset = run->dataset,
					     .address = run->address,
					     .seal = run->seal,
					     .name = "local",
					     .lease_ms = LEASE_MS};
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pf_cluster_disown(run->cluster);
		_exit(getppid() == parent && pf_cluster_host(&order, NULL, &why) == PF_OK ? 0 : 1);
	}
	return PF_OK;
}

/* False while it lives. */
static bool reap_host(cluster_run *run, int flags)
{
	struct rusage usage = {0};
	int ending;
	pid_t gone;
	do {
		gone = run->host ? wait4(run->host, &ending, flags, &usage) : 0;
	} while (gone < 0 && errno == EINTR);
	if (gone <= 0) {
		return false;
	}
	run->host = 0;
	uint64_t peak = (uint64_t)usage.ru_maxrss * 1024;
	run->host_rss_bytes = peak > run->host_rss_bytes ? peak : run->host_rss_bytes;
	return true;
}

/* It sees that the run is over, as any host would; one that cannot is not waited for. */
static void end_host(cluster_run *run, bool at_once)
{
	const struct timespec nap = {0, 2000000};
	for (int i = 0; i < HOST_NAPS && run->host && !at_once && !reap_host(run, WNOHANG); i++) {
		nanosleep(&nap, NULL);
	}
	if (run->host) {
		kill(run->host, SIGKILL); /* its workers die with it */
		reap_host(run, 0);
	}
}

/* What of it died is started again; what that loses, the cluster makes anew. */
static pf_status look_after(cluster_run *run, pf_error *error)
{
	bool host_died = !run->remote && reap_host(run, WNOHANG);
	bool broker_died = !run->remote && pf_own_broker_is_gone(&run->broker);
	if (!host_died && !broker_died) {
		return PF_OK;
	}
	atomic_fetch_add(&run->env->traces[0].deaths, 1);
	if (++run->deaths > DEATHS_IN_ALL) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "%s keeps dying",
			       host_died ? "the host" : "redis-server");
	}
	pf_status status = broker_died ? pf_own_broker_start(&run->broker, getenv("TMPDIR"), error) : PF_OK;
	return status == PF_OK && host_died ? start_host(run, error) : status;
}

/* As streaming does it: a burst goes to the hosts the moment it is complete. */
static pf_status score_all(cluster_run *run, pf_error *error)
{
	pf_burst_scan *scan = NULL;
	bool more = true;
	pf_status status = pf_burst_scan_create(run->dataset, run->env->traces, pf_cluster_add, run->cluster,
						&scan, error);
	while (status == PF_OK && (more || !pf_cluster_is_done(run->cluster))) {
		if (pf_cancelled(run->env)) {
			status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		if (status == PF_OK && more) {
			status = pf_burst_scan_step(scan, &more, error);
		}
		if (status == PF_OK) {
			status = look_after(run, error);
		}
		if (status == PF_OK) {
			status = pf_cluster_step(run->cluster, more ? 0 : RESULT_WAIT_MS, error);
		}
	}
	pf_burst_scan_destroy(scan);
	return status;
}

/* A Redis of its own, with a host of its own. */
static pf_status open_here(cluster_run *run, struct pf_sink *sink, pf_error *error)
{
	const char *folder = getenv("TMPDIR");
	pf_status status = folder ? pf_cluster_seal_draw(&run->seal, error)
				  : pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
					    "there is no folder for redis-server");
	status = status == PF_OK ? pf_own_broker_start(&run->broker, folder, error) : status;
	run->address = run->broker.address;
	if (status == PF_OK) {
		status = pf_cluster_open(run->env, run->dataset, sink, &run->address, &run->seal, LEASE_MS,
					 &run->cluster, error);
	}
	return status == PF_OK ? start_host(run, error) : status;
}

/* One that is there, for hosts that are there or come. */
static pf_status open_there(cluster_run *run, struct pf_sink *sink, pf_error *error)
{
	const char *address = getenv(PF_CLUSTER_REDIS);
	if (!address) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
			       "remote=1 needs " PF_CLUSTER_REDIS ", the address of Redis");
	}
	pf_status status = pf_broker_address_read(address, &run->address, error);
	status = status == PF_OK ? pf_cluster_seal_draw(&run->seal, error) : status;
	status = status == PF_OK ? pf_cluster_secret(getenv(PF_CLUSTER_SECRET), run->seal.secret, error)
				 : status;
	if (status == PF_OK) {
		status = pf_cluster_open(run->env, run->dataset, sink, &run->address, &run->seal, LEASE_MS,
					 &run->cluster, error);
	}
	return status == PF_OK ? pf_cluster_announce(run->cluster, run->env->options[OPTION_REMEMBER], error)
			       : status;
}

static pf_status run_cluster(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			     pf_error *error)
{
	cluster_run run = {.env = env, .dataset = dataset, .remote = env->options[OPTION_REMOTE]};
	pf_worker_enter(env, 0);
	pf_status status = run.remote ? open_there(&run, sink, error) : open_here(&run, sink, error);
	status = status == PF_OK ? score_all(&run, error) : status;
	pf_cluster_close(run.cluster);
	end_host(&run, status != PF_OK && status != PF_ERR_CANCELLED);
	pf_own_broker_stop(&run.broker);
	pf_worker_leave(env, 0);
	env->traces[0].peak_rss_bytes += run.host_rss_bytes + run.broker.peak_rss_bytes;
	return status;
}

const struct pf_variant pf_variant_cluster = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "cluster",
	.parent = "streaming",
	.summary = "bursts go through Redis Streams to a host of its own",
	.change =
		"bursts and outcomes go through a queue that hosts elsewhere could share, not through pipes",
	.principle = "work that is handed out is lent, not given",
	.hypothesis = "what a queue between hosts costs is nothing against scoring",
	.expected = "as fast as streaming, but for starting redis-server",
	.caps = PF_CAP_WORKERS | PF_CAP_SERVER,
	.options = options,
	.run = run_cluster,
};
