# SPDX-License-Identifier: MIT

http1_sources = \
	%D%/body.c \
	%D%/chunked.c \
	%D%/chunked.h \
	%D%/conn.c \
	%D%/exchange.c \
	%D%/file.c \
	%D%/framing.c \
	%D%/framing.h \
	%D%/http1.h \
	%D%/limits.h \
	%D%/names.c \
	%D%/names.h \
	%D%/parser.c \
	%D%/parser.h \
	%D%/part.c \
	%D%/pass.h \
	%D%/plugin.c \
	%D%/refusal.c \
	%D%/reply.c \
	%D%/request.c \
	%D%/scan.h \
	%D%/send.c \
	%D%/store.c \
	%D%/target.c \
	%D%/target.h \
	%D%/upgrade.c \
	%D%/usual.c \
	%D%/usual.h \
	%D%/writer.c \
	%D%/writer.h \
	# end

noinst_LTLIBRARIES += %D%/libhttp1.la
%C%_libhttp1_la_SOURCES = $(http1_sources)
%C%_libhttp1_la_CPPFLAGS = $(SDK_CPPFLAGS) -DNAVE_STATIC_PLUGIN

if !STATIC_PLUGINS
plugin_LTLIBRARIES += %D%/http1.la
%C%_http1_la_SOURCES = $(http1_sources)
%C%_http1_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_http1_la_LDFLAGS = $(PLUGIN_LINK)
endif

EXTRA_DIST += %D%/README.md

static_plugin_names     += http1
static_plugin_libs      += %D%/libhttp1.la
uninstalled_plugin_dirs += $(abs_top_builddir)/%D%/.libs
