/* The receipt of a calibration, and what the gate quotes of one. */
#ifndef HARNESS_CALIBRATION_JSON_H
#define HARNESS_CALIBRATION_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "harness/calibrate/calibration_file.h"

#define PF_CALIBRATION_SCHEMA "photofinish.calibration/1"

/* New reference; NULL without memory. */
json_t *pf_calibration_json(const pf_calibration *calibration);

/* What kind of machine this is, as the name of a receipt: "authenticamd-25-1-2p". Machines of one kind have
 * the same processor and as many of them. */
void pf_calibration_kind(char *out, size_t capacity);

/* The sentence that a gate quotes of the receipt of this kind of machine: of the data folder's
 * .calibration/receipt.json, else of those that came with this program (calibration/KIND.json). False: there
 * is none. */
bool pf_calibration_quote(pf_gate_way way, char *out, size_t capacity);

/* The same of one receipt. */
bool pf_calibration_quote_file(const char *path, pf_gate_way way, char *out, size_t capacity);

#endif
