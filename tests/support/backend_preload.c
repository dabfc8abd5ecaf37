/* SPDX-License-Identifier: MIT
 *
 * Which backend of libevent whoever does not choose one gets while the tests run: NAVE_TEST_BACKEND. It is
 * preloaded into every program of a test run (tests/local.mk), so the shipped code knows nothing of it. A
 * program that asks for a backend itself, by avoiding all others, gets that.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

/* 1: somebody has chosen for the configuration that is being made. */
static __thread int has_choice;

#define EXPORT __attribute__((visibility("default")))

typedef struct event_config *new_fn(void);
typedef int avoid_fn(struct event_config *config, const char *method);
typedef struct event_base *base_fn(const struct event_config *config);

/* The library's own function. dlsym gives an object pointer, which POSIX lets be a function's. */
static void find(const char *name, void *fn, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        abort();
    memcpy(fn, &found, size);
}

EXPORT struct event_config *event_config_new(void)
{
    new_fn *real;

    find("event_config_new", &real, sizeof(real));
    has_choice = 0;
    return real();
}

EXPORT int event_config_avoid_method(struct event_config *config, const char *method)
{
    avoid_fn *real;

    find("event_config_avoid_method", &real, sizeof(real));
    has_choice = 1;
    return real(config, method);
}

/* The core makes, fills, uses and frees a configuration in one go, on one thread, so the one that is used
 * is the one that was made last. */
EXPORT struct event_base *event_base_new_with_config(const struct event_config *config)
{
    const char *wanted = getenv("NAVE_TEST_BACKEND");
    const char **have = event_get_supported_methods();
    avoid_fn *avoid;
    base_fn *real;
    size_t i;

    find("event_config_avoid_method", &avoid, sizeof(avoid));
    find("event_base_new_with_config", &real, sizeof(real));
    for (i = 0; wanted && !has_choice && have[i]; i++)
        if (strcmp(have[i], wanted) != 0 &&
            avoid((struct event_config *)(uintptr_t)config, have[i]) != 0)
            return NULL;
    return real(config);
}
