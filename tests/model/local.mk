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

# It includes core/task.c.
check_PROGRAMS += %D%/test_waker
%C%_test_waker_SOURCES  = %D%/test_waker.c %D%/explore.c %D%/explore.h
%C%_test_waker_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_waker_LDADD    = $(CUNIT_LIBS)

# It includes core/permits.c.
check_PROGRAMS += %D%/test_permits
%C%_test_permits_SOURCES  = %D%/test_permits.c %D%/explore.c %D%/explore.h
%C%_test_permits_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_permits_LDADD    = $(CUNIT_LIBS)

# It includes core/mpsc*.[ch].
check_PROGRAMS += %D%/test_mpsc
%C%_test_mpsc_SOURCES  = %D%/test_mpsc.c %D%/explore.c %D%/explore.h
%C%_test_mpsc_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_mpsc_LDADD    = $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_ring
%C%_test_ring_SOURCES  = %D%/test_ring.c %D%/explore.c %D%/explore.h
%C%_test_ring_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_ring_LDADD    = $(CUNIT_LIBS)

# It includes core/group.c and core/scheduler.c.
check_PROGRAMS += %D%/test_park
%C%_test_park_SOURCES  = %D%/test_park.c %D%/explore.c %D%/explore.h
%C%_test_park_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_park_LDADD    = $(CUNIT_LIBS)
