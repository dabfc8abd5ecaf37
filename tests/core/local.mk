# SPDX-License-Identifier: MIT

%C%_libs = core/libnavecore.la $(EVENT_LIBS) $(DL_LIBS) -lpthread $(CUNIT_LIBS)

check_PROGRAMS += \
	%D%/test_blocking \
	%D%/test_blocking_drop \
	%D%/test_blocking_seen \
	%D%/test_blocking_stress \
	%D%/test_blocking_threads \
	%D%/test_deadline \
	%D%/test_inbox \
	%D%/test_inherit \
	%D%/test_interval \
	%D%/test_log \
	%D%/test_log_daemons \
	%D%/test_log_files \
	%D%/test_log_thread \
	%D%/test_log_format \
	%D%/test_log_ring \
	%D%/test_nv_err \
	%D%/test_pool \
	%D%/test_reactor \
	%D%/test_signals \
	%D%/test_slab \
	%D%/test_sleep \
	%D%/test_stats \
	%D%/test_join \
	%D%/test_steal \
	%D%/test_task \
	%D%/test_wheel \
	%D%/test_worker \
	%D%/test_worker_limits \
	# end

%C%_test_deadline_SOURCES  = %D%/test_deadline.c %D%/timers_rig.h
%C%_test_deadline_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_deadline_LDFLAGS  = $(FAILING_LINK)
%C%_test_deadline_LDADD    = $(%C%_libs)

%C%_test_blocking_SOURCES  = %D%/test_blocking.c %D%/blocking_setup.h
%C%_test_blocking_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_blocking_LDADD    = $(%C%_libs)

%C%_test_blocking_drop_SOURCES  = %D%/test_blocking_drop.c %D%/blocking_setup.h
%C%_test_blocking_drop_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_blocking_drop_LDADD    = $(%C%_libs)

%C%_test_blocking_seen_SOURCES  = %D%/test_blocking_seen.c %D%/blocking_setup.h
%C%_test_blocking_seen_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_blocking_seen_LDADD    = $(%C%_libs)

# The linker sends what core allocates, and the threads it makes, through the test.
%C%_test_blocking_threads_SOURCES  = %D%/test_blocking_threads.c %D%/blocking_setup.h \
	tests/support/failing.h
%C%_test_blocking_threads_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_blocking_threads_LDFLAGS  = $(FAILING_LINK) -Wl,--wrap=pthread_create
%C%_test_blocking_threads_LDADD    = $(%C%_libs)

%C%_test_blocking_stress_SOURCES  = %D%/test_blocking_stress.c %D%/blocking_setup.h
%C%_test_blocking_stress_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_blocking_stress_LDADD    = $(%C%_libs)

%C%_test_inbox_SOURCES  = %D%/test_inbox.c
%C%_test_inbox_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inbox_LDADD    = $(%C%_libs)

%C%_test_inherit_SOURCES  = %D%/test_inherit.c
%C%_test_inherit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inherit_LDADD    = $(%C%_libs)
%C%_test_interval_SOURCES  = %D%/test_interval.c %D%/timers_rig.h
%C%_test_interval_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_interval_LDFLAGS  = $(FAILING_LINK)
%C%_test_interval_LDADD    = $(%C%_libs)

%C%_test_log_SOURCES  = %D%/test_log.c %D%/log_rig.h
%C%_test_log_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_LDADD    = $(%C%_libs)

%C%_test_log_daemons_SOURCES  = %D%/test_log_daemons.c %D%/log_rig.h
%C%_test_log_daemons_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_daemons_LDADD    = $(%C%_libs)

%C%_test_log_files_SOURCES  = %D%/test_log_files.c %D%/log_rig.h
%C%_test_log_files_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_files_LDADD    = $(%C%_libs)

%C%_test_log_thread_SOURCES  = %D%/test_log_thread.c %D%/log_rig.h
%C%_test_log_thread_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_thread_LDADD    = $(%C%_libs)

%C%_test_log_format_SOURCES  = %D%/test_log_format.c
%C%_test_log_format_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_format_LDADD    = $(%C%_libs)

%C%_test_log_ring_SOURCES  = %D%/test_log_ring.c
%C%_test_log_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_ring_LDADD    = $(%C%_libs)

%C%_test_nv_err_SOURCES  = %D%/test_nv_err.c
%C%_test_nv_err_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_nv_err_LDADD    = $(%C%_libs)

%C%_test_reactor_SOURCES  = %D%/test_reactor.c
%C%_test_reactor_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_reactor_LDADD    = $(%C%_libs)

%C%_test_signals_SOURCES  = %D%/test_signals.c
%C%_test_signals_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_signals_LDADD    = $(%C%_libs)

%C%_test_pool_SOURCES  = %D%/test_pool.c
%C%_test_pool_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_pool_LDADD    = $(%C%_libs)

%C%_test_slab_SOURCES  = %D%/test_slab.c
%C%_test_slab_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_slab_LDADD    = $(%C%_libs)

%C%_test_sleep_SOURCES  = %D%/test_sleep.c %D%/timers_rig.h
%C%_test_sleep_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_sleep_LDFLAGS  = $(FAILING_LINK)
%C%_test_sleep_LDADD    = $(%C%_libs)

%C%_test_stats_SOURCES  = %D%/test_stats.c
%C%_test_stats_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_stats_LDADD    = $(%C%_libs)

%C%_test_task_SOURCES  = %D%/test_task.c
%C%_test_task_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_task_LDADD    = $(%C%_libs)

%C%_test_wheel_SOURCES  = %D%/test_wheel.c
%C%_test_wheel_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_wheel_LDADD    = $(%C%_libs)

%C%_test_worker_SOURCES  = %D%/test_worker.c
%C%_test_worker_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_worker_LDADD    = $(%C%_libs)

%C%_test_worker_limits_SOURCES  = %D%/test_worker_limits.c
%C%_test_worker_limits_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_worker_limits_LDADD    = $(%C%_libs)

# locks
check_PROGRAMS += %D%/test_locks
%C%_test_locks_SOURCES  = %D%/test_locks.c %D%/lock_rig.h
%C%_test_locks_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_locks_LDADD    = $(%C%_libs)
check_PROGRAMS += %D%/test_mpsc
%C%_test_mpsc_SOURCES  = %D%/test_mpsc.c %D%/mpsc_rig.h %D%/channel_rig.h
%C%_test_mpsc_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_mpsc_LDADD    = $(%C%_libs)
check_PROGRAMS += %D%/test_mpsc_end
%C%_test_mpsc_end_SOURCES  = %D%/test_mpsc_end.c %D%/mpsc_rig.h %D%/channel_rig.h
%C%_test_mpsc_end_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_mpsc_end_LDADD    = $(%C%_libs)
check_PROGRAMS += %D%/test_mpsc_limits
%C%_test_mpsc_limits_SOURCES  = %D%/test_mpsc_limits.c %D%/mpsc_rig.h %D%/channel_rig.h
%C%_test_mpsc_limits_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_mpsc_limits_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_locks_threads
%C%_test_locks_threads_SOURCES  = %D%/test_locks_threads.c
%C%_test_locks_threads_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_locks_threads_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_notify
%C%_test_notify_SOURCES  = %D%/test_notify.c %D%/lock_rig.h
%C%_test_notify_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_notify_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_oneshot
%C%_test_oneshot_SOURCES  = %D%/test_oneshot.c %D%/channel_rig.h
%C%_test_oneshot_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_oneshot_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_broadcast
%C%_test_broadcast_SOURCES  = %D%/test_broadcast.c %D%/channel_rig.h
%C%_test_broadcast_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_broadcast_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_watch
%C%_test_watch_SOURCES  = %D%/test_watch.c %D%/channel_rig.h
%C%_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_watch_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_channel_threads
%C%_test_channel_threads_SOURCES  = %D%/test_channel_threads.c
%C%_test_channel_threads_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_channel_threads_LDADD    = $(%C%_libs)

%C%_test_join_SOURCES  = %D%/test_join.c %D%/workers.h
%C%_test_join_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_join_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_scope
# The linker sends what core allocates through the test.
%C%_test_scope_SOURCES  = %D%/test_scope.c %D%/workers.h tests/support/failing.h
%C%_test_scope_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_scope_LDFLAGS  = $(FAILING_LINK)
%C%_test_scope_LDADD    = $(%C%_libs)

%C%_test_steal_SOURCES  = %D%/test_steal.c %D%/workers.h
%C%_test_steal_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_steal_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_microtasks
%C%_test_microtasks_SOURCES  = %D%/test_microtasks.c
%C%_test_microtasks_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_microtasks_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_scope_result
%C%_test_scope_result_SOURCES  = %D%/test_scope_result.c
%C%_test_scope_result_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_scope_result_LDADD    = $(%C%_libs)

check_PROGRAMS += %D%/test_lock_inlines
%C%_test_lock_inlines_SOURCES  = %D%/test_lock_inlines.c
%C%_test_lock_inlines_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_lock_inlines_LDADD    = $(%C%_libs)
