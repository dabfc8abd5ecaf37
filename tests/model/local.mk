# SPDX-License-Identifier: MIT
#
# Every interleaving of the atomic algorithms, from their own sources: docs/internals/model.md.

check_PROGRAMS += %D%/test_inbox
%C%_test_inbox_SOURCES  = %D%/test_inbox.c %D%/explore.c %D%/explore.h
%C%_test_inbox_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_inbox_LDADD    = $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_log_ring
%C%_test_log_ring_SOURCES  = %D%/test_log_ring.c %D%/explore.c %D%/explore.h
%C%_test_log_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_log_ring_LDADD    = $(CUNIT_LIBS)

# It includes core/worker/task.c.
check_PROGRAMS += %D%/test_waker
%C%_test_waker_SOURCES  = %D%/test_waker.c %D%/explore.c %D%/explore.h
%C%_test_waker_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_waker_LDADD    = $(CUNIT_LIBS)

# It includes core/sync/permits.c.
check_PROGRAMS += %D%/test_permits
%C%_test_permits_SOURCES  = %D%/test_permits.c %D%/explore.c %D%/explore.h
%C%_test_permits_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_permits_LDADD    = $(CUNIT_LIBS)

# It includes core/mpsc*.[ch].
check_PROGRAMS += %D%/test_mpsc
%C%_test_mpsc_SOURCES  = %D%/test_mpsc.c %D%/actors.h %D%/explore.c %D%/explore.h
%C%_test_mpsc_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_mpsc_LDADD    = $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_ring
%C%_test_ring_SOURCES  = %D%/test_ring.c %D%/explore.c %D%/explore.h
%C%_test_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ring_LDADD    = $(CUNIT_LIBS)

# It includes core/worker/group.c and core/worker/scheduler.c.
check_PROGRAMS += %D%/test_park
%C%_test_park_SOURCES  = %D%/test_park.c %D%/explore.c %D%/explore.h
%C%_test_park_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_park_LDADD    = $(CUNIT_LIBS)

# It includes core/sync/oneshot.c.
check_PROGRAMS += %D%/test_oneshot
%C%_test_oneshot_SOURCES  = %D%/test_oneshot.c %D%/actors.h %D%/explore.c %D%/explore.h \
                          %D%/tearing.h
%C%_test_oneshot_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_oneshot_LDADD    = $(CUNIT_LIBS)

# It includes core/sync/broadcast.c.
check_PROGRAMS += %D%/test_broadcast
%C%_test_broadcast_SOURCES  = %D%/test_broadcast.c %D%/actors.h %D%/explore.c %D%/explore.h \
                          %D%/tearing.h
%C%_test_broadcast_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_broadcast_LDADD    = $(CUNIT_LIBS)

# It includes core/sync/watch.c.
check_PROGRAMS += %D%/test_watch
%C%_test_watch_SOURCES  = %D%/test_watch.c %D%/actors.h %D%/explore.c %D%/explore.h \
                          %D%/tearing.h
%C%_test_watch_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_watch_LDADD    = $(CUNIT_LIBS)

# It includes core/sync/notify.c.
check_PROGRAMS += %D%/test_notify
%C%_test_notify_SOURCES  = %D%/test_notify.c %D%/actors.h %D%/explore.c %D%/explore.h
%C%_test_notify_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_notify_LDADD    = $(CUNIT_LIBS)

# It includes core/worker/scope.c, core/worker/task.c and core/worker/task_join.c.
check_PROGRAMS += %D%/test_scope
%C%_test_scope_SOURCES  = %D%/test_scope.c %D%/actors.h %D%/explore.c %D%/explore.h \
                          %D%/tearing.h
%C%_test_scope_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_scope_LDADD    = $(CUNIT_LIBS)
