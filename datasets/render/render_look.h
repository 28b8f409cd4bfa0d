/* What an athlete looks like: clothing palettes and patterns (chosen by name in a spec, so that held-out
 * datasets can use others), skin, hair and proportions. */
#ifndef PF_RENDER_LOOK_H
#define PF_RENDER_LOOK_H

#include "datasets/render/render_skeleton.h"

/* JFIF Y 0..255, Cb and Cr around 0, as seen in neutral light of strength 1. */
typedef struct pf_colour {
	float y, cb, cr;
} pf_colour;

pf_colour pf_colour_rgb(uint32_t rgb); /* 0xRRGGBB */

static inline pf_colour pf_colour_mix(pf_colour a, pf_colour b, float t)
{
	return (pf_colour){a.y + (b.y - a.y) * t, a.cb + (b.cb - a.cb) * t, a.cr + (b.cr - a.cr) * t};
}

/* X(constant, name, shirt, second shirt colour, shorts, accent) */
#define PF_PALETTE_LIST(X)                                                               \
	X(PF_PALETTE_RED_WHITE, red_white, 0xB81D24, 0xEDEBE6, 0xF0EEEA, 0xB81D24)       \
	X(PF_PALETTE_NAVY_GOLD, navy_gold, 0x1B2A5E, 0xE9B33A, 0x18234C, 0xE9B33A)       \
	X(PF_PALETTE_GREEN_WHITE, green_white, 0x16743F, 0xECEEE8, 0xE8EAE4, 0x16743F)   \
	X(PF_PALETTE_BLACK_LIME, black_lime, 0x23252B, 0xA9D431, 0x1D1F24, 0xA9D431)     \
	X(PF_PALETTE_SKY_WHITE, sky_white, 0x4D9FD6, 0xF2F3F1, 0x20406B, 0xF2F3F1)       \
	X(PF_PALETTE_ORANGE_NAVY, orange_navy, 0xE2661E, 0x1D2F57, 0x1D2F57, 0xE2661E)   \
	X(PF_PALETTE_PURPLE_WHITE, purple_white, 0x5C2E8C, 0xEAE6F0, 0x3E2063, 0xEAE6F0) \
	X(PF_PALETTE_YELLOW_BLUE, yellow_blue, 0xF0CB2E, 0x1F5FA8, 0x1F5FA8, 0xF0CB2E)   \
	X(PF_PALETTE_TEAL_CORAL, teal_coral, 0x14858A, 0xF0765E, 0x0F4F57, 0xF0765E)     \
	X(PF_PALETTE_PINK_GREY, pink_grey, 0xDE5C96, 0x5A5F69, 0x474B54, 0xDE5C96)       \
	X(PF_PALETTE_BROWN_CREAM, brown_cream, 0x6B4226, 0xEBDDBF, 0x4A2E1C, 0xEBDDBF)   \
	X(PF_PALETTE_MAROON_SKY, maroon_sky, 0x6E1A33, 0x8CC4E8, 0x521327, 0x8CC4E8)

#define PF_PALETTE_ENUM(constant, ...) constant,
typedef enum pf_palette { PF_PALETTE_LIST(PF_PALETTE_ENUM) PF_PALETTE_COUNT } pf_palette;
#undef PF_PALETTE_ENUM

/* X(constant, name) */
#define PF_PATTERN_LIST(X)             \
	X(PF_PATTERN_PLAIN, plain)     \
	X(PF_PATTERN_HOOPS, hoops)     \
	X(PF_PATTERN_STRIPES, stripes) \
	X(PF_PATTERN_SASH, sash)       \
	X(PF_PATTERN_PANELS, panels)   \
	X(PF_PATTERN_HALVES, halves)   \
	X(PF_PATTERN_CHEVRON, chevron) \
	X(PF_PATTERN_CHECKS, checks)   \
	X(PF_PATTERN_DOTS, dots)       \
	X(PF_PATTERN_FADE, fade)

#define PF_PATTERN_ENUM(constant, name) constant,
typedef enum pf_pattern { PF_PATTERN_LIST(PF_PATTERN_ENUM) PF_PATTERN_COUNT } pf_pattern;
#undef PF_PATTERN_ENUM

pf_palette pf_palette_find(const char *name); /* PF_PALETTE_COUNT where there is none */
pf_pattern pf_pattern_find(const char *name);

typedef enum pf_hair {
	PF_HAIR_SHORT,
	PF_HAIR_CROPPED,
	PF_HAIR_TAIL,
	PF_HAIR_BUN,
	PF_HAIR_CURLS,
	PF_HAIR_COUNT
} pf_hair;

typedef struct pf_look {
	pf_colour skin, lips, hair, iris, shirt, shirt2, shorts, accent, sock, shoe, sole;
	pf_pattern pattern;
	pf_hair hair_style;
	float sleeve, leg_cover,
		sock_cover; /* shares of upper arm, thigh (above 1: of the shank) and shank */
	float beard;        /* 0 .. 1 */
	int number;         /* of the bib; -1 none */
	int headband;
	float smile; /* mouth open 0 .. 1 */
	pf_build build;
} pf_look;

/* Draws a look from the stream. */
void pf_look_draw(pf_rng *rng, pf_palette palette, pf_pattern pattern, pf_look *look);

/* Bit (column 0..4, row 0..6 from the top) of the digit's 5x7 glyph. */
int pf_digit_bit(int digit, int column, int row);

#endif
