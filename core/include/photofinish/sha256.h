/* SHA-256 without an allocation, so that it cannot fail: libcrypto's EVP interface fetches its algorithms at
 * run time, and dies or leaves a digest as it was where memory is short. */
#ifndef PHOTOFINISH_SHA256_H
#define PHOTOFINISH_SHA256_H

#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif
#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef SHA256_CTX pf_sha256; /* plain data */

static inline void pf_sha256_begin(pf_sha256 *hash)
{
	SHA256_Init(hash);
}

static inline void pf_sha256_add(pf_sha256 *hash, const void *bytes, size_t count)
{
	SHA256_Update(hash, bytes, count);
}

static inline void pf_sha256_end(pf_sha256 *hash, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	SHA256_Final(digest, hash);
}

static inline void pf_sha256_of(const void *bytes, size_t count, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, bytes, count);
	pf_sha256_end(&hash, digest);
}

#ifdef __cplusplus
}
#endif

#endif
