/* SPDX-License-Identifier: MIT
 *
 * A first task: a program that counts down, and one thread that is free for other tasks while this one waits.
 *
 *     cc first_task.c $(pkg-config --cflags --libs nave) -o first_task && ./first_task
 */
#include <nave/nave.h>
#include <stdio.h>

/* What must live across a wait is a member of the frame, and so are the arguments. */
NAVE_ASYNC(count_down, struct nave_runtime *runtime; struct nave_sleep_op sleep; int left;)
{
    NAVE_BEGIN();
    for (f->left = 3; f->left > 0; f->left--) {
        printf("%d\n", f->left);
        NAVE_TRY(nave_sleep(cx, &f->sleep, 100 * NAVE_MSEC));
    }
    NAVE_CLEANUP(); /* comes in every case: after an error, and when it is asked to end as well */
    puts("the end");
    nave_runtime_stop(f->runtime);
    NAVE_END();
}

static void fill(void *behind, void *runtime)
{
    NAVE_ASYNC_FRAME(count_down, behind)->runtime = runtime;
}

static nave_err spawn_first(struct nave_runtime *runtime)
{
    struct nave_handle *handle;
    struct nave_exec *exec;
    nave_err err = nave_runtime_bind(runtime, NAVE_EXEC_ID, 0, sizeof(*exec->api), &handle);

    if (err)
        return err;
    exec = (struct nave_exec *)(void *)handle;
    return exec->api->spawn(exec, &count_down_api, NAVE_ASYNC_SIZE(count_down), fill, runtime,
                            NULL);
}

int main(void)
{
    struct nave_runtime_options options = {.size = sizeof(options)};
    struct nave_runtime *runtime = NULL;
    nave_err err = nave_runtime_create(&options, &runtime);

    if (!err)
        err = nave_runtime_configure_text(runtime, "{}", 2, "first_task.c");
    if (!err)
        err = nave_runtime_start(runtime);
    if (!err)
        err = spawn_first(runtime);
    if (!err)
        err = nave_runtime_run(runtime); /* until the task has stopped it */
    nave_runtime_destroy(runtime);
    return err ? 1 : 0;
}
