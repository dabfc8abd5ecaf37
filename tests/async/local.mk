# SPDX-License-Identifier: MIT
#
# Each test of async functions is built in both forms, and one of each that looks for mistakes.

%C%_libs     = core/libnavecore.la $(EVENT_LIBS) $(DL_LIBS) -lpthread $(CUNIT_LIBS)
%C%_portable = $(TEST_CPPFLAGS) -DNAVE_ASYNC_PORTABLE

check_PROGRAMS += \
	%D%/test_async \
	%D%/test_async_debug \
	%D%/test_async_portable \
	%D%/test_async_cleanup \
	%D%/test_async_cleanup_debug \
	%D%/test_async_cleanup_portable \
	%D%/test_async_shields \
	%D%/test_async_shields_debug \
	%D%/test_async_shields_portable \
	%D%/test_join_all \
	%D%/test_join_all_portable \
	%D%/test_select \
	%D%/test_select_portable \
	%D%/test_tasks \
	%D%/test_tasks_portable \
	# end

%C%_test_async_SOURCES  = %D%/test_async.c %D%/async_rig.h
%C%_test_async_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_async_LDADD    = $(%C%_libs)

%C%_test_async_debug_SOURCES  = %D%/test_async.c
%C%_test_async_debug_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_debug_LDADD    = $(%C%_libs)

%C%_test_async_portable_SOURCES  = %D%/test_async.c
%C%_test_async_portable_CPPFLAGS = $(%C%_portable) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_portable_LDADD    = $(%C%_libs)

%C%_test_async_cleanup_SOURCES  = %D%/test_async_cleanup.c
%C%_test_async_cleanup_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_async_cleanup_LDADD    = $(%C%_libs)

%C%_test_async_cleanup_debug_SOURCES  = %D%/test_async_cleanup.c
%C%_test_async_cleanup_debug_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_cleanup_debug_LDADD    = $(%C%_libs)

%C%_test_async_cleanup_portable_SOURCES  = %D%/test_async_cleanup.c
%C%_test_async_cleanup_portable_CPPFLAGS = $(%C%_portable) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_cleanup_portable_LDADD    = $(%C%_libs)

%C%_test_async_shields_SOURCES  = %D%/test_async_shields.c
%C%_test_async_shields_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_async_shields_LDADD    = $(%C%_libs)

%C%_test_async_shields_debug_SOURCES  = %D%/test_async_shields.c
%C%_test_async_shields_debug_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_shields_debug_LDADD    = $(%C%_libs)

%C%_test_async_shields_portable_SOURCES  = %D%/test_async_shields.c
%C%_test_async_shields_portable_CPPFLAGS = $(%C%_portable) -DNAVE_ASYNC_DEBUG=1
%C%_test_async_shields_portable_LDADD    = $(%C%_libs)

%C%_test_join_all_SOURCES  = %D%/test_join_all.c
%C%_test_join_all_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_join_all_LDADD    = $(%C%_libs)

%C%_test_join_all_portable_SOURCES  = %D%/test_join_all.c
%C%_test_join_all_portable_CPPFLAGS = $(%C%_portable)
%C%_test_join_all_portable_LDADD    = $(%C%_libs)

%C%_test_select_SOURCES  = %D%/test_select.c
%C%_test_select_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_select_LDADD    = $(%C%_libs)

%C%_test_select_portable_SOURCES  = %D%/test_select.c
%C%_test_select_portable_CPPFLAGS = $(%C%_portable)
%C%_test_select_portable_LDADD    = $(%C%_libs)

%C%_test_tasks_SOURCES  = %D%/test_tasks.c
%C%_test_tasks_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_tasks_LDADD    = $(%C%_libs)
%C%_test_tasks_LDFLAGS  = $(FAILING_LINK)

%C%_test_tasks_portable_SOURCES  = %D%/test_tasks.c
%C%_test_tasks_portable_CPPFLAGS = $(%C%_portable)
%C%_test_tasks_portable_LDADD    = $(%C%_libs)
%C%_test_tasks_portable_LDFLAGS  = $(FAILING_LINK)

check_PROGRAMS += %D%/test_stream_op %D%/test_stream_op_portable

%C%_test_stream_op_SOURCES  = %D%/test_stream_op.c
%C%_test_stream_op_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_stream_op_LDADD    = tests/support/libsupport.la $(%C%_libs)

%C%_test_stream_op_portable_SOURCES  = %D%/test_stream_op.c
%C%_test_stream_op_portable_CPPFLAGS = $(%C%_portable) -DNAVE_ASYNC_DEBUG=1
%C%_test_stream_op_portable_LDADD    = tests/support/libsupport.la $(%C%_libs)


check_PROGRAMS += %D%/test_every_wait %D%/test_every_wait_portable
%C%_test_every_wait_SOURCES  = %D%/test_every_wait.c
%C%_test_every_wait_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_ASYNC_DEBUG=1
%C%_test_every_wait_LDADD    = $(%C%_libs)
%C%_test_every_wait_portable_SOURCES  = %D%/test_every_wait.c
%C%_test_every_wait_portable_CPPFLAGS = $(%C%_portable)
%C%_test_every_wait_portable_LDADD    = $(%C%_libs)

TESTS += %D%/forms %D%/misuse %D%/standards
dist_check_SCRIPTS += %D%/forms %D%/misuse %D%/standards
