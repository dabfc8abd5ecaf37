# SPDX-License-Identifier: MIT

%C%_sources = \
	%D%/accept.c \
	%D%/addr.c \
	%D%/addr.h \
	%D%/inherit.c \
	%D%/kernel.h \
	%D%/limits.h \
	%D%/linger.c \
	%D%/listener.c \
	%D%/listener.h \
	%D%/plugin.c \
	%D%/sendfile_linux.c \
	%D%/sendfile_none.c \
	%D%/sockopt.c \
	%D%/stream.c \
	%D%/stream.h \
	%D%/tcp.h

EXTRA_DIST += %D%/README.md

# For the tests and for static builds.
noinst_LTLIBRARIES += %D%/libtcp.la
%C%_libtcp_la_SOURCES  = $(%C%_sources)
%C%_libtcp_la_CPPFLAGS = $(SDK_CPPFLAGS) -DNAVE_STATIC_PLUGIN

if !STATIC_PLUGINS
plugin_LTLIBRARIES += %D%/tcp.la
%C%_tcp_la_SOURCES  = $(%C%_sources)
%C%_tcp_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_tcp_la_LDFLAGS  = $(PLUGIN_LINK)
endif

static_plugin_names     += tcp
static_plugin_libs      += %D%/libtcp.la
uninstalled_plugin_dirs += $(abs_top_builddir)/%D%/.libs
