# SPDX-License-Identifier: MIT
#
# The helpers of nave-bench in C. They are compiled with everything else, so that they stay correct;
# nave-bench takes them from here, or compiles them itself when they are not there.

noinst_PROGRAMS += \
	%D%/limit_epoll \
	%D%/limit_libevent \
	%D%/load \
	%D%/rt_limit \
	%D%/rt_nave

%C%_limit_epoll_SOURCES      = %D%/limit_epoll.c %D%/limit.h
%C%_limit_libevent_SOURCES   = %D%/limit_libevent.c %D%/limit.h
%C%_limit_libevent_CFLAGS    = $(AM_CFLAGS) $(EVENT_CFLAGS)
%C%_limit_libevent_LDADD     = $(EVENT_LIBS)
%C%_load_SOURCES             = %D%/load.c %D%/requests.h

noinst_PROGRAMS += %D%/blocking_nave
%C%_blocking_nave_SOURCES    = %D%/blocking_nave.c
%C%_blocking_nave_CPPFLAGS   = $(SDK_CPPFLAGS)
%C%_blocking_nave_LDADD      = core/libnave.la

# The worker from the inside, as in the tests of core.
noinst_PROGRAMS += %D%/timers_nave
%C%_timers_nave_SOURCES      = %D%/timers_nave.c %D%/timers.h
%C%_timers_nave_CPPFLAGS     = $(CORE_CPPFLAGS)
%C%_timers_nave_LDADD        = core/libnavecore.la $(EVENT_LIBS) $(DL_LIBS) -lpthread

%C%_rt_limit_SOURCES         = %D%/rt_limit.c %D%/rt.h
%C%_rt_nave_SOURCES          = %D%/rt_nave.c %D%/rt_nave.h %D%/rt_nave_async.c %D%/rt_nave_echo.c \
	%D%/rt_nave_size.c %D%/rt_nave_tasks.c %D%/rt_nave_wake.c %D%/rt.h
%C%_rt_nave_CPPFLAGS         = $(SDK_CPPFLAGS)
%C%_rt_nave_LDADD            = core/libnave.la

if !STATIC_PLUGINS
check_LTLIBRARIES += %D%/plugin_defer.la %D%/malloc_count.la
%C%_plugin_defer_la_SOURCES  = %D%/plugin_defer.c
%C%_plugin_defer_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_plugin_defer_la_LDFLAGS  = $(TEST_PLUGIN_LINK)
%C%_malloc_count_la_SOURCES  = %D%/malloc_count.c
%C%_malloc_count_la_LDFLAGS  = $(AM_LDFLAGS) -module -avoid-version -shared -rpath $(abs_builddir)
endif

EXTRA_DIST += \
	%D%/Makefile \
	%D%/README.md \
	%D%/benchlib/__init__.py \
	%D%/benchlib/blocking.py \
	%D%/benchlib/boundary.py \
	%D%/benchlib/counts.py \
	%D%/benchlib/growth.py \
	%D%/benchlib/idle.py \
	%D%/benchlib/program.py \
	%D%/benchlib/ratio.py \
	%D%/benchlib/rounds.py \
	%D%/benchlib/runtime.py \
	%D%/benchlib/servers.py \
	%D%/benchlib/stats.py \
	%D%/benchlib/timers.py \
	%D%/benchlib/tools.py \
	%D%/benchlib/wrk.py \
	%D%/nave-bench \
	%D%/peers/nginx.conf.in \
	%D%/peers/rt_go.go \
	%D%/peers/rt_tokio/Cargo.toml \
	%D%/peers/rt_tokio/src/main.rs \
	%D%/peers/rt_uv.c \
	%D%/peers/timers_libevent.c \
	%D%/peers/timers_uv.c \
	%D%/peers/uv_http.c \
	%D%/wrk.lua
