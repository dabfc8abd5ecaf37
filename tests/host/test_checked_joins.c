/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: what is said of nave.exec/1, join handles and scopes that are used against their rules.
 */
#include <sched.h>
#include <unistd.h>

#include <nave/scope.h>

#include "checked_rig.h"
#include "test_main.h"

#define EXEC(call)  "the program called nave.exec/1 " call ": "
#define JOIN(call)  "the program called nave.join/1 " call ": "
#define SCOPE(call) "the program called nave.scope/1 " call ": "
#define ON_NOBODY   "this thread is no worker's; reach that worker with nave_worker_post()"
#define OP_TWICE                                                                      \
    "the op was started before and is not done; wait for done, or take it back with " \
    "nave_op_drop()"
#define OP_FIRST "; take the op back first with nave_op_drop()"

static struct nave_worker *worker;
static struct nave_future *future;
static struct nave_join join;
static struct nave_scope scope;
static struct nave_op op;

/* --- a task that never ends, and one that wants to see its own end ------------------------------ */

static nave_poll pending(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    return cx->is_canceled ? NAVE_READY : NAVE_PENDING;
}

static nave_poll waits_for_itself(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    (void)nave_join_await(cx, &op, &join);
    return NAVE_PENDING;
}

static void drop(struct nave_future *f)
{
    (void)f;
}

static nave_err result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface patience = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "patience",
    .poll = pending,
    .drop = drop,
    .result = result,
};

static const struct nave_future_iface vanity = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "vanity",
    .poll = waits_for_itself,
    .drop = drop,
    .result = result,
};

static void make(struct nave_worker *w, const struct nave_future_iface *api)
{
    worker = w;
    if (w->api->future_new(w, api, 8, &future) != NAVE_OK)
        _exit(4);
}

static void done(struct nave_op *one, void *arg)
{
    (void)one;
    (void)arg;
}

/* A joined task, and an op that may wait for it. */
static void make_joined(struct nave_worker *w)
{
    make(w, &patience);
    (void)nave_spawn_join(w, future, 0, &join);
    nave_op_init(&op, w, done, NULL);
}

/* A scope with a child, and an op that may wait for it. */
static void make_scope(struct nave_worker *w)
{
    make(w, &patience);
    nave_scope_init(w, &scope, NAVE_SCOPE_COLLECT);
    if (nave_scope_spawn(&scope, w, future, 0) != NAVE_OK)
        _exit(4);
    nave_op_init(&op, w, done, NULL);
}

/* --- nave.exec/1 -------------------------------------------------------------------------------- */

static void e_without_poll(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty"};

    (void)w;
    (void)exec->api->spawn(exec, &api, 8, NULL, NULL, NULL);
}

static void e_nothing(struct nave_worker *w)
{
    (void)w;
    (void)exec->api->spawn(exec, NULL, 8, NULL, NULL, NULL);
}

static void exec_rules(void)
{
    static const struct row rows[] = {
        {e_without_poll, EXEC("spawn") "the future's table has no poll; fill every slot"},
        {e_nothing, EXEC("spawn") "api" MAY_BE_NULL},
    };

    EXPECT(rows);
}

/* --- nave.join/1 -------------------------------------------------------------------------------- */

static void j_wait_on_a_worker(struct nave_worker *w)
{
    make_joined(w);
    (void)join.api->wait(&join, 0);
}

static void start_join(void)
{
    (void)join.api->start(&join, &op);
}

static void j_start_elsewhere(struct nave_worker *w)
{
    make_joined(w);
    on_a_thread(start_join);
}

static void j_op_twice(struct nave_worker *w)
{
    make_joined(w);
    start_join();
    start_join();
}

static void j_dropped_while_waited_for(struct nave_worker *w)
{
    make_joined(w);
    start_join();
    nave_join_drop(&join);
}

static void j_own_end(struct nave_worker *w)
{
    make(w, &vanity);
    (void)nave_spawn_join(w, future, 0, &join);
}

static void j_spawned_twice(struct nave_worker *w)
{
    make_joined(w);
    (void)nave_spawn_join(w, future, 0, &join);
}

static void j_unknown_flag(struct nave_worker *w)
{
    make(w, &patience);
    (void)nave_spawn_join(w, future, 1u << 9, &join);
}

static void join_rules(void)
{
    static const struct row rows[] = {
        {j_wait_on_a_worker, JOIN("wait") "it may block, and this is a worker; await it in a task, "
                                          "or wait on a thread of your own"},
        {j_start_elsewhere, JOIN("start") ON_NOBODY},
        {j_op_twice, JOIN("start") OP_TWICE},
        {j_dropped_while_waited_for,
         JOIN("drop") "somebody waits for the end of the task" OP_FIRST},
        {j_own_end, JOIN("start") "the task waits for its own end; give the handle to who outlives "
                                  "the task"},
        {j_spawned_twice, "plugin \"breach\" called nave.worker/1 spawn_join: the future was "
                          "spawned before; a spawned future is the host's, who drops it"},
        {j_unknown_flag, "plugin \"breach\" called nave.worker/1 spawn_join: flags 0x200 are not "
                         "known; give NAVE_SPAWN_* or 0"},
    };

    EXPECT(rows);
}

/* --- nave.scope/1 ------------------------------------------------------------------------------- */

static void spawn_child(void)
{
    (void)!nave_scope_spawn(&scope, worker, future, 0);
}

static void s_elsewhere(struct nave_worker *w)
{
    make_scope(w);
    make(w, &patience);
    on_a_thread(spawn_child);
}

static void s_spawned_twice(struct nave_worker *w)
{
    make_scope(w);
    spawn_child();
}

static void s_unknown_flag(struct nave_worker *w)
{
    make_scope(w);
    make(w, &patience);
    (void)!nave_scope_spawn(&scope, w, future, 1u << 5);
}

static void s_op_twice(struct nave_worker *w)
{
    make_scope(w);
    (void)scope.api->wait(&scope, &op);
    (void)scope.api->wait(&scope, &op);
}

static void s_dropped_while_waited_for(struct nave_worker *w)
{
    make_scope(w);
    (void)scope.api->wait(&scope, &op);
    nave_scope_drop(&scope);
}

static void drop_scope(void)
{
    nave_scope_drop(&scope);
}

static void s_dropped_elsewhere(struct nave_worker *w)
{
    make_scope(w);
    on_a_thread(drop_scope);
}

static uint32_t is_made; /* atomic */

/* Worker 0 readies the scope; worker 1 spawns with the handle of worker 0, as one who remembered it. */
static void s_with_another_worker(struct nave_worker *w)
{
    if (w->index == 0) {
        make_scope(w);
        make(w, &patience);
        __atomic_store_n(&is_made, 1, __ATOMIC_RELEASE);
        return;
    }
    while (!__atomic_load_n(&is_made, __ATOMIC_ACQUIRE))
        sched_yield();
    spawn_child();
}

static void scope_rules(void)
{
    static const struct row rows[] = {
        {s_elsewhere, SCOPE("spawn") ON_NOBODY},
        {s_spawned_twice,
         SCOPE("spawn") "the future was spawned before; a spawned future is the host's, who drops "
                        "it"},
        {s_unknown_flag, SCOPE("spawn") "flags 0x20 are not known; give NAVE_SPAWN_* or 0"},
        {s_op_twice, SCOPE("wait") OP_TWICE},
        {s_dropped_while_waited_for,
         SCOPE("drop") "somebody waits for the end of the scope" OP_FIRST},
        {s_dropped_elsewhere, SCOPE("drop") ON_NOBODY},
    };

    EXPECT(rows);
}

static void a_remembered_worker_is_named(void)
{
    static const struct row rows[] = {
        {s_with_another_worker,
         SCOPE("spawn") "worker 0 is given, and this is not its thread; give cx->worker of this "
                        "poll"},
    };

    expect(rows, 1, TWO_WORKERS);
}

/* --- and who breaks no rule --------------------------------------------------------------------- */

static void ask_elsewhere(void)
{
    nave_err ended;

    if (nave_join_result(&join, &ended) != NAVE_EAGAIN || nave_join_frame(&join))
        _exit(4);
    (void)nave_join_abort(&join);
    nave_scope_cancel(&scope);
}

static void nothing_wrong(struct nave_worker *w)
{
    struct nave_join copy, child;

    make_scope(w);
    make(w, &patience);
    if (nave_scope_spawn_join(&scope, w, future, NAVE_SPAWN_LOCAL, &child) != NAVE_OK)
        _exit(4);
    nave_join_drop(&child);
    (void)scope.api->wait(&scope, &op);
    nave_op_drop(&op);
    nave_scope_deadline(&(struct nave_cx){.worker = w}, &scope, nave_now(w) + NAVE_SEC);

    make_joined(w);
    start_join();
    nave_op_drop(&op);
    on_a_thread(ask_elsewhere);
    copy = join;
    nave_join_drop(&join);
    if (copy.api->abort(&copy) != NAVE_ESTALE)
        _exit(4);
    copy.api->drop(&copy);
    nave_scope_drop(&scope);
    nave_scope_drop(&scope);
    if (exec->api->spawn(exec, &patience, 8, NULL, NULL, &join) != NAVE_OK)
        _exit(4);
    nave_join_drop(&join);
    if (exec->api->may_wait(exec) != NAVE_EDEADLOCK) /* to ask is no breach */
        _exit(4);
}

static void who_breaks_no_rule_of_joins_goes_on(void)
{
    goes_on(nothing_wrong, ONE_WORKER);
}

static CU_TestInfo tests[] = {
    {"exec_rules", exec_rules},
    {"join_rules", join_rules},
    {"scope_rules", scope_rules},
    {"a_remembered_worker_is_named", a_remembered_worker_is_named},
    {"who_breaks_no_rule_of_joins_goes_on", who_breaks_no_rule_of_joins_goes_on},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked: joins", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
