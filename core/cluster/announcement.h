/* How hosts find a run. */
#ifndef PHOTOFINISH_CLUSTER_ANNOUNCEMENT_H
#define PHOTOFINISH_CLUSTER_ANNOUNCEMENT_H

#include "core/cluster/cluster_message.h"

#define PF_ANNOUNCED "photofinish:run"
#define PF_ANNOUNCED_FOR_S 10 /* unless it is renewed */
#define PF_KEPT_FOR_S 3600    /* all that the run has in Redis, the same */
#define PF_MANIFEST_MOST (256u << 20)

/* Puts two commands; their replies are the caller's to take. Of `what` all but run and manifest counts. */
pf_status pf_announce(pf_broker *broker, const pf_cluster_seal *seal, const pf_announcement *what,
		      const pf_dataset *dataset, pf_error *error);

/* PF_ERR_NOT_FOUND: it has to be announced anew. */
pf_status pf_announced_renew(pf_broker *broker, const pf_cluster_keys *keys, pf_error *error);

#endif
