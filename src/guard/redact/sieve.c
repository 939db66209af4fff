/* guard/redact/sieve.c: looks at every byte once.
 *
 * What may begin where is told as by Teddy of Hyperscan: the items are put into 32 groups, and for
 * each of the first four places a byte is looked up in tables of groups, by its two nibbles, or
 * whole where the processor has tables of 128 bytes. A place stays that has one group in all
 * answers. */
#include "guard/redact/sieve.h"

#include "guard/redact/charset.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROWS = 19, REFINE_ROUNDS = 2 };
_Static_assert(SIEVE_SETS == 4, "the sets are joined by name");

/* ---- tables ---- */

/* How often a byte from ' ' to DEL stands in logs and code, of 10,000. */
/* clang-format off */
static const uint16_t byte_weights[96] = {
    1746,   7, 135,  14,   3,   4,  11,  36,  68,  68,  23,  15, 102, 133, 155,  77,
     120, 114, 111,  57,  73,  58,  66,  34,  43,  46, 130,  26,  27,  52,  31,   6,
       9,  41,  25,  37,  24,  48,  22,  16,  11,  45,   3,   6,  31,  24,  33,  35,
      29,   2,  42,  46,  47,  22,   6,  11,   5,   8,   4,  16,  22,  15,   2, 145,
      12, 388, 103, 209, 215, 606, 129,  98, 133, 358,  14,  48, 218, 138, 344, 326,
     173,  13, 333, 355, 483, 185,  47,  47,  35,  74,  12,  29,  21,  29,   4,   1,
};
/* clang-format on */

static unsigned byte_weight(unsigned c) {
    return c >= 0x20 && c < 0x80 ? byte_weights[c - 0x20] : c == '\n' ? 218 : 1;
}

/* How often the bytes of a set stand there, eight at a time. */
struct weights {
    bool is_whole; /* bytes are looked up whole, not by their nibbles */
    uint32_t of[SIEVE_ASCII / 8][256];
};

static void weights_build(struct weights *weights, bool is_whole) {
    weights->is_whole = is_whole;
    for (unsigned k = 0; k < SIEVE_ASCII / 8; k++) {
        weights->of[k][0] = 0;
        for (unsigned set = 1; set < 256; set++) {
            unsigned rest = set & (set - 1);
            unsigned first = (unsigned)__builtin_ctz(set);
            weights->of[k][set] = weights->of[k][rest] + byte_weight(k * 8 + first);
        }
    }
}

static bool is_any_byte(const uint64_t *bytes) { return (bytes[0] & bytes[1]) == ~UINT64_C(0); }

/* The nibbles of the bytes of place `k`. */
static void nibbles_of(const struct sieve_group *group, size_t k, uint16_t *low, uint16_t *high) {
    const uint64_t *bytes = group->bytes[k];

    *low = 0;
    *high = (uint16_t)(group->beyond[k] << 8);
    for (unsigned h = 0; h < SIEVE_ASCII / 16; h++) {
        uint16_t row = (uint16_t)(bytes[h / 4] >> h % 4 * 16);
        *low |= row;
        *high |= (uint16_t)((row != 0) << h);
    }
    *high = is_any_byte(bytes) ? UINT16_MAX : *high;
}

/* What a group lets through at a place, and how often a byte is. */
struct place {
    uint64_t bytes[2];
    uint16_t low;
    uint16_t high;
    uint64_t weight;
};

/* An item or a group on its way: by places, and about how much text it lets through by those from
 * each one on. */
struct load {
    struct place places[SIEVE_WINDOW];
    uint64_t from[SIEVE_WINDOW + 1];
};

/* How often a byte of nibbles `low` and `high` stands in text. */
static uint64_t nibbles_weight(const struct weights *weights, unsigned low, unsigned high) {
    uint64_t sum = 0;

    for (unsigned left = high & 0xff; left != 0; left &= left - 1) {
        unsigned h = (unsigned)__builtin_ctz(left);
        sum += weights->of[h * 2][low & 0xff] + weights->of[h * 2 + 1][low >> 8];
    }
    return sum;
}

/* How often a byte of a set does. */
static uint64_t bytes_weight(const struct weights *weights, uint64_t first, uint64_t second) {
    uint64_t sum = 0;

    for (size_t i = 0; i < SIEVE_ASCII / 16; i++) {
        sum += weights->of[i][first >> i * 8 & 0xff] + weights->of[8 + i][second >> i * 8 & 0xff];
    }
    return sum;
}

/* How often a byte is let through when `place` takes `one` in: mostly they have none in common. */
static inline uint64_t place_weight_with(const struct weights *weights, const struct place *place,
                                         const struct place *one) {
    uint64_t first = one->bytes[0] & place->bytes[0];
    uint64_t second = one->bytes[1] & place->bytes[1];
    unsigned low = place->low | one->low;
    unsigned high = place->high | one->high;

    if (weights->is_whole) {
        uint64_t common = (first | second) == 0 ? 0 : bytes_weight(weights, first, second);
        return place->weight + one->weight - common;
    }
    return low == place->low && high == place->high ? place->weight
                                                    : nibbles_weight(weights, low, high);
}

static void load_join(struct load *load, const struct load *one) {
    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        load->places[k].bytes[0] |= one->places[k].bytes[0];
        load->places[k].bytes[1] |= one->places[k].bytes[1];
        load->places[k].low |= one->places[k].low;
        load->places[k].high |= one->places[k].high;
    }
}

static void load_weigh(const struct weights *weights, struct load *load) {
    load->from[SIEVE_WINDOW] = 1;
    for (size_t k = SIEVE_WINDOW; k-- > 0;) {
        struct place *place = &load->places[k];

        place->weight = weights->is_whole ? bytes_weight(weights, place->bytes[0], place->bytes[1])
                                          : nibbles_weight(weights, place->low, place->high);
        load->from[k] = load->from[k + 1] * place->weight;
    }
}

static struct load load_of(const struct weights *weights, const struct sieve_group *group) {
    struct load load = {0};

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        memcpy(load.places[k].bytes, group->bytes[k], sizeof group->bytes[k]);
        nibbles_of(group, k, &load.places[k].low, &load.places[k].high);
    }
    load_weigh(weights, &load);
    return load;
}

/* How much more text is let through when `load` takes `one` in, or `enough` when that is less. */
static uint64_t load_growth(const struct weights *weights, const struct load *load,
                            const struct load *one, uint64_t enough) {
    uint64_t joined = 1;

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        joined *= place_weight_with(weights, &load->places[k], &one->places[k]);
        if (joined * load->from[k + 1] >= load->from[0] + enough) {
            return enough; /* the places behind grow no less */
        }
    }
    return joined - load->from[0];
}

/* The group that grows least when it takes `one` in. */
static size_t load_best(const struct weights *weights, const struct load *loads,
                        const struct load *one) {
    size_t best = 0;
    uint64_t least = UINT64_MAX / 2;

    for (size_t g = 0; g < SIEVE_GROUPS && least > 0; g++) {
        uint64_t more = load_growth(weights, &loads[g], one, least);
        best = more < least ? g : best;
        least = more < least ? more : least;
    }
    return best;
}

static void group_join(struct sieve_group *group, const struct sieve_group *one) {
    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        group->bytes[k][0] |= one->bytes[k][0];
        group->bytes[k][1] |= one->bytes[k][1];
        group->beyond[k] |= one->beyond[k];
    }
}

static struct sieve_group group_of(const struct sieve_item *item) {
    struct sieve_group group = {0};

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        if (item->first[k] == NULL) {
            memset(group.bytes[k], 0xff, sizeof group.bytes[k]);
            continue;
        }
        for (const char *p = item->first[k]; *p != '\0'; p++) {
            unsigned char c = (unsigned char)*p;
            group.bytes[k][c / 64 % 2] |= UINT64_C(1) << c % 64;
            group.beyond[k] |= c < SIEVE_ASCII ? 0 : (uint8_t)(1 << (c / 16 - 8));
        }
    }
    return group;
}

static void sieve_fill(struct sieve *sieve, size_t g) {
    const struct sieve_group *group = &sieve->groups[g];

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        uint16_t low = 0;
        uint16_t high = 0;

        nibbles_of(group, k, &low, &high);
        for (unsigned i = 0; i < 16; i++) {
            sieve->low[g / 8][k][i] |= (uint8_t)((low >> i & 1U) << g % 8);
            sieve->high[g / 8][k][i] |= (uint8_t)((high >> i & 1U) << g % 8);
        }
        for (unsigned c = 0; c < 256; c++) {
            unsigned is_in = (unsigned)low >> (c & 15) & (unsigned)high >> (c >> 4) & 1U;
            sieve->accept[k][c] |= (uint32_t)(is_in << g);
        }
        for (unsigned c = 0; c < SIEVE_ASCII; c++) {
            sieve->whole[g / 8][k][c] |=
                (uint8_t)((group->bytes[k][c / 64] >> c % 64 & 1) << g % 8);
        }
    }
}

enum sieve_way sieve_best_way(void) {
#if defined(__x86_64__)
    bool has_bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

    if (has_bmi && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
        bool has_vbmi =
            __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
        return has_vbmi ? SIEVE_VBMI : SIEVE_AVX512;
    }
    if (has_bmi && __builtin_cpu_supports("avx2")) {
        return SIEVE_AVX2;
    }
#endif
    return SIEVE_PLAIN;
}

/* An item on its way into a group. */
struct placing {
    struct sieve_group one;
    struct load load;
    size_t next; /* the one in the same group before it, plus 1 */
};

static int placing_compare(const void *a, const void *b) {
    const struct placing *x = a;
    const struct placing *y = b;

    return (x->load.from[0] < y->load.from[0]) - (x->load.from[0] > y->load.from[0]);
}

/* The groups, and the last item in each, plus 1. */
struct placings {
    struct placing *items;
    struct load loads[SIEVE_GROUPS];
    size_t last[SIEVE_GROUPS];
};

/* Takes item `at` out of group `g`. */
static void placing_take(const struct weights *weights, struct placings *placings, size_t g,
                         size_t at) {
    placings->loads[g] = (struct load){0};
    for (size_t *link = &placings->last[g]; *link != 0;) {
        struct placing *item = &placings->items[*link - 1];

        if (*link == at + 1) {
            *link = item->next;
        } else {
            load_join(&placings->loads[g], &item->load);
            link = &item->next;
        }
    }
    load_weigh(weights, &placings->loads[g]);
}

/* Puts item `at` where it costs least, given where the others are; returns where. */
static size_t placing_put(const struct weights *weights, struct placings *placings, size_t at) {
    struct placing *item = &placings->items[at];
    size_t g = load_best(weights, placings->loads, &item->load);

    load_join(&placings->loads[g], &item->load);
    load_weigh(weights, &placings->loads[g]);
    item->next = placings->last[g];
    placings->last[g] = at + 1;
    return g;
}

/* What text has often comes first, and each is placed anew when the others are. */
void sieve_build(struct sieve *sieve, const struct sieve_item *items, size_t n) {
    struct placings placings = {.items = mem_array(n + 1, sizeof placings.items[0])};
    size_t *groups = mem_array(n + 1, sizeof groups[0]);
    struct weights weights;

    *sieve = (struct sieve){.way = sieve_best_way()};
    weights_build(&weights, sieve->way == SIEVE_VBMI);
    for (size_t g = 0; g < SIEVE_GROUPS; g++) {
        load_weigh(&weights, &placings.loads[g]);
    }
    for (size_t i = 0; i < n; i++) {
        placings.items[i].one = group_of(&items[i]);
        placings.items[i].load = load_of(&weights, &placings.items[i].one);
    }
    qsort(placings.items, n, sizeof placings.items[0], placing_compare);
    for (int round = 0; round < 1 + REFINE_ROUNDS; round++) {
        for (size_t i = 0; i < n; i++) {
            if (round > 0) {
                placing_take(&weights, &placings, groups[i], i);
            }
            groups[i] = placing_put(&weights, &placings, i);
        }
    }
    for (size_t i = 0; i < n; i++) {
        group_join(&sieve->groups[groups[i]], &placings.items[i].one);
    }
    for (size_t g = 0; g < SIEVE_GROUPS; g++) {
        sieve_fill(sieve, g);
    }
    free(groups);
    free(placings.items);
}

void sieve_add(struct sieve *sieve, const struct sieve_item *item) {
    struct sieve_group one = group_of(item);
    struct load loads[SIEVE_GROUPS];
    struct weights weights;

    weights_build(&weights, sieve->way == SIEVE_VBMI);
    for (size_t g = 0; g < SIEVE_GROUPS; g++) {
        loads[g] = load_of(&weights, &sieve->groups[g]);
    }
    struct load load = load_of(&weights, &one);
    size_t best = load_best(&weights, loads, &load);
    group_join(&sieve->groups[best], &one);
    sieve_fill(sieve, best);
}

/* ---- looking ---- */

void sift_done(struct sift *sift) {
    free(sift->anchors);
    free(sift->people);
    *sift = (struct sift){0};
}

static void sift_reserve(struct sift *sift, size_t n) {
    sift->words = n / 64 + 1;
    if (sift->cap < sift->words + SIEVE_BLOCK) {
        free(sift->anchors);
        sift->cap = sift->words + sift->words / 2 + SIEVE_BLOCK;
        sift->anchors = mem_array(sift->cap * ROWS, sizeof sift->anchors[0]);
    }
    sift->known = sift->anchors + sift->cap;
    sift->runs = sift->known + sift->cap;
    sift->hexes = sift->runs + sift->cap;
    sift->uppers = sift->hexes + sift->cap;
    sift->odds = sift->uppers + sift->cap;
    sift->ends = sift->odds + sift->cap;
    sift->letters = sift->ends + sift->cap;
    sift->nibbles = sift->letters + sift->cap;
    sift->digits = sift->nibbles + sift->cap;
    sift->numbers = sift->digits + sift->cap;
    sift->dots = sift->numbers + sift->cap;
    sift->ats = sift->dots + sift->cap;
    sift->openers = sift->ats + sift->cap;
    sift->persons = sift->openers + sift->cap;
    sift->looks = sift->persons + sift->cap;
    sift->hints = sift->looks + sift->cap;
    sift->marks = sift->hints + sift->cap;
    sift->values = sift->marks + sift->cap;
    sift->letters[-1] = 0; /* the end of another row, which it does not use */
    sift->nibbles[-1] = 0;
    memset(&sift->uppers[sift->words], 0, sizeof(sieve_block));
    memset(&sift->digits[sift->words], 0, sizeof(sieve_block));
    memset(&sift->numbers[sift->words], 0, sizeof(sieve_block));
}

void sift_add_person(struct sift *sift, struct sifted_person person) {
    if (sift->people_n == sift->people_cap) {
        sift->people_cap = sift->people_cap == 0 ? 16 : sift->people_cap * 2;
        sift->people = mem_resize(sift->people, sift->people_cap * sizeof sift->people[0]);
    }
    sift->people[sift->people_n++] = person;
    bit_set(sift->persons, person.at);
}

const struct sifted_person *sift_person(const struct sift *sift, size_t at) {
    size_t from = 0;
    size_t to = sift->people_n;

    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;
        from = sift->people[middle].at <= at ? middle : from;
        to = sift->people[middle].at <= at ? to : middle;
    }
    return &sift->people[from];
}

void sift_mark(struct sift *sift) {
    for (size_t i = 0; i < sift->words; i++) {
        sift->marks[i] = sift->anchors[i] | sift->known[i] | sift->persons[i] | sift->runs[i] |
                         sift->values[i] | sift->odds[i];
    }
}

/* What 64 bytes say; of `anchors` the last three places look at the bytes after them too. */
struct sifted {
    uint64_t anchors;
    uint64_t runs;
    uint64_t hexes;
    uint64_t uppers;
    uint64_t odds;
    uint64_t ends;
    uint64_t digits;
    uint64_t numbers;
    uint64_t dots;
    uint64_t ats;
    uint64_t openers;
};

static inline void sift_keep(struct sift *sift, size_t word, const struct sifted *got) {
    sift->anchors[word] = got->anchors;
    sift->letters[word] = got->runs;
    sift->nibbles[word] = got->hexes;
    sift->uppers[word] = got->uppers;
    sift->odds[word] = got->odds;
    sift->ends[word] = got->ends;
    sift->digits[word] = got->digits;
    sift->numbers[word] = got->numbers;
    sift->dots[word] = got->dots;
    sift->ats[word] = got->ats;
    sift->openers[word] = got->openers;
}

static struct sifted sift_64_plain(const struct sieve *sieve, const char *p) {
    const unsigned char *u = (const unsigned char *)p;
    struct sifted out = {0};

    for (unsigned i = 0; i < 64; i++) {
        uint32_t groups = UINT32_MAX;
        char c = p[i];

        for (size_t k = 0; k < SIEVE_WINDOW; k++) {
            groups &= sieve->accept[k][u[i + k]];
        }
        bool is_run = is_alnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
        bool is_odd = c == '\0' || c == '\\' || c == '%' || u[i] > 0x7f;
        out.anchors |= (uint64_t)(groups != 0) << i;
        out.runs |= (uint64_t)is_run << i;
        out.hexes |= (uint64_t)is_hex(c) << i;
        out.uppers |= (uint64_t)(c >= 'A' && c <= 'Z') << i;
        out.odds |= (uint64_t)is_odd << i;
        out.ends |= (uint64_t)(c == '\n' || c == '\r') << i;
        out.digits |= (uint64_t)is_digit(c) << i;
        out.numbers |= (uint64_t)(is_digit(c) || is_any(c, " -./()")) << i;
        out.dots |= (uint64_t)(c == '.') << i;
        out.ats |= (uint64_t)(c == '@') << i;
        out.openers |= (uint64_t)(c == '+' || c == '(') << i;
    }
    return out;
}

#if defined(__x86_64__)

/* Classes of a byte, by its nibbles as above. Of the first table: + - / ; digits; A-O; P-Z; a-o;
 * p-z; _ ; CR and LF. Of the second: NUL; \ ; % ; blank ( ) - . / ; @ ; ( + ; a-f and A-F. */
static const uint8_t class_low[2][16] = {
    {0x2a, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0xbc, 0x15, 0x14, 0x95, 0x14,
     0x55},
    {0x31, 0x80, 0x80, 0x80, 0x80, 0x84, 0x80, 0, 0x50, 0x10, 0, 0x40, 0x02, 0x10, 0x10, 0x10}};
static const uint8_t class_high[2][16] = {{0x80, 0, 0x01, 0x02, 0x04, 0x48, 0x10, 0x20},
                                          {0x01, 0, 0x54, 0, 0xa0, 0x02, 0x80}};
enum {
    FIRST_RUN = 0x7f,
    FIRST_UPPER = 0x0c,
    FIRST_DIGIT = 0x02,
    SECOND_ODD = 0x07,
    SECOND_NUMBER = 0x10,
    SECOND_AT = 0x20,
    SECOND_OPENER = 0x40
};

/* ---- 32 at a time ---- */

#define AVX2_INLINE SIEVE_TARGET_AVX2 SIEVE_INLINE

AVX2_INLINE __m256i load_32(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

AVX2_INLINE __m256i table_32(const void *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

AVX2_INLINE __m256i low_32(__m256i v) { return _mm256_and_si256(v, _mm256_set1_epi8(15)); }

AVX2_INLINE __m256i high_32(__m256i v) { return low_32(_mm256_srli_epi16(v, 4)); }

AVX2_INLINE uint64_t mask_32(__m256i v) { return (uint32_t)_mm256_movemask_epi8(v); }

/* Where a byte has one of the lower seven bits of `of`. */
AVX2_INLINE __m256i any_32(__m256i v, char of) {
    return _mm256_add_epi8(_mm256_and_si256(v, _mm256_set1_epi8(of)), _mm256_set1_epi8(0x7f));
}

AVX2_INLINE __m256i class_32(size_t table, __m256i v) {
    return _mm256_and_si256(_mm256_shuffle_epi8(table_32(class_low[table]), low_32(v)),
                            _mm256_shuffle_epi8(table_32(class_high[table]), high_32(v)));
}

AVX2_INLINE void classes_32(const char *p, bool has_numbers, unsigned shift, struct sifted *out) {
    __m256i bytes = load_32(p);
    __m256i first = class_32(0, bytes);
    __m256i second = class_32(1, bytes);
    uint64_t digits = mask_32(any_32(first, FIRST_DIGIT));

    out->runs |= mask_32(any_32(first, FIRST_RUN)) << shift;
    out->uppers |= mask_32(any_32(first, FIRST_UPPER)) << shift;
    out->ends |= mask_32(first) << shift;
    out->digits |= digits << shift;
    out->hexes |= (mask_32(second) | digits) << shift;
    out->odds |= mask_32(_mm256_or_si256(any_32(second, SECOND_ODD), bytes)) << shift;
    if (has_numbers) {
        out->numbers |= (mask_32(any_32(second, SECOND_NUMBER)) | digits) << shift;
        out->dots |= mask_32(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('.'))) << shift;
        out->ats |= mask_32(any_32(second, SECOND_AT)) << shift;
        out->openers |= mask_32(any_32(second, SECOND_OPENER)) << shift;
    }
}

AVX2_INLINE uint64_t anchors_64_avx2(const struct sieve *sieve, const char *p) {
    __m256i a[SIEVE_SETS];
    __m256i b[SIEVE_SETS];

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        __m256i va = load_32(p + k);
        __m256i vb = load_32(p + 32 + k);
        for (size_t s = 0; s < SIEVE_SETS; s++) {
            __m256i low = table_32(sieve->low[s][k]);
            __m256i high = table_32(sieve->high[s][k]);
            __m256i in_a = _mm256_and_si256(_mm256_shuffle_epi8(low, low_32(va)),
                                            _mm256_shuffle_epi8(high, high_32(va)));
            __m256i in_b = _mm256_and_si256(_mm256_shuffle_epi8(low, low_32(vb)),
                                            _mm256_shuffle_epi8(high, high_32(vb)));
            a[s] = k == 0 ? in_a : _mm256_and_si256(a[s], in_a);
            b[s] = k == 0 ? in_b : _mm256_and_si256(b[s], in_b);
        }
    }
    __m256i any_a = _mm256_or_si256(_mm256_or_si256(a[0], a[1]), _mm256_or_si256(a[2], a[3]));
    __m256i any_b = _mm256_or_si256(_mm256_or_si256(b[0], b[1]), _mm256_or_si256(b[2], b[3]));
    __m256i zero = _mm256_setzero_si256();
    return ~(mask_32(_mm256_cmpeq_epi8(any_a, zero)) | mask_32(_mm256_cmpeq_epi8(any_b, zero))
                                                           << 32);
}

AVX2_INLINE void sift_words_32(const struct sieve *sieve, const char *p, size_t n, bool has_numbers,
                               struct sift *sift, size_t word) {
    for (size_t i = 0; i < n; i++) {
        struct sifted got = {.anchors = anchors_64_avx2(sieve, p + i * 64)};

        classes_32(p + i * 64, has_numbers, 0, &got);
        classes_32(p + i * 64 + 32, has_numbers, 32, &got);
        sift_keep(sift, word + i, &got);
    }
}

/* Compiled once for each value of `has_numbers`. */
SIEVE_TARGET_AVX2 static void sift_words_avx2(const struct sieve *sieve, const char *p, size_t n,
                                              bool has_numbers, struct sift *sift, size_t word) {
    if (has_numbers) {
        sift_words_32(sieve, p, n, true, sift, word);
    } else {
        sift_words_32(sieve, p, n, false, sift, word);
    }
}

/* ---- 64 at a time ---- */

#define AVX512_INLINE SIEVE_TARGET_AVX512 SIEVE_INLINE

AVX512_INLINE __m512i table_64(const void *p) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)p));
}

AVX512_INLINE __m512i low_64(__m512i v) { return _mm512_and_si512(v, _mm512_set1_epi8(15)); }

AVX512_INLINE __m512i high_64(__m512i v) { return low_64(_mm512_srli_epi16(v, 4)); }

AVX512_INLINE uint64_t any_64(__m512i v, char of) {
    return _mm512_test_epi8_mask(v, _mm512_set1_epi8(of));
}

AVX512_INLINE __m512i class_64(size_t table, __m512i v) {
    return _mm512_and_si512(_mm512_shuffle_epi8(table_64(class_low[table]), low_64(v)),
                            _mm512_shuffle_epi8(table_64(class_high[table]), high_64(v)));
}

AVX512_INLINE void classes_64(__m512i bytes, bool has_numbers, struct sifted *out) {
    __m512i first = class_64(0, bytes);
    __m512i second = class_64(1, bytes);

    out->runs = any_64(first, FIRST_RUN);
    out->uppers = any_64(first, FIRST_UPPER);
    out->ends = _mm512_movepi8_mask(first);
    out->digits = any_64(first, FIRST_DIGIT);
    out->hexes = _mm512_movepi8_mask(second) | out->digits;
    out->odds = any_64(second, SECOND_ODD) | _mm512_movepi8_mask(bytes);
    if (has_numbers) {
        out->numbers = any_64(second, SECOND_NUMBER) | out->digits;
        out->dots = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('.'));
        out->ats = any_64(second, SECOND_AT);
        out->openers = any_64(second, SECOND_OPENER);
    }
}

AVX512_INLINE void sift_words_64(const struct sieve *sieve, const char *p, size_t n,
                                 bool has_numbers, struct sift *sift, size_t word) {
    for (size_t i = 0; i < n; i++, p += 64) {
        __m512i groups[SIEVE_SETS];
        struct sifted got = {0};

        for (size_t k = 0; k < SIEVE_WINDOW; k++) {
            __m512i bytes = _mm512_loadu_si512(p + k);
            for (size_t s = 0; s < SIEVE_SETS; s++) {
                __m512i low = _mm512_shuffle_epi8(table_64(sieve->low[s][k]), low_64(bytes));
                __m512i high = _mm512_shuffle_epi8(table_64(sieve->high[s][k]), high_64(bytes));
                groups[s] = k == 0 ? _mm512_and_si512(low, high)
                                   : _mm512_ternarylogic_epi32(groups[s], low, high, 0x80);
            }
            if (k == 0) {
                classes_64(bytes, has_numbers, &got);
            }
        }
        __m512i any = _mm512_or_si512(
            groups[0], _mm512_ternarylogic_epi32(groups[1], groups[2], groups[3], 0xfe));
        got.anchors = _mm512_test_epi8_mask(any, any);
        sift_keep(sift, word + i, &got);
    }
}

#define VBMI_INLINE SIEVE_TARGET_VBMI SIEVE_INLINE

/* The groups of 64 bytes; one above 0x7f is looked up as another. */
VBMI_INLINE __m512i whole_64(const uint8_t *table, __m512i bytes) {
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(table), bytes,
                                    _mm512_loadu_si512(table + 64));
}

VBMI_INLINE void sift_whole_64(const struct sieve *sieve, const char *p, size_t n, bool has_numbers,
                               struct sift *sift, size_t word) {
    for (size_t i = 0; i < n; i++, p += 64) {
        struct sifted got = {0};
        __m512i bytes = _mm512_loadu_si512(p);
        __m512i groups[SIEVE_SETS];

        classes_64(bytes, has_numbers, &got);
        for (size_t s = 0; s < SIEVE_SETS; s++) {
            groups[s] = whole_64(sieve->whole[s][0], bytes);
        }
        for (size_t k = 1; k < SIEVE_WINDOW; k++) {
            bytes = _mm512_loadu_si512(p + k);
            for (size_t s = 0; s < SIEVE_SETS; s++) {
                groups[s] = _mm512_and_si512(groups[s], whole_64(sieve->whole[s][k], bytes));
            }
        }
        __m512i any = _mm512_or_si512(
            groups[0], _mm512_ternarylogic_epi32(groups[1], groups[2], groups[3], 0xfe));
        got.anchors = _mm512_test_epi8_mask(any, any);
        sift_keep(sift, word + i, &got);
    }
}

SIEVE_TARGET_VBMI static void sift_words_vbmi(const struct sieve *sieve, const char *p, size_t n,
                                              bool has_numbers, struct sift *sift, size_t word) {
    if (has_numbers) {
        sift_whole_64(sieve, p, n, true, sift, word);
    } else {
        sift_whole_64(sieve, p, n, false, sift, word);
    }
}

SIEVE_TARGET_AVX512 static void sift_words_avx512(const struct sieve *sieve, const char *p,
                                                  size_t n, bool has_numbers, struct sift *sift,
                                                  size_t word) {
    if (has_numbers) {
        sift_words_64(sieve, p, n, true, sift, word);
    } else {
        sift_words_64(sieve, p, n, false, sift, word);
    }
}

#endif

/* ---- any way ---- */

static void sift_words(const struct sieve *sieve, const char *p, size_t n, bool has_numbers,
                       struct sift *sift, size_t word) {
    (void)has_numbers; /* the plain way tells everything */
#if defined(__x86_64__)
    if (sieve->way == SIEVE_VBMI) {
        sift_words_vbmi(sieve, p, n, has_numbers, sift, word);
        return;
    }
    if (sieve->way == SIEVE_AVX512) {
        sift_words_avx512(sieve, p, n, has_numbers, sift, word);
        return;
    }
    if (sieve->way == SIEVE_AVX2) {
        sift_words_avx2(sieve, p, n, has_numbers, sift, word);
        return;
    }
#endif
    for (size_t i = 0; i < n; i++) {
        struct sifted got = sift_64_plain(sieve, p + i * 64);

        sift_keep(sift, word + i, &got);
    }
}

/* Bit i of the result: bits i, i - 1, ... i - n + 1 were set, where `before` is the word before. */
#define AND_SHIFTED(word, before, n) ((word) & ((word) << (n) | (before) >> (64 - (n))))

/* The last bits of eight that are set in a row, of a block of words and of the words one before
 * them. Of a word before another only the upper half matters. */
SIEVE_INLINE void eights_of(const uint64_t *bits, sieve_block *out, sieve_block *out_before) {
    sieve_block now;
    sieve_block before;

    memcpy(&now, bits, sizeof now);
    memcpy(&before, bits - 1, sizeof before);
    sieve_block two_before = before & before << 1;
    sieve_block four_before = two_before & two_before << 2;
    sieve_block two = AND_SHIFTED(now, before, 1);
    sieve_block four = AND_SHIFTED(two, two_before, 2);
    *out_before = four_before & four_before << 4;
    *out = AND_SHIFTED(four, four_before, 4);
}

/* Fills `out` with what follows the 23rd bit of each run of `bits`, whole blocks. */
SIEVE_INLINE void runs_long(const uint64_t *bits, size_t words, uint64_t *out) {
    for (size_t word = 0; word < words; word += SIEVE_BLOCK) {
        sieve_block eight;
        sieve_block eight_before;

        eights_of(bits + word, &eight, &eight_before);
        sieve_block run = AND_SHIFTED(eight, eight_before, 8) & (eight << 16 | eight_before >> 48);
        memcpy(out + word, &run, sizeof run);
    }
}

/* The 16th character of each run, but of what begins with eight hexadecimal digits: ids, digests.
 */
SIEVE_INLINE void values_find(struct sift *sift) {
    for (size_t word = 0; word < sift->words; word += SIEVE_BLOCK) {
        sieve_block eight;
        sieve_block eight_before;
        sieve_block hex_eight;
        sieve_block hex_eight_before;

        eights_of(sift->letters + word, &eight, &eight_before);
        eights_of(sift->nibbles + word, &hex_eight, &hex_eight_before);
        sieve_block sixteen_before = eight_before & eight_before << 8;
        sieve_block sixteen = AND_SHIFTED(eight, eight_before, 8);
        sieve_block first = sixteen & ~(sixteen << 1 | sixteen_before >> 63) &
                            ~(hex_eight << 8 | hex_eight_before >> 56);
        memcpy(sift->values + word, &first, sizeof first);
    }
}

/* Leaves of each run what follows its 23rd character. */
SIEVE_INLINE void runs_keep_long(struct sift *sift) {
    runs_long(sift->letters, sift->words, sift->runs);
    runs_long(sift->nibbles, sift->words, sift->hexes);
    values_find(sift);
}

#if defined(__x86_64__)
SIEVE_TARGET_AVX512 static void runs_keep_long_avx512(struct sift *sift) { runs_keep_long(sift); }

SIEVE_TARGET_AVX2 static void runs_keep_long_avx2(struct sift *sift) { runs_keep_long(sift); }
#endif

static void runs_keep(struct sift *sift) {
#if defined(__x86_64__)
    if (sift->way >= SIEVE_AVX512) {
        runs_keep_long_avx512(sift);
        return;
    }
    if (sift->way == SIEVE_AVX2) {
        runs_keep_long_avx2(sift);
        return;
    }
#endif
    runs_keep_long(sift);
}

/* Adds the places of the bits; without a branch on how many, as far as they are few. */
SIEVE_INLINE size_t places_add(uint64_t bits, uint32_t base, uint32_t *places, size_t n) {
    static const uint64_t last = UINT64_C(1) << 63; /* so that there is one */
    size_t all = (size_t)__builtin_popcountll(bits);

    for (size_t k = 0; k < 2; k++) { /* mostly enough; what is too much is overwritten */
        places[n + k] = base + (uint32_t)__builtin_ctzll(bits | last);
        bits &= bits - 1;
    }
    for (size_t k = 2; k < all; k++) {
        places[n + k] = base + (uint32_t)__builtin_ctzll(bits);
        bits &= bits - 1;
    }
    return n + all;
}

SIEVE_INLINE size_t places_read(const struct sift *sift, const uint64_t *bits, size_t word,
                                uint32_t *places) {
    size_t to = word + SIEVE_BATCH < sift->words ? word + SIEVE_BATCH : sift->words;
    size_t n = 0;

    for (size_t i = word; i < to; i++) {
        n = places_add(bits[i], (uint32_t)(i * 64), places, n);
    }
    return n;
}

#if defined(__x86_64__)
/* The places of a word at once, sixteen by sixteen. */
SIEVE_TARGET_VBMI static size_t places_read_vbmi(const struct sift *sift, const uint64_t *bits,
                                                 size_t word, uint32_t *places) {
    static const uint8_t first[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    size_t to = word + SIEVE_BATCH < sift->words ? word + SIEVE_BATCH : sift->words;
    const __m512i all = _mm512_loadu_si512(first);
    size_t n = 0;

    for (size_t i = word; i < to; i++) {
        __m512i within = _mm512_maskz_compress_epi8(bits[i], all);
        __m512i base = _mm512_set1_epi32((int)(i * 64));
        size_t here = (size_t)__builtin_popcountll(bits[i]);
        __m512i some = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(within));
        _mm512_storeu_si512(places + n, _mm512_add_epi32(some, base));
        for (size_t k = 16; k < here; k += 16) { /* seldom */
            within = _mm512_alignr_epi64(within, within, 2);
            some = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(within));
            _mm512_storeu_si512(places + n + k, _mm512_add_epi32(some, base));
        }
        n += here;
    }
    return n;
}

SIEVE_TARGET_AVX2 static size_t places_read_avx2(const struct sift *sift, const uint64_t *bits,
                                                 size_t word, uint32_t *places) {
    return places_read(sift, bits, word, places);
}
#endif

size_t sift_places(const struct sift *sift, const uint64_t *bits, size_t word, uint32_t *places) {
#if defined(__x86_64__)
    if (sift->way == SIEVE_VBMI) {
        return places_read_vbmi(sift, bits, word, places);
    }
    if (sift->way != SIEVE_PLAIN) {
        return places_read_avx2(sift, bits, word, places);
    }
#endif
    return places_read(sift, bits, word, places);
}

size_t sift_take_places(const struct sift *sift, uint64_t *bits, size_t word, uint32_t *places) {
    size_t left = sift->words - word;
    size_t n = sift_places(sift, bits, word, places);

    memset(&bits[word], 0, (left < SIEVE_BATCH ? left : SIEVE_BATCH) * sizeof bits[0]);
    return n;
}

void sieve_run(const struct sieve *sieve, struct str text, bool has_numbers, struct sift *sift) {
    char tail[128] = {0};

    sift_reserve(sift, text.len);
    sift->way = sieve->way;
    sift->people_n = 0;
    size_t whole = text.len < SIEVE_WINDOW ? 0 : (text.len - SIEVE_WINDOW + 1) / 64;
    sift_words(sieve, text.ptr, whole, has_numbers, sift, 0);
    size_t left = text.len - whole * 64; /* at most 66 */
    if (left > 0) {
        memcpy(tail, text.ptr + whole * 64, left);
    }
    size_t last = sift->words - whole;
    for (size_t i = 0; i < last; i++) {
        char part[128] = {0};

        memcpy(part, tail + i * 64, 128 - i * 64);
        sift_words(sieve, part, 1, has_numbers, sift, whole + i);
    }
    mem_wipe(tail, sizeof tail);
    bits_clear(sift->anchors, text.len, sift->words * 64);
    bits_clear(sift->odds, text.len, sift->words * 64);
    memset(sift->known, 0, sift->words * sizeof sift->known[0]);
    memset(sift->persons, 0, sift->words * sizeof sift->persons[0]);
    memset(sift->looks, 0, sift->words * sizeof sift->looks[0]);
    memset(sift->hints, 0, sift->words * sizeof sift->hints[0]);
    runs_keep(sift);
}
