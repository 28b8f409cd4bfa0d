#include "harness/export/xmp_document.h"

#include <exempi/xmp.h>
#include <exempi/xmpconsts.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char ours[] = "urn:photofinish:1.0:";
static const char dynamic_media[] = "http://ns.adobe.com/xmp/1.0/DynamicMedia/";
static const char digikam[] = "http://www.digikam.org/ns/1.0/";

enum { ACCEPTED = 3, VALUE = 32 };

struct merging {
	XmpPtr document;
	XmpStringPtr text; /* of one property */
	pf_xmp_text *out;
};

/* "" where the property is not there, or is no simple one. */
static const char *value_of(const struct merging *m, const char *space, const char *name)
{
	return xmp_get_property(m->document, space, name, m->text, NULL) ? xmp_string_cstr(m->text) : "";
}

static bool put(const struct merging *m, const char *space, const char *name, const char *value)
{
	if (strcmp(value_of(m, space, name), value) == 0) {
		return true;
	}
	m->out->changed = true;
	return xmp_set_property(m->document, space, name, value, 0);
}

/* A property that people set, too: `last` is our own that says what we wrote there last. Where we wrote
 * nothing yet, 0 is what programs put there for "not rated" and "not flagged". */
static bool put_shared(const struct merging *m, const char *space, const char *name, const char *last,
		       const char *value)
{
	char written[VALUE], there[VALUE];
	snprintf(written, sizeof written, "%s", value_of(m, ours, last));
	snprintf(there, sizeof there, "%s", value_of(m, space, name));
	bool unset = !written[0] && strcmp(there, "0") == 0;
	if (xmp_has_property(m->document, space, name) && !unset && strcmp(there, written) != 0) {
		m->out->yours = m->out->yours || strcmp(there, value) != 0;
		return true;
	}
	return put(m, space, name, value);
}

static bool put_caveat(const struct merging *m, const char *caveat)
{
	if (caveat) {
		return put(m, ours, "Caveat", caveat);
	}
	m->out->changed = m->out->changed || xmp_has_property(m->document, ours, "Caveat");
	return !xmp_has_property(m->document, ours, "Caveat") ||
	       xmp_delete_property(m->document, ours, "Caveat");
}

static bool put_facts(const struct merging *m, const pf_xmp_facts *facts)
{
	char score[VALUE], burst[VALUE], rank[VALUE], rating[VALUE];
	const char *pick = facts->pick ? "1" : "0", *label = facts->pick ? "3" : "0";
	snprintf(score, sizeof score, "%.6f", facts->score);
	snprintf(burst, sizeof burst, "%" PRIu32, facts->burst);
	snprintf(rank, sizeof rank, "%" PRIu32, facts->rank);
	snprintf(rating, sizeof rating, "%d", facts->rating);
	return put_shared(m, NS_XAP, "Rating", "Rating", rating) &&
	       put_shared(m, dynamic_media, "pick", "Pick", pick) &&
	       put_shared(m, digikam, "PickLabel", "PickLabel", label) && put(m, ours, "Score", score) &&
	       put(m, ours, "Burst", burst) && put(m, ours, "Rank", rank) && put(m, ours, "Rating", rating) &&
	       put(m, ours, "Pick", pick) && put(m, ours, "PickLabel", label) && put_caveat(m, facts->caveat);
}

static pf_status text_of(const struct merging *m, pf_error *error)
{
	if (!xmp_serialize(m->document, m->text, XMP_SERIAL_OMITPACKETWRAPPER | XMP_SERIAL_USECOMPACTFORMAT,
			   0)) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot write XMP (Exempi's error %d)",
			       xmp_get_error());
	}
	size_t count = xmp_string_len(m->text);
	if (count > m->out->capacity) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "the sidecar would have %zu bytes", count);
	}
	memcpy(m->out->bytes, xmp_string_cstr(m->text), count);
	m->out->count = count;
	return PF_OK;
}

static pf_status merge(const struct merging *m, const char *old, size_t count, const pf_xmp_facts *facts,
		       pf_error *error)
{
	if (old && !xmp_parse(m->document, old, count)) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "it is there already and is no XMP");
	}
	if (!put_facts(m, facts)) {
		return pf_fail(error, PF_ERR_INVALID, NULL,
			       "what it has cannot be changed (Exempi's error %d)", xmp_get_error());
	}
	return m->out->changed ? text_of(m, error) : PF_OK;
}

pf_status pf_xmp_merge(const char *old, size_t count, const pf_xmp_facts *facts, pf_xmp_text *out,
		       pf_error *error)
{
	out->count = 0;
	out->changed = out->yours = false;
	bool ready = xmp_init() && xmp_register_namespace(ours, "photofinish", NULL) &&
		     xmp_register_namespace(dynamic_media, "xmpDM", NULL) &&
		     xmp_register_namespace(digikam, "digiKam", NULL);
	struct merging m = {ready ? xmp_new_empty() : NULL, ready ? xmp_string_new() : NULL, out};
	pf_status status = m.document && m.text ? merge(&m, old, count, facts, error)
						: pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for XMP");
	xmp_string_free(m.text);
	xmp_free(m.document);
	return status;
}
