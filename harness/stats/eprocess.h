/* Comparing until decided: bets on log-ratios that may be looked at after each one, at no cost in errors. A
 * pure incremental function; no allocation, no look at a clock.
 *
 * For each of four theses about d = log(time A / time B), with m = log(1 + margin), the wealth of a gambler
 * who bets against its contrary: slower: not d <= m        not slower: not d >= m faster: not d >= -m not
 * faster: not d <= -m With x the distance of d from the bound towards the thesis, E_n = mean over lambda of
 * exp(sum(lambda x) - sum(lambda^2 x^2) / 2): as cosh(u) <= exp(u^2 / 2), E is a supermartingale that starts
 * at 1 as long as the contrary holds and each d lies symmetrically around its centre given the ones before;
 * so P(E ever reaches 1 / a) <= a (Ville; de la Pena 1999; Howard, Ramdas, McAuliffe and Sekhon 2020). lambda
 * = c / (root mean square of the x so far) for c in 0.05 .. 1; the first PF_EPROCESS_SILENT log-ratios only
 * set that scale.
 *
 * Symmetry is what randomised (or reversed) order gives when both suffer the same noise. Where only one of
 * the two has rare slow trials it does not hold: E may then prove what their mean does not say
 * (docs/statistics.md has figures). */
#ifndef HARNESS_EPROCESS_H
#define HARNESS_EPROCESS_H

#include <stddef.h>

#include "harness/stats/words.h"

#define PF_EPROCESS_BETS 6
#define PF_EPROCESS_SILENT 3 /* the least n with a word is about 10 at alpha = 0.05, 18 at 0.001 */

typedef enum pf_thesis {
	PF_THESIS_SLOWER,
	PF_THESIS_FASTER,
	PF_THESIS_NOT_SLOWER,
	PF_THESIS_NOT_FASTER,
	PF_THESIS_COUNT
} pf_thesis;

/* The caller's; no pointers: it may be copied and stored. */
typedef struct pf_eprocess {
	double margin, threshold; /* logarithms: m, and of 2 / alpha */
	double log_wealth[PF_THESIS_COUNT][PF_EPROCESS_BETS];
	double squares[PF_THESIS_COUNT];
	double log_highest[PF_THESIS_COUNT]; /* of E so far: evidence does not expire */
	size_t n;
	pf_word word;
} pf_eprocess;

/* `margin` > 0 as a share (0.02), 0 < alpha < 1: the chance of a false word, however long it goes on. Either
 * of two words can be false, so that each thesis must reach 2 / alpha. */
void pf_eprocess_start(pf_eprocess *process, double margin, double alpha);

/* Takes log(time A / time B) of one pair, finite, and gives the word for A so far. The first word other than
 * undecided stays: stop there. */
pf_word pf_eprocess_add(pf_eprocess *process, double log_ratio);

/* log E of a thesis now; -infinity at worst. */
double pf_eprocess_log_e(const pf_eprocess *process, pf_thesis thesis);

#endif
