/* An answer of HTTP/1.1 as its bytes come (RFC 9112): pure, of untrusted bytes. */
#ifndef HARNESS_HTTP_PARSE_H
#define HARNESS_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum pf_http_state { PF_HTTP_MORE, PF_HTTP_DONE, PF_HTTP_MALFORMED } pf_http_state;

/* What is known of the answer so far; zeroed at its beginning. */
typedef struct pf_http_parse {
	unsigned code;      /* 0: the head is not there */
	bool chunked, keep; /* keep: the connection can be used again behind it */
	bool to_the_end;    /* its body ends with the connection */
	size_t scanned;     /* bytes that no head ends within */
	size_t body;        /* where the body begins */
	size_t body_bytes;  /* that it is to have; of a chunked one, that it has, from `body` on */
	size_t chunk;       /* of a chunked one: where the next chunk's size begins */
	size_t end;         /* of what belongs to the answer, once it is done */
} pf_http_parse;

/* Goes on with the answer's first `size` bytes, more of them from call to call. Chunks are moved together in
 * place. `closed`: no more will come. An answer of 1xx is skipped. */
pf_http_state pf_http_parse_on(pf_http_parse *parse, char *bytes, size_t size, bool closed);

#endif
