/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target without a fuzzer: each seed of the corpus as it stands, cut everywhere, and
 * mutated, by a generator whose numbers are the same each time. With libFuzzer this file is left out.
 *
 *     fuzz_NAME [FOLDER [RUNS]]        FOLDER: $top_srcdir/tests/fuzz/corpus/NAME
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_MAX 256
#define BYTES_MAX 16384u
#define RUNS      20000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct seed {
    uint8_t *data;
    size_t size;
} seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

/* Exactly as long as the input, so that a sanitizer sees a read beyond. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    if (!copy)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_seeds(const char *folder)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, by_name);
    char path[4096];
    int i;

    for (i = 0; i < n; i++) {
        FILE *f;

        f = NULL;
        if (names[i]->d_name[0] != '.' &&
            snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name) < (int)sizeof(path))
            f = fopen(path, "rb");
        if (f && seed_count < SEEDS_MAX) {
            struct seed *s = &seeds[seed_count++];

            s->data = malloc(BYTES_MAX);
            if (!s->data)
                abort();
            s->size = fread(s->data, 1, BYTES_MAX, f);
        }
        if (f)
            fclose(f);
        free(names[i]);
    }
    free(names);
}

/* One change of `data`: its new size. */
static size_t mutate(uint8_t *data, size_t size)
{
    static const char *const words[] = {"\r\n",    "\n",   "\r",   "\t",
                                        " ",       ":",    ",",    ";",
                                        "%2e",     "%2F",  "%00",  "/../",
                                        "//",      "0",    "-1",   "18446744073709551616",
                                        "chunked", "\"",   "\\",   "{",
                                        "[",       "\x1f", "\xff", "\xc3\xa9"};
    const struct seed *other = &seeds[next() % seed_count];
    size_t at = size ? next() % size : 0;
    size_t len, from;
    const char *word;

    switch (next() % 7) {
    case 0:
        if (size)
            data[at] ^= (uint8_t)(1u << next() % 8);
        return size;
    case 1:
        if (size)
            data[at] = (uint8_t)next();
        return size;
    case 2: /* take out */
        len = size - at < 8 ? size - at : next() % 8;
        memmove(data + at, data + at + len, size - at - len);
        return size - len;
    case 3: /* put in a word */
        word = words[next() % (sizeof(words) / sizeof(words[0]))];
        len = strlen(word);
        if (size + len > BYTES_MAX)
            return size;
        memmove(data + at + len, data + at, size - at);
        memcpy(data + at, word, len);
        return size + len;
    case 4: /* say something twice */
        len = size - at < 64 ? size - at : next() % 64;
        if (size + len > BYTES_MAX)
            return size;
        memmove(data + at + len, data + at, size - at);
        return size + len;
    case 5: /* go on as another seed does */
        from = other->size ? next() % other->size : 0;
        len = other->size - from;
        if (at + len > BYTES_MAX)
            len = BYTES_MAX - at;
        memcpy(data + at, other->data + from, len);
        return at + len;
    default:
        return at; /* cut */
    }
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    const char *name = strrchr(argv[0], '/');
    unsigned long runs = argc > 2 ? strtoul(argv[2], NULL, 10) : RUNS;
    static uint8_t data[BYTES_MAX];
    char folder[4096];
    size_t i, k, size;
    unsigned long n;

    name = name ? name + 1 : argv[0];
    if (strncmp(name, "lt-", 3) == 0)
        name += 3;
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    read_seeds(argc > 1 ? argv[1] : folder);
    if (seed_count == 0) {
        fprintf(stderr, "no seeds in %s\n", argc > 1 ? argv[1] : folder);
        return 1;
    }
    for (i = 0; i < seed_count; i++)
        for (k = 0; k <= seeds[i].size; k++)
            run(seeds[i].data, k);
    for (n = 0; n < runs; n++) {
        const struct seed *s = &seeds[next() % seed_count];
        uint32_t changes = 1 + next() % 4;

        memcpy(data, s->data, s->size);
        for (size = s->size; changes > 0; changes--)
            size = mutate(data, size);
        run(data, size);
    }
    printf("%zu seeds, %lu mutations\n", seed_count, runs);
    for (i = 0; i < seed_count; i++)
        free(seeds[i].data);
    return 0;
}
