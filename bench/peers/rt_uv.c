/* SPDX-License-Identifier: MIT
 *
 * The benchmarks of the runtime that have an equivalent on libuv, which has no tasks: two loops in two
 * threads that wake each other by uv_async_send (wake_parked), and a callback that has itself called in the
 * next turn of the loop (yield: an idle handle, the cheapest that does it). See rt.h.
 */
#include "../rt.h"

#include <uv.h>

struct side {
    uv_loop_t loop;
    uv_async_t async;
    struct side *other;
    uint64_t left;
    uint64_t measured; /* begin when so many are left; 0: the other side measures */
    struct rt_span span;
};

static void need(int err, const char *what)
{
    if (err) {
        fprintf(stderr, "%s: %s\n", what, uv_strerror(err));
        exit(1);
    }
}

static void on_async(uv_async_t *async)
{
    struct side *s = async->data;

    if (s->measured && s->left == s->measured)
        s->span = rt_begin();
    if (s->left-- == 0) {
        if (s->measured) {
            rt_end(&s->span);
            uv_async_send(&s->other->async);
        }
        uv_close((uv_handle_t *)&s->async, NULL);
        return;
    }
    uv_async_send(&s->other->async);
}

static void side_run(void *arg)
{
    struct side *s = arg;

    rt_pin(s->measured ? 0 : 1);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

static void wake_parked(const struct rt_args *a)
{
    static struct side us, them;
    uv_thread_t thread;

    us = (struct side){.other = &them, .measured = a->operations};
    us.left = a->operations + rt_warm_up(a->operations);
    them = (struct side){.other = &us, .left = us.left};
    need(uv_loop_init(&us.loop), "uv_loop_init");
    need(uv_loop_init(&them.loop), "uv_loop_init");
    need(uv_async_init(&us.loop, &us.async, on_async), "uv_async_init");
    need(uv_async_init(&them.loop, &them.async, on_async), "uv_async_init");
    us.async.data = &us;
    them.async.data = &them;
    need(uv_thread_create(&thread, side_run, &them), "uv_thread_create");
    uv_async_send(&us.async); /* to ourselves: the first round */
    side_run(&us);
    uv_thread_join(&thread);
    rt_print(a->name, a->operations, &us.span, "");
}

static uint64_t yields_left;

static void on_idle(uv_idle_t *idle)
{
    if (--yields_left == 0)
        uv_idle_stop(idle);
}

static void yields(const struct rt_args *a)
{
    uint64_t counts[2] = {rt_warm_up(a->operations), a->operations};
    struct rt_span span = {0, 0, 0};
    uv_loop_t loop;
    uv_idle_t idle;
    uint32_t i;

    need(uv_loop_init(&loop), "uv_loop_init");
    uv_idle_init(&loop, &idle);
    for (i = 0; i < 2; i++) {
        yields_left = counts[i];
        span = rt_begin();
        uv_idle_start(&idle, on_idle);
        uv_run(&loop, UV_RUN_DEFAULT);
        rt_end(&span);
    }
    rt_print(a->name, a->operations, &span, "");
}

int main(int argc, char **argv)
{
    struct rt_args a = rt_arguments(argc, argv);

    if (!strcmp(a.name, "wake_parked")) {
        wake_parked(&a);
    } else if (!strcmp(a.name, "yield")) {
        yields(&a);
    } else {
        fprintf(stderr, "%s: no benchmark is called %s\n", argv[0], a.name);
        return 2;
    }
    return 0;
}
