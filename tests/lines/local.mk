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
	core/channels.c \
	core/counter.c \
	core/exec.c \
	core/group.c \
	core/lock.c \
	core/mpsc.c \
	core/mpsc_rx.c \
	core/mpsc_tx.c \
	core/notify.c \
	core/permits.c \
	core/scheduler.c \
	core/scope.c \
	core/slab.c \
	core/stats.c \
	core/sync_wait.c \
	core/task.c \
	core/task_join.c \
	core/task_pool.c \
	core/usage.c \
	core/wheel.c \
	core/worker.c \
	core/worker_api.c
%C%_growth_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-fsanitize=thread -U__SANITIZE_THREAD__ -Wno-tsan \
	-Dmemset=lines_memset -Dmemcpy=lines_memcpy \
	-Dpthread_mutex_lock=lines_mutex_lock -Dpthread_mutex_unlock=lines_mutex_unlock
%C%_growth_LDADD = %D%/liblines.la core/libnavecore.la
endif
