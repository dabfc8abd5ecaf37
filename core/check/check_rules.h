/* SPDX-License-Identifier: MIT
 *
 * What tags cannot say. tools/gen-checks finds these by name: nv_before_X_SLOT is called before the slot
 * of table X, nv_around_X_SLOT in place of it.
 */
#ifndef NV_CHECK_RULES_H
#define NV_CHECK_RULES_H

#include <nave/blocking.h>
#include <nave/exec.h>
#include <nave/host.h>
#include <nave/http.h>
#include <nave/notify.h>
#include <nave/join.h>
#include <nave/role.h>
#include <nave/scope.h>
#include <nave/stream.h>
#include <nave/task.h>
#include <nave/worker.h>

#include "check.h"

/* --- nave.host/1 ------------------------------------------------------------------------------ */

void *nv_around_host_mem(const struct nv_check *c, const struct nave_host_iface *raw,
                         struct nave_host *h, void *ptr, size_t old, size_t now);

/* --- nave.blocking/1 -------------------------------------------------------------------------- */

void nv_before_blocking_start(const struct nv_check *c, struct nave_blocking *b, struct nave_op *op,
                              const struct nave_blocking_work *work, void **arg_var,
                              uint32_t flags);

/* --- nave.stream/1 --------------------------------------------------------------------------- */

void nv_before_stream_read(const struct nv_check *c, struct nave_stream *s,
                           const struct nave_span *spans, uint32_t n, size_t *out_len);
void nv_before_stream_write(const struct nv_check *c, struct nave_stream *s,
                            const struct nave_bytes *pieces, uint32_t n, size_t *out_len);
void nv_before_stream_write_file(const struct nv_check *c, struct nave_stream *s,
                                 const struct nave_bytes *pieces, uint32_t n,
                                 const struct nave_file_range *file, size_t *out_len);
void nv_before_stream_watch(const struct nv_check *c, struct nave_stream *s, uint32_t direction,
                            nave_stream_fn *fn, void *arg);
void nv_before_stream_close(const struct nv_check *c, struct nave_stream *s, uint32_t flags);

/* --- roles ----------------------------------------------------------------------------------- */

void nv_before_protocol_accept(const struct nv_check *c, struct nave_protocol *p,
                               struct nave_stream *s_take, const struct nave_accept_info *info);
void nv_before_protocol_set_next(const struct nv_check *c, struct nave_protocol *p,
                                 struct nave_handle *next, struct nave_op *op);
void nv_before_protocol_retire(const struct nv_check *c, struct nave_protocol *p,
                               struct nave_op *op);
void nv_before_listener_start(const struct nv_check *c, struct nave_listener *l, uint32_t worker);
void nv_before_listener_stop(const struct nv_check *c, struct nave_listener *l, uint32_t worker);
void nv_before_http_handler_handle(const struct nv_check *c, struct nave_http_handler *h,
                                   struct nave_http *x);

/* --- nave.http/1: rule 7 --------------------------------------------------------------------- */

nave_err nv_around_http_hold(const struct nv_check *c, const struct nave_http_iface *raw,
                             struct nave_http *x);
void nv_around_http_on_end(const struct nv_check *c, const struct nave_http_iface *raw,
                           struct nave_http *x, nave_http_fn *fn, void *arg);
void nv_around_http_body_watch(const struct nv_check *c, const struct nave_http_iface *raw,
                               struct nave_http *x, nave_http_fn *fn, void *arg);
nave_err nv_around_http_respond(const struct nv_check *c, const struct nave_http_iface *raw,
                                struct nave_http *x, const struct nave_http_response *r);
nave_err nv_around_http_start(const struct nv_check *c, const struct nave_http_iface *raw,
                              struct nave_http *x, const struct nave_http_response *r,
                              int64_t body_size);
nave_err nv_around_http_defer(const struct nv_check *c, const struct nave_http_iface *raw,
                              struct nave_http *x, struct nave_http_reply **out_reply);
void nv_around_http_abort(const struct nv_check *c, const struct nave_http_iface *raw,
                          struct nave_http *x);

/* --- tasks ----------------------------------------------------------------------------------- */

nave_poll nv_around_future_poll(const struct nv_check *c, const struct nave_future_iface *raw,
                                struct nave_future *f, struct nave_cx *cx);
void nv_around_future_drop(const struct nv_check *c, const struct nave_future_iface *raw,
                           struct nave_future *f);
void nv_before_future_result(const struct nv_check *c, struct nave_future *f);
void nv_around_waker_clone(const struct nv_check *c, const struct nave_waker_iface *raw,
                           const struct nave_waker *w, struct nave_waker *out);
void nv_around_waker_drop(const struct nv_check *c, const struct nave_waker_iface *raw,
                          struct nave_waker *w);

/* --- nave.worker/1: worker_checked.c --------------------------------------------------------- */

void *nv_around_worker_alloc(const struct nv_check *c, const struct nave_worker_iface *raw,
                             struct nave_worker *w, size_t size);
void nv_around_worker_free(const struct nv_check *c, const struct nave_worker_iface *raw,
                           struct nave_worker *w, void *ptr, size_t size);
void nv_before_worker_timer_start(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_timer *t, nave_nsec deadline_ns, nave_timer_fn *fn,
                                  void *arg);
void nv_before_worker_timer_stop(const struct nv_check *c, struct nave_worker *w,
                                 struct nave_timer *t);
void nv_before_worker_defer(const struct nv_check *c, struct nave_worker *w, struct nave_job *j);
void nv_before_worker_post(const struct nv_check *c, struct nave_worker *w, struct nave_job *j);
void nv_before_worker_io_open(const struct nv_check *c, struct nave_worker *w, int64_t fd,
                              nave_io_fn *fn, void *arg, struct nave_io **out_io);
nave_err nv_around_worker_future_new(const struct nv_check *c, const struct nave_worker_iface *raw,
                                     struct nave_worker *w, const struct nave_future_iface *api,
                                     size_t frame_size, struct nave_future **out_future);
void nv_before_worker_future_drop(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_future *f);
void nv_before_worker_spawn(const struct nv_check *c, struct nave_worker *w,
                            struct nave_future *f_take);
void nv_before_worker_spawn_local(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_future *f_take);
void nv_before_worker_spawn_join(const struct nv_check *c, struct nave_worker *w,
                                 struct nave_future *f_take, uint32_t flags,
                                 struct nave_join *out_join);
void nv_before_worker_release(const struct nv_check *c, struct nave_worker *w, const char *what);

/* --- exec, join, scope: tasks_checked.c ------------------------------------------------------- */

void nv_before_exec_spawn(const struct nv_check *c, struct nave_exec *e,
                          const struct nave_future_iface *api, size_t frame_size,
                          nave_frame_fn *init, void *arg, struct nave_join *out_join);
void nv_before_join_start(const struct nv_check *c, struct nave_join *j, struct nave_op *op);
void nv_before_join_drop(const struct nv_check *c, struct nave_join *j);
void nv_before_scope_spawn(const struct nv_check *c, struct nave_scope *s, struct nave_worker *w,
                           struct nave_future *f_take, uint32_t flags, struct nave_join *out_join);
void nv_before_scope_wait(const struct nv_check *c, struct nave_scope *s, struct nave_op *op);
void nv_before_scope_deadline(const struct nv_check *c, struct nave_scope *s, struct nave_worker *w,
                              void *task, nave_nsec deadline_ns);
void nv_before_scope_drop(const struct nv_check *c, struct nave_scope *s);

/* --- locks: locks_checked.c ------------------------------------------------------------------ */

nave_err nv_around_mutex_lock(const struct nv_check *c, const struct nave_mutex_iface *raw,
                              struct nave_mutex *m, struct nave_op *op);
nave_err nv_around_mutex_try_lock(const struct nv_check *c, const struct nave_mutex_iface *raw,
                                  struct nave_mutex *m);
nave_err nv_around_mutex_lock_wait(const struct nv_check *c, const struct nave_mutex_iface *raw,
                                   struct nave_mutex *m, nave_nsec timeout_ns);
void nv_before_mutex_unlock(const struct nv_check *c, struct nave_mutex *m);
void nv_before_rwlock_read_unlock(const struct nv_check *c, struct nave_rwlock *rw);
void nv_before_rwlock_write_unlock(const struct nv_check *c, struct nave_rwlock *rw);
void nv_before_rwlock_downgrade(const struct nv_check *c, struct nave_rwlock *rw);
void nv_before_once_done(const struct nv_check *c, struct nave_once *o);
void nv_before_once_failed(const struct nv_check *c, struct nave_once *o);

#endif
