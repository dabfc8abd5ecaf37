/* SPDX-License-Identifier: MIT
 *
 * A kitchen: cooks on two workers share an oven that somebody has to heat first, two stoves, a price list
 * and a till. The host counts who was served, changes the prices and closes. It ends by itself, and its
 * status tells whether the till is right.
 *
 *     cc locks.c $(pkg-config --cflags --libs nave) -o locks && ./locks
 */
#include <nave/async.h>
#include <nave/nave.h>
#include <nave/sleep.h>
#include <stdio.h>
#include <stdlib.h>

#define COOKS   4u /* on each worker */
#define WORKERS 2u
#define STOVES  2u
#define PRICE   5u

struct kitchen {
    struct nave_runtime *runtime;
    struct nave_once oven;
    struct nave_semaphore stoves;
    struct nave_rwlock prices;
    struct nave_mutex till;
    struct nave_notify served;
    uint32_t price;   /* guarded by prices */
    uint32_t money;   /* guarded by till   */
    uint32_t dishes;  /* atomic            */
    uint32_t heaters; /* who heated it     */
};

#define HAS_OVEN  (1u << 0) /* it is to heat it */
#define HAS_STOVE (1u << 1)
#define HAS_TILL  (1u << 2)

/* One dish. What is held stands in the frame, so that the cleanup knows what to give back. */
NAVE_ASYNC(cook, struct kitchen *k; struct nave_op op; struct nave_sleep_op work; uint32_t has;
           uint32_t price;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_once_enter(cx, &f->op, &f->k->oven));
    if (f->op.value == 1) {
        f->has |= HAS_OVEN;
        f->k->heaters++;
        NAVE_TRY(nave_sleep(cx, &f->work, 2 * NAVE_MSEC));
        nave_once_done(&f->k->oven);
        f->has &= ~HAS_OVEN;
    }

    NAVE_TRY(nave_semaphore_acquire(cx, &f->op, &f->k->stoves, 1));
    f->has |= HAS_STOVE;
    NAVE_TRY(nave_sleep(cx, &f->work, NAVE_MSEC));
    nave_semaphore_release(&f->k->stoves, 1);
    f->has &= ~HAS_STOVE;

    NAVE_TRY(nave_rwlock_read(cx, &f->op, &f->k->prices));
    f->price = f->k->price;
    nave_rwlock_read_unlock(&f->k->prices);

    NAVE_TRY(nave_mutex_lock(cx, &f->op, &f->k->till));
    f->has |= HAS_TILL;
    f->price += f->k->money; /* counts slowly: the till is held across an await */
    NAVE_TRY(nave_sleep(cx, &f->work, NAVE_MSEC));
    f->k->money = f->price;
    NAVE_CLEANUP();
    if (f->has & HAS_OVEN)
        nave_once_failed(&f->k->oven);
    if (f->has & HAS_STOVE)
        nave_semaphore_release(&f->k->stoves, 1);
    if (f->has & HAS_TILL)
        nave_mutex_unlock(&f->k->till);
    __atomic_fetch_add(&f->k->dishes, 1, __ATOMIC_RELAXED);
    nave_notify_one(&f->k->served);
    NAVE_END();
}

/* Waits until all are served. */
NAVE_ASYNC(host, struct kitchen *k; struct nave_op op;)
{
    NAVE_BEGIN();
    while (__atomic_load_n(&f->k->dishes, __ATOMIC_RELAXED) < COOKS * WORKERS)
        NAVE_TRY(nave_notify_wait(cx, &f->op, &f->k->served));
    NAVE_TRY(nave_rwlock_write(cx, &f->op, &f->k->prices));
    f->k->price++;
    nave_rwlock_write_unlock(&f->k->prices);
    nave_semaphore_close(&f->k->stoves); /* who comes now is sent away */
    NAVE_CLEANUP();
    nave_runtime_stop(f->k->runtime);
    NAVE_END();
}

static nave_err create(struct nave_host *h, void **out_self)
{
    struct kitchen *k = nave_host_user(h);
    struct nave_handle *handle;
    struct nave_locks *locks;
    nave_err err = h->api->bind(h, NAVE_LOCKS_ID, 0, sizeof(*locks->api), &handle);

    *out_self = k;
    if (err)
        return err;
    locks = (struct nave_locks *)(void *)handle;
    locks->api->once_init(locks, &k->oven);
    locks->api->rwlock_init(locks, &k->prices);
    locks->api->mutex_init(locks, &k->till);
    locks->api->notify_init(locks, &k->served);
    return locks->api->semaphore_init(locks, &k->stoves, STOVES);
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct kitchen *k = self;
    struct nave_future *f;
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < COOKS && !err; i++) {
        err = NAVE_NEW(cook, w, &f, .k = k);
        if (!err)
            (void)w->api->spawn(w, f);
    }
    if (!err && w->index == 0)
        err = NAVE_NEW(host, w, &f, .k = k);
    if (!err && w->index == 0)
        (void)w->api->spawn(w, f);
    return err;
}

static const struct nave_plugin_ops ops = {
    sizeof(ops),
    0,
    create,
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    worker_start,
    nave_default_worker_drain,
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME        kitchen
#define NAVE_PLUGIN_ID          "kitchen"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_LOCKS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

int main(void)
{
    static const char text[] = "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"kitchen\": {}}}";
    static const nave_plugin_entry_fn parts[] = {kitchen_plugin_entry_v1, NULL};
    struct kitchen k = {.price = PRICE};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .user = &k};
    nave_err err = nave_runtime_create(&options, &k.runtime);

    if (!err)
        err = nave_runtime_configure_text(k.runtime, text, sizeof(text) - 1, "locks.c");
    if (!err)
        err = nave_runtime_run(k.runtime);
    /* The locks are the kitchen's, and the runtime is theirs: look before it goes. */
    if (!err && nave_semaphore_try_acquire(&k.stoves, 1) != NAVE_ECLOSED)
        err = NAVE_ESTATE;
    nave_runtime_destroy(k.runtime);
    printf("%u dishes, %u in the till, the oven was heated %u times\n", (unsigned)k.dishes,
           (unsigned)k.money, (unsigned)k.heaters);
    return err || k.dishes != COOKS * WORKERS || k.money != k.dishes * PRICE || k.heaters != 1
               ? EXIT_FAILURE
               : EXIT_SUCCESS;
}
