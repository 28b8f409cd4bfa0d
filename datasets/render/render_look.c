#include "datasets/render/render_look.h"

#include <string.h>

#define NAME(constant, name, ...) #name,
static const char *const palette_names[] = {PF_PALETTE_LIST(NAME)};
static const char *const pattern_names[] = {PF_PATTERN_LIST(NAME)};
#undef NAME
#define COLOURS(constant, name, a, b, c, d) {a, b, c, d},
static const uint32_t palettes[][4] = {PF_PALETTE_LIST(COLOURS)};
#undef COLOURS

static const uint32_t skins[] = {0xE8B99A, 0xDDA27C, 0xC98A62, 0xA66A45,
				 0x7E4E33, 0x5C3826, 0xE3AE8E, 0xB97B55};
static const uint32_t hairs[] = {0x2A1E17, 0x191512, 0x4B3221, 0x8A6238,
				 0xB9924F, 0x5B2F1C, 0x3B3431, 0x14110F};
static const uint32_t shoes[] = {0xE9E9E4, 0xE03A2F, 0xD8F23A, 0x2A2C33,
				 0xF08A24, 0x2F7FD0, 0xF45FA0, 0x34C6A8};

static const uint8_t digits[10][7] = {
	{14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},  {14, 17, 1, 2, 4, 8, 31},
	{31, 2, 4, 2, 1, 17, 14},     {2, 6, 10, 18, 31, 2, 2}, {31, 16, 30, 1, 1, 17, 14},
	{6, 8, 16, 30, 17, 17, 14},   {31, 1, 2, 4, 8, 8, 8},   {14, 17, 17, 14, 17, 17, 14},
	{14, 17, 17, 15, 1, 2, 12},
};

int pf_digit_bit(int digit, int column, int row)
{
	return digits[digit][row] >> (4 - column) & 1;
}

static int find(const char *const *list, int count, const char *name)
{
	int i = 0;
	while (i < count && strcmp(list[i], name) != 0) {
		i++;
	}
	return i;
}

pf_palette pf_palette_find(const char *name)
{
	return (pf_palette)find(palette_names, PF_PALETTE_COUNT, name);
}

pf_pattern pf_pattern_find(const char *name)
{
	return (pf_pattern)find(pattern_names, PF_PATTERN_COUNT, name);
}

pf_colour pf_colour_rgb(uint32_t rgb)
{
	float r = (float)(rgb >> 16 & 255), g = (float)(rgb >> 8 & 255), b = (float)(rgb & 255);
	float y = 0.299f * r + 0.587f * g + 0.114f * b;
	return (pf_colour){y, 0.564f * (b - y), 0.713f * (r - y)};
}

static uint32_t pick(pf_rng *rng, const uint32_t *list, uint32_t count)
{
	return list[pf_rng_below(rng, count)];
}

static void draw_build(pf_rng *rng, int slight, pf_build *build)
{
	build->height = (slight ? 0.93f : 1.0f) * pf_rng_range(rng, 0.95f, 1.06f);
	build->girth = (slight ? 0.90f : 1.0f) * pf_rng_range(rng, 0.93f, 1.08f);
	build->shoulders = (slight ? 0.90f : 1.0f) * pf_rng_range(rng, 0.96f, 1.05f);
	build->hips = (slight ? 1.04f : 1.0f) * pf_rng_range(rng, 0.96f, 1.05f);
	build->head = pf_rng_range(rng, 0.98f, 1.04f);
	build->chest = slight ? 0.93f : 1.0f;
}

void pf_look_draw(pf_rng *rng, pf_palette palette, pf_pattern pattern, pf_look *look)
{
	int slight = pf_rng_chance(rng, 0.45f);
	uint32_t tone = pf_rng_below(rng, 8);
	memset(look, 0, sizeof *look);
	look->skin = pf_colour_rgb(skins[tone]);
	look->lips = pf_colour_mix(look->skin, pf_colour_rgb(0x8E2F32), 0.55f);
	int dark = tone >= 3 && tone <= 5;
	look->hair = pf_colour_rgb(dark ? hairs[pf_rng_below(rng, 2)] : pick(rng, hairs, 8));
	look->iris = pf_colour_rgb(dark || pf_rng_chance(rng, 0.5f) ? 0x2B1A10 : 0x44586A);
	const uint32_t *colours = palettes[palette];
	look->shirt = pf_colour_rgb(colours[0]);
	look->shirt2 = pf_colour_rgb(colours[1]);
	look->shorts = pf_colour_rgb(colours[2]);
	look->accent = pf_colour_rgb(colours[3]);
	look->sock = pf_colour_rgb(pf_rng_chance(rng, 0.6f) ? 0xE6E6E2 : 0x26282D);
	look->shoe = pf_colour_rgb(pick(rng, shoes, 8));
	look->sole = pf_colour_rgb(0xDCDCD6);
	look->pattern = pattern;
	look->hair_style = slight ? (pf_hair)(PF_HAIR_TAIL + pf_rng_below(rng, 3))
				  : (pf_hair)(pf_rng_below(rng, 3) == 0 ? PF_HAIR_CROPPED : PF_HAIR_SHORT);
	look->sleeve = pf_rng_chance(rng, 0.5f) ? -1.0f : pf_rng_range(rng, 0.45f, 0.62f);
	look->leg_cover = pf_rng_chance(rng, 0.65f)  ? pf_rng_range(rng, 0.34f, 0.58f)
			  : pf_rng_chance(rng, 0.5f) ? 0.14f
						     : 1.75f;
	look->sock_cover = pf_rng_chance(rng, 0.6f) ? 0.16f : 0.60f;
	look->beard = !slight && pf_rng_chance(rng, 0.3f) ? pf_rng_range(rng, 0.3f, 0.8f) : 0.0f;
	look->number = pf_rng_chance(rng, 0.7f) ? (int)pf_rng_below(rng, 1000) : -1;
	look->headband = pf_rng_chance(rng, 0.07f);
	look->smile = pf_rng_chance(rng, 0.5f) ? pf_rng_range(rng, 0.2f, 0.9f) : 0.0f;
	draw_build(rng, slight, &look->build);
}
