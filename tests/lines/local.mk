# SPDX-License-Identifier: MIT
#
# What workers do to each other's caches, counted: docs/internals/scheduler.md. The sources under test are
# compiled once more, with calls of lines.c around each access; what is not named here is not counted.

EXTRA_DIST += %D%/growth.c %D%/lines.c %D%/lines.h %D%/work.c %D%/work.h

if COUNT_LINES
check_LTLIBRARIES += %D%/liblines.la
%C%_liblines_la_SOURCES  = %D%/lines.c %D%/lines.h
%C%_liblines_la_CPPFLAGS = $(TEST_CPPFLAGS)

check_PROGRAMS += %D%/growth
%C%_growth_SOURCES = \
	%D%/growth.c \
	%D%/work.c \
	%D%/work.h \
	core/sync/channels.c \
	core/base/counter.c \
	core/worker/exec.c \
	core/worker/group.c \
	core/sync/lock.c \
	core/sync/mpsc.c \
	core/sync/mpsc_rx.c \
	core/sync/mpsc_tx.c \
	core/sync/notify.c \
	core/sync/permits.c \
	core/worker/scheduler.c \
	core/worker/scope.c \
	core/worker/slab.c \
	core/worker/stats.c \
	core/worker/sync_wait.c \
	core/worker/task.c \
	core/worker/task_join.c \
	core/worker/task_pool.c \
	core/worker/usage.c \
	core/worker/wheel.c \
	core/worker/worker.c \
	core/worker/worker_api.c
%C%_growth_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-fsanitize=thread -U__SANITIZE_THREAD__ -Wno-tsan \
	-Dmemset=lines_memset -Dmemcpy=lines_memcpy \
	-Dpthread_mutex_lock=lines_mutex_lock -Dpthread_mutex_unlock=lines_mutex_unlock
%C%_growth_LDADD = %D%/liblines.la core/libnavecore.la
endif
