# SPDX-License-Identifier: MIT
#
# Host programs, each a single file that builds outside this tree as well; tests/e2e/embed runs them.
# Plugins that live in folders of their own are built from an installation by tests/e2e/outside.

noinst_PROGRAMS += %D%/embed/embed %D%/embed/embed_static %D%/own-loop/own_loop %D%/embed-many/embed_many \
	%D%/self-test/self_test %D%/find-bug/tickets

%C%_embed_embed_SOURCES  = %D%/embed/embed.c
%C%_embed_embed_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_embed_embed_LDADD    = core/libnave.la

# They look at what they did themselves.
noinst_PROGRAMS += %D%/first-task/first_task
TESTS += %D%/first-task/first_task
%C%_first_task_first_task_SOURCES  = %D%/first-task/first_task.c
%C%_first_task_first_task_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_first_task_first_task_LDADD    = core/libnave.la

noinst_PROGRAMS += %D%/async/async %D%/channels/channels %D%/dump/dump_on_signal %D%/locks/locks %D%/scopes/scopes %D%/tasks/tasks %D%/timers/timers
TESTS += %D%/async/async %D%/channels/channels %D%/dump/dump_on_signal %D%/locks/locks %D%/scopes/scopes %D%/tasks/tasks %D%/timers/timers
%C%_channels_channels_SOURCES  = %D%/channels/channels.c
%C%_channels_channels_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_channels_channels_LDADD    = core/libnave.la -lpthread
%C%_async_async_SOURCES  = %D%/async/async.c
%C%_async_async_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_async_async_LDADD    = core/libnave.la

%C%_dump_dump_on_signal_SOURCES  = %D%/dump/dump_on_signal.c
%C%_dump_dump_on_signal_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_dump_dump_on_signal_LDADD    = core/libnave.la

%C%_locks_locks_SOURCES  = %D%/locks/locks.c
%C%_locks_locks_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_locks_locks_LDADD    = core/libnave.la

%C%_scopes_scopes_SOURCES  = %D%/scopes/scopes.c
%C%_scopes_scopes_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_scopes_scopes_LDADD    = core/libnave.la

%C%_tasks_tasks_SOURCES  = %D%/tasks/tasks.c
%C%_tasks_tasks_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_tasks_tasks_LDADD    = core/libnave.la -lpthread

%C%_timers_timers_SOURCES  = %D%/timers/timers.c
%C%_timers_timers_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_timers_timers_LDADD    = core/libnave.la

noinst_PROGRAMS += %D%/echo/echo
%C%_echo_echo_SOURCES  = %D%/echo/echo.c
%C%_echo_echo_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_echo_echo_LDADD    = core/libnave.la

noinst_PROGRAMS += %D%/blocking/count_lines
%C%_blocking_count_lines_SOURCES  = %D%/blocking/count_lines.c
%C%_blocking_count_lines_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_blocking_count_lines_LDADD    = core/libnave.la

# The same source with the plugins linked in.
%C%_embed_embed_static_SOURCES  = %D%/embed/embed.c
%C%_embed_embed_static_CPPFLAGS = $(SDK_CPPFLAGS) -DEMBED_STATIC
%C%_embed_embed_static_LDADD    = core/libnave.la \
	plugins/tcp/libtcp.la plugins/http1/libhttp1.la plugins/router/librouter.la

%C%_own_loop_own_loop_SOURCES  = %D%/own-loop/own_loop.c
%C%_own_loop_own_loop_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_own_loop_own_loop_LDADD    = core/libnave.la

%C%_embed_many_embed_many_SOURCES  = %D%/embed-many/embed_many.c
%C%_embed_many_embed_many_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_embed_many_embed_many_LDADD    = core/libnave.la

%C%_self_test_self_test_SOURCES  = %D%/self-test/self_test.c
%C%_self_test_self_test_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_self_test_self_test_LDADD    = core/libnave.la

# tests/sim/replay runs it: that the test ends with an error is what it is to do.
%C%_find_bug_tickets_SOURCES  = %D%/find-bug/tickets.c
%C%_find_bug_tickets_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_find_bug_tickets_LDADD    = core/libnave.la

# C++ by hand: the build itself needs no C++ compiler, nor libtool's support for it.
if HAVE_CXX
noinst_DATA += %D%/embed-cpp/embed
CLEANFILES += %D%/embed-cpp/embed
%D%/embed-cpp/embed: %D%/embed-cpp/embed.cc core/libnave.la $(sdk_headers)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(LIBTOOL) $(AM_V_lt) --tag=CC --mode=link $(CXX) -no-install -std=c++17 \
	  -Wall -Wextra -pedantic $(CXX_WERROR) $(SDK_CPPFLAGS) $(CPPFLAGS) $(CXXFLAGS) $(SAN_CFLAGS) \
	  $(PTHREAD_CFLAGS) $(LDFLAGS) -o $@ $(top_srcdir)/%D%/embed-cpp/embed.cc core/libnave.la
endif
EXTRA_DIST += %D%/embed-cpp/embed.cc

# Built from an installation only.
EXTRA_DIST += \
	%D%/README.md \
	%D%/plugin-handler/Makefile \
	%D%/plugin-handler/README.md \
	%D%/plugin-handler/greeter.c \
	%D%/plugin-handler/greeter.json \
	%D%/plugin-handler/test \
	%D%/plugin-protocol/Makefile \
	%D%/plugin-protocol/README.md \
	%D%/plugin-protocol/clerk.c \
	%D%/plugin-protocol/conn.c \
	%D%/plugin-protocol/conn.h \
	%D%/plugin-protocol/lines.h \
	%D%/plugin-protocol/lines.json \
	%D%/plugin-protocol/plugin.c \
	%D%/plugin-protocol/test
