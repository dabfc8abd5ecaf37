/* SPDX-License-Identifier: MIT
 *
 * The floors of the runtime's benchmarks, without any runtime: two threads that wake each other by
 * eventfd and epoll, and bare threads that share CPU work in equal parts. See rt.h.
 */
#include "rt.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS_MAX 64

static void need(int is_good, const char *what)
{
    if (!is_good) {
        perror(what);
        exit(1);
    }
}

/* --- wake_parked ----------------------------------------------------------------------------- */

/* One side: it sleeps in epoll_wait until the other writes to its eventfd. Edge-triggered, so nothing
 * need be read: a write and a wait are all that there is. */
struct side {
    int event;
    int epoll;
    struct side *other;
    uint64_t rounds;
};

static void side_init(struct side *s, struct side *other)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLET};

    s->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->other = other;
    need(s->event >= 0 && s->epoll >= 0, "eventfd, epoll");
    need(!epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->event, &e), "epoll_ctl");
}

static void side_wake(const struct side *s)
{
    uint64_t one = 1;

    need(write(s->event, &one, sizeof(one)) == sizeof(one), "write");
}

static void side_wait(const struct side *s)
{
    struct epoll_event e;

    while (epoll_wait(s->epoll, &e, 1, -1) != 1)
        continue;
}

static void *side_answer(void *arg)
{
    struct side *s = arg;
    uint64_t i;

    rt_pin(1);
    for (i = 0; i < s->rounds; i++) {
        side_wait(s);
        side_wake(s->other);
    }
    return NULL;
}

static void wake_parked(const struct rt_args *a)
{
    uint64_t warm = rt_warm_up(a->operations), i;
    struct side us, them;
    struct rt_span span = {0, 0, 0};
    pthread_t thread;

    side_init(&us, &them);
    side_init(&them, &us);
    them.rounds = warm + a->operations + 1; /* one more, so that it lives when the span ends */
    rt_pin(0);
    need(!pthread_create(&thread, NULL, side_answer, &them), "pthread_create");
    for (i = 0; i < warm + a->operations; i++) {
        if (i == warm)
            span = rt_begin();
        side_wake(&them);
        side_wait(&us);
    }
    rt_end(&span);
    side_wake(&them);
    pthread_join(thread, NULL);
    rt_print(a->name, a->operations, &span, "");
}

/* --- scale, steal ---------------------------------------------------------------------------- */

struct share {
    pthread_t thread;
    pthread_barrier_t *barrier;
    uint64_t tasks;
    uint32_t steps;
    uint32_t index;
};

static void *share_work(void *arg)
{
    const struct share *s = arg;
    uint64_t i;

    rt_pin(s->index);
    for (i = 0; i < rt_warm_up(s->tasks); i++)
        rt_keep(rt_work(s->steps, i));
    pthread_barrier_wait(s->barrier); /* the span begins */
    pthread_barrier_wait(s->barrier);
    for (i = 0; i < s->tasks; i++)
        rt_keep(rt_work(s->steps, i));
    pthread_barrier_wait(s->barrier); /* it ends          */
    pthread_barrier_wait(s->barrier); /* and was measured */
    return NULL;
}

static void work(const struct rt_args *a, uint32_t steps)
{
    struct share shares[THREADS_MAX];
    pthread_barrier_t barrier;
    struct rt_span span;
    uint32_t i;

    need(!pthread_barrier_init(&barrier, NULL, a->workers + 1), "pthread_barrier_init");
    for (i = 0; i < a->workers; i++) {
        shares[i] = (struct share){.barrier = &barrier, .steps = steps, .index = i};
        shares[i].tasks = a->operations / a->workers + (i < a->operations % a->workers);
        need(!pthread_create(&shares[i].thread, NULL, share_work, &shares[i]), "pthread_create");
    }
    pthread_barrier_wait(&barrier);
    span = rt_begin();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    rt_end(&span);
    pthread_barrier_wait(&barrier);
    for (i = 0; i < a->workers; i++)
        pthread_join(shares[i].thread, NULL);
    rt_print(a->name, a->operations, &span, "");
}

int main(int argc, char **argv)
{
    struct rt_args a = rt_arguments(argc, argv);

    if (!strcmp(a.name, "wake_parked")) {
        wake_parked(&a);
    } else if (!strcmp(a.name, "scale")) {
        work(&a, RT_WORK_SCALE);
    } else if (!strcmp(a.name, "steal")) {
        work(&a, RT_WORK_STEAL);
    } else {
        fprintf(stderr, "%s: no benchmark is called %s\n", argv[0], a.name);
        return 2;
    }
    return 0;
}
