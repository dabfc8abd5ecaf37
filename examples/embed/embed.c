/* SPDX-License-Identifier: MIT
 *
 * A program with Nave in it: a handler of its own, protocols from the installed plugins.
 *
 *     cc embed.c $(pkg-config --cflags --libs nave) -o embed && ./embed
 *     curl http://127.0.0.1:8080/
 */
#include <nave/nave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hello(struct nave_http *x, void *user)
{
    uint64_t *guests = user; /* all workers are here at the same time */
    char text[64];
    int len = snprintf(text, sizeof(text), "Hello, guest %llu!\n",
                       (unsigned long long)__atomic_add_fetch(guests, 1, __ATOMIC_RELAXED));

    (void)nave_http_respond_text(x, 200, "text/plain", 10, text, (size_t)len);
}

#define NAVE_STATIC_PLUGIN
#define NAVE_HANDLERS_NAME     app
#define NAVE_HANDLERS_ID       "app"
#define NAVE_HANDLERS(HANDLER) HANDLER(hello, "greets and counts")
#include <nave/handlers.h>

static const char config[] =
    "{\"plugins\": {\"tcp\": {}, \"http1\": {}, \"app\": {},\n"
    "              \"router\": {\"routes\": [{\"GET /\": {\"hello\": {}}}]}},\n"
    " \"listeners\": [{\"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";

#ifdef EMBED_STATIC /* the plugins are linked into the program; nothing is loaded */
const struct nave_plugin *tcp_plugin_entry_v1(void);
const struct nave_plugin *http1_plugin_entry_v1(void);
const struct nave_plugin *router_plugin_entry_v1(void);
#    define PLUGINS tcp_plugin_entry_v1, http1_plugin_entry_v1, router_plugin_entry_v1,
#else
#    define PLUGINS
#endif

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* embed [FILE]: FILE is a configuration in the place of ours. */
int main(int argc, char **argv)
{
    static const nave_plugin_entry_fn parts[] = {app_plugin_entry_v1, PLUGINS NULL};
    uint64_t guests = 0;
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .flags = NAVE_RUNTIME_SIGNALS,
                                           .report = show,
                                           .static_plugins = parts,
                                           .plugin_path = getenv("NAVE_PLUGIN_PATH"),
                                           .log_level = NAVE_LOG_INFO,
                                           .user = &guests};
    struct nave_runtime *runtime = NULL;
    nave_err err = nave_runtime_create(&options, &runtime);

    if (!err && argc > 1)
        err = nave_runtime_configure_file(runtime, argv[1]);
    else if (!err)
        err = nave_runtime_configure_text(runtime, config, strlen(config), "embed.c");
    if (!err)
        err = nave_runtime_run(runtime); /* until Ctrl-C, and what was begun is finished */
    nave_runtime_destroy(runtime);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
