# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_runtime
%C%_test_runtime_SOURCES = \
	%D%/test_runtime.c \
	%D%/trace.h \
	%D%/trace_a.c \
	%D%/trace_b.c \
	%D%/trace_body.h
%C%_test_runtime_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_runtime_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_blocking_host
%C%_test_blocking_host_SOURCES  = %D%/test_blocking_host.c
%C%_test_blocking_host_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_blocking_host_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

check_PROGRAMS += %D%/test_locks_host
%C%_test_locks_host_SOURCES  = %D%/test_locks_host.c
%C%_test_locks_host_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_locks_host_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_microtasks_host
%C%_test_microtasks_host_SOURCES = \
	%D%/test_microtasks_host.c \
	%D%/trace.h \
	%D%/trace_a.c \
	%D%/trace_b.c \
	%D%/trace_body.h
%C%_test_microtasks_host_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_microtasks_host_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_block_on
%C%_test_block_on_SOURCES = \
	%D%/test_block_on.c \
	%D%/trace.h \
	%D%/trace_a.c \
	%D%/trace_b.c \
	%D%/trace_body.h
%C%_test_block_on_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_block_on_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

# The linker sends what core allocates through the test.
check_PROGRAMS += %D%/test_memory_tasks
%C%_test_memory_tasks_SOURCES  = %D%/test_memory_tasks.c tests/support/failing.h
%C%_test_memory_tasks_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_memory_tasks_LDFLAGS  = $(FAILING_LINK)
%C%_test_memory_tasks_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_document
%C%_test_document_SOURCES  = %D%/test_document.c tests/support/failing.h
%C%_test_document_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/tests/config -DNAVE_STATIC_PLUGIN
%C%_test_document_LDFLAGS  = $(FAILING_LINK)
%C%_test_document_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_host_rules
%C%_test_host_rules_SOURCES  = %D%/test_host_rules.c
%C%_test_host_rules_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_host_rules_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_refusals
%C%_test_refusals_SOURCES  = %D%/test_refusals.c %D%/plugins/wires.c
%C%_test_refusals_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DBAD_FOLDER='"$(abs_top_builddir)/%D%/.libs"'
%C%_test_refusals_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

# One plugin that does not fit for each refusal; the file is named like the id.
check_LTLIBRARIES += %D%/ring_one.la
%C%_ring_one_la_SOURCES  = %D%/plugins/bad.c
%C%_ring_one_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_ring_one
%C%_ring_one_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/ring_two.la
%C%_ring_two_la_SOURCES  = %D%/plugins/bad.c
%C%_ring_two_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_ring_two
%C%_ring_two_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clock_a.la
%C%_clock_a_la_SOURCES  = %D%/plugins/bad.c
%C%_clock_a_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_clock_a
%C%_clock_a_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clock_b.la
%C%_clock_b_la_SOURCES  = %D%/plugins/bad.c
%C%_clock_b_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_clock_b
%C%_clock_b_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clock_user.la
%C%_clock_user_la_SOURCES  = %D%/plugins/bad.c
%C%_clock_user_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_clock_user
%C%_clock_user_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clock_late.la
%C%_clock_late_la_SOURCES  = %D%/plugins/bad.c
%C%_clock_late_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_clock_late
%C%_clock_late_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clock_major.la
%C%_clock_major_la_SOURCES  = %D%/plugins/bad.c
%C%_clock_major_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_clock_major
%C%_clock_major_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/worker_major.la
%C%_worker_major_la_SOURCES  = %D%/plugins/bad.c
%C%_worker_major_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_worker_major
%C%_worker_major_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/worker_late.la
%C%_worker_late_la_SOURCES  = %D%/plugins/bad.c
%C%_worker_late_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_worker_late
%C%_worker_late_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/hole.la
%C%_hole_la_SOURCES  = %D%/plugins/bad.c
%C%_hole_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_hole
%C%_hole_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/sneak.la
%C%_sneak_la_SOURCES  = %D%/plugins/bad.c
%C%_sneak_la_CPPFLAGS = $(SDK_CPPFLAGS) -DBAD_sneak
%C%_sneak_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

# The linker sends what core allocates through the test.
check_PROGRAMS += %D%/test_memory
%C%_test_memory_SOURCES = \
	%D%/test_memory.c \
	%D%/trace.h \
	%D%/trace_a.c \
	%D%/trace_b.c \
	%D%/trace_body.h
%C%_test_memory_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_memory_LDFLAGS  = $(FAILING_LINK)
%C%_test_memory_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

# Copies of proof.so are damaged; no_entry.so, twin.so, longer.so and newer.so are the same source
# built otherwise.
check_PROGRAMS += %D%/test_loading
%C%_test_loading_SOURCES  = %D%/test_loading.c %D%/plugins/proof.c
%C%_test_loading_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DPROOF_FOLDER='"$(abs_top_builddir)/%D%/.libs"'
%C%_test_loading_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_LTLIBRARIES += %D%/proof.la
%C%_proof_la_SOURCES  = %D%/plugins/proof.c
%C%_proof_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_proof_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/no_entry.la
%C%_no_entry_la_SOURCES  = %D%/plugins/proof.c
%C%_no_entry_la_CPPFLAGS = $(SDK_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_no_entry_la_LDFLAGS  = $(AM_LDFLAGS) -module -avoid-version -rpath $(abs_builddir)

check_LTLIBRARIES += %D%/twin.la
%C%_twin_la_SOURCES  = %D%/plugins/proof.c
%C%_twin_la_CPPFLAGS = $(SDK_CPPFLAGS) -DPROOF_ID='"test.twin"'
%C%_twin_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

# Operations with a tail that this host does not know, of zeros and not.
check_LTLIBRARIES += %D%/longer.la
%C%_longer_la_SOURCES  = %D%/plugins/proof.c
%C%_longer_la_CPPFLAGS = $(SDK_CPPFLAGS) -DPROOF_TAIL=0
%C%_longer_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/newer.la
%C%_newer_la_SOURCES  = %D%/plugins/proof.c
%C%_newer_la_CPPFLAGS = $(SDK_CPPFLAGS) -DPROOF_TAIL=-1
%C%_newer_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

# One source three ways; life_1_0.so sees the frozen headers and no others.
check_PROGRAMS += %D%/test_three_ways
%C%_test_three_ways_SOURCES  = %D%/test_three_ways.c %D%/plugins/life.c
%C%_test_three_ways_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DLIFE_FOLDER='"$(abs_top_builddir)/%D%/.libs"'
%C%_test_three_ways_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_LTLIBRARIES += %D%/life.la
%C%_life_la_SOURCES  = %D%/plugins/life.c
%C%_life_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_life_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/life_1_0.la
%C%_life_1_0_la_SOURCES  = %D%/plugins/life.c
%C%_life_1_0_la_CPPFLAGS = $(SAN_CPPFLAGS) -I$(top_srcdir)/sdk/abi/headers/1.0
%C%_life_1_0_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

# checked mode
%C%_checked_rig      = %D%/checked_rig.c %D%/checked_rig.h %D%/checked_objects.c
%C%_checked_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DMEDDLER_FOLDER='"$(abs_top_builddir)/%D%/.libs"'
check_PROGRAMS += %D%/test_checked %D%/test_checked_http %D%/test_checked_joins \
	%D%/test_checked_roles %D%/test_checked_tasks
%C%_test_checked_SOURCES  = %D%/test_checked.c $(%C%_checked_rig)
%C%_test_checked_CPPFLAGS = $(%C%_checked_CPPFLAGS)
%C%_test_checked_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread
%C%_test_checked_http_SOURCES  = %D%/test_checked_http.c $(%C%_checked_rig)
%C%_test_checked_http_CPPFLAGS = $(%C%_checked_CPPFLAGS)
%C%_test_checked_http_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread
%C%_test_checked_joins_SOURCES  = %D%/test_checked_joins.c $(%C%_checked_rig)
%C%_test_checked_joins_CPPFLAGS = $(%C%_checked_CPPFLAGS)
%C%_test_checked_joins_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread
%C%_test_checked_roles_SOURCES  = %D%/test_checked_roles.c $(%C%_checked_rig)
%C%_test_checked_roles_CPPFLAGS = $(%C%_checked_CPPFLAGS)
%C%_test_checked_roles_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread
%C%_test_checked_tasks_SOURCES  = %D%/test_checked_tasks.c $(%C%_checked_rig)
%C%_test_checked_tasks_CPPFLAGS = $(%C%_checked_CPPFLAGS)
%C%_test_checked_tasks_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

# tests/e2e/stuck runs it.
check_LTLIBRARIES += %D%/spinner.la
%C%_spinner_la_SOURCES  = %D%/plugins/spinner.c
%C%_spinner_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_spinner_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/meddler.la
%C%_meddler_la_SOURCES  = %D%/plugins/meddler.c
%C%_meddler_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_meddler_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_PROGRAMS += %D%/test_beat
%C%_test_beat_SOURCES  = %D%/test_beat.c
%C%_test_beat_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_beat_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

# What does not return.
check_PROGRAMS += %D%/test_stuck
%C%_test_stuck_SOURCES  = %D%/test_stuck.c
%C%_test_stuck_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_stuck_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

# A part of the program among files.
check_PROGRAMS += %D%/test_parts
%C%_test_parts_SOURCES  = %D%/test_parts.c %D%/plugins/office.h
%C%_test_parts_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DOFFICE_FOLDER='"$(abs_top_builddir)/%D%/.libs"'
%C%_test_parts_LDADD    = core/libnavecore.la $(CUNIT_LIBS) -lpthread

check_LTLIBRARIES += %D%/store.la
%C%_store_la_SOURCES  = %D%/plugins/office.c
%C%_store_la_CPPFLAGS = $(SDK_CPPFLAGS) -DOFFICE_STORE
%C%_store_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

check_LTLIBRARIES += %D%/clerk.la
%C%_clerk_la_SOURCES  = %D%/plugins/office.c
%C%_clerk_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_clerk_la_LDFLAGS  = $(TEST_PLUGIN_LINK)

TESTS += %D%/no_globals
EXTRA_DIST += %D%/no_globals

# The linker sends what core allocates through the test.
check_PROGRAMS += %D%/test_admin
%C%_test_admin_SOURCES = \
	%D%/test_admin.c \
	%D%/trace.h \
	%D%/trace_a.c \
	%D%/trace_b.c \
	%D%/trace_body.h
%C%_test_admin_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN \
	-DTWIN_FOLDER='"$(abs_top_builddir)/%D%/.libs"' \
	-DTWIN_SO='"$(abs_top_builddir)/%D%/.libs/twin.so"'
%C%_test_admin_LDFLAGS  = $(FAILING_LINK)
%C%_test_admin_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_metrics
%C%_test_metrics_SOURCES  = %D%/test_metrics.c %D%/meter.c tests/support/failing.h
%C%_test_metrics_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_metrics_LDFLAGS  = $(FAILING_LINK)
%C%_test_metrics_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_admin_socket
%C%_test_admin_socket_SOURCES  = %D%/test_admin_socket.c %D%/meter.c tests/support/failing.h
%C%_test_admin_socket_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_admin_socket_LDFLAGS  = $(FAILING_LINK)
%C%_test_admin_socket_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_watchdog
%C%_test_watchdog_SOURCES  = %D%/test_watchdog.c tests/support/failing.h
%C%_test_watchdog_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_watchdog_LDFLAGS  = $(FAILING_LINK)
%C%_test_watchdog_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_dump
%C%_test_dump_SOURCES  = %D%/test_dump.c tests/support/failing.h
%C%_test_dump_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_dump_LDFLAGS  = $(FAILING_LINK)
%C%_test_dump_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

# The plan of a reload; what core allocates goes through the test.
check_PROGRAMS += %D%/test_reload
%C%_test_reload_SOURCES = \
	%D%/test_reload.c \
	%D%/wired.h \
	%D%/wired_x.c \
	%D%/wired_y.c
%C%_test_reload_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_reload_LDFLAGS  = $(FAILING_LINK)
%C%_test_reload_LDADD    = core/libnavecore.la $(CUNIT_LIBS)

check_PROGRAMS += %D%/test_channels
%C%_test_channels_SOURCES  = %D%/test_channels.c
%C%_test_channels_CPPFLAGS = $(TEST_CPPFLAGS) -DNAVE_STATIC_PLUGIN
%C%_test_channels_LDADD    = core/libnavecore.la $(CUNIT_LIBS)
