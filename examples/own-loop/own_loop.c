/* SPDX-License-Identifier: MIT
 *
 * A game that owns its loop: 60 frames a second, and the network gets what a frame leaves. What a
 * frame computed is what a request sees, without a lock: both run on this thread.
 *
 *     cc own_loop.c $(pkg-config --cflags --libs nave) -o own_loop && ./own_loop
 *     curl http://127.0.0.1:8080/
 */
#include <nave/nave.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_NS (NAVE_SEC / 60)

struct game {
    unsigned long frame;
    unsigned long late; /* frames that began when the next one was due */
};

static void state(struct nave_http *x, void *user)
{
    const struct game *game = user;
    char text[64];
    int len =
        snprintf(text, sizeof(text), "{\"frame\": %lu, \"late\": %lu}\n", game->frame, game->late);

    (void)nave_http_respond_text(x, 200, "application/json", 16, text, (size_t)len);
}

#define NAVE_STATIC_PLUGIN
#define NAVE_HANDLERS_NAME     game
#define NAVE_HANDLERS_ID       "game"
#define NAVE_HANDLERS(HANDLER) HANDLER(state, "what the game is at")
#include <nave/handlers.h>

static const char config[] =
    "{\"runtime\": {\"workers\": 1},\n"
    " \"plugins\": {\"tcp\": {}, \"http1\": {}, \"game\": {},\n"
    "              \"router\": {\"routes\": [{\"GET /\": {\"state\": {}}}]}},\n"
    " \"listeners\": [{\"name\": \"web\", \"bind\": \"tcp://127.0.0.1:8080\",\n"
    "                \"protocols\": [\"http1\"], \"handler\": \"router\"}]}";

static volatile sig_atomic_t wants_end;

static void on_signal(int number)
{
    (void)number;
    wants_end = 1;
}

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static nave_nsec now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* Frames until the runtime has ended; what it ended with. */
static nave_err play(struct game *game, struct nave_runtime *runtime)
{
    nave_nsec frame_end = now();
    nave_err err = NAVE_OK;

    while (!err) {
        nave_nsec left;

        game->frame++; /* the game computes and draws here */
        frame_end += FRAME_NS;
        if (frame_end < now()) {
            game->late++;
            frame_end = now();
        }
        do { /* at least once, also in a late frame; a turn returns early when something came */
            left = frame_end - now();
            err = nave_runtime_turn(runtime, left > 0 ? left : 0);
        } while (!err && now() < frame_end);
        if (wants_end) {
            wants_end = 0;
            nave_runtime_stop(runtime); /* the turns go on until what was begun is finished */
        }
    }
    return err;
}

/* own_loop [FILE]: FILE is a configuration in the place of ours. */
int main(int argc, char **argv)
{
    static const nave_plugin_entry_fn parts[] = {game_plugin_entry_v1, NULL};
    struct game game = {0, 0};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = show,
                                           .static_plugins = parts,
                                           .plugin_path = getenv("NAVE_PLUGIN_PATH"),
                                           .log_level = NAVE_LOG_INFO,
                                           .user = &game};
    struct nave_runtime *runtime = NULL;
    nave_err err = nave_runtime_create(&options, &runtime);

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (!err && argc > 1)
        err = nave_runtime_configure_file(runtime, argv[1]);
    else if (!err)
        err = nave_runtime_configure_text(runtime, config, strlen(config), "own_loop.c");
    if (!err)
        err = play(&game, runtime);
    nave_runtime_destroy(runtime);
    printf("%lu frames, %lu late\n", game.frame, game.late);
    return err == NAVE_ECLOSED ? EXIT_SUCCESS : EXIT_FAILURE; /* it has stopped and drained */
}
