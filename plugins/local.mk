# SPDX-License-Identifier: MIT
#
# The plugins, and the table that stands for them in a static build: a program links
# $(STATIC_PLUGIN_LIBS) and compiles with $(STATIC_PLUGIN_CPPFLAGS); both are empty otherwise.

include %D%/tcp/local.mk
include %D%/http1/local.mk
include %D%/router/local.mk

static_plugin_names = tcp http1 router

if STATIC_PLUGINS
STATIC_PLUGIN_CPPFLAGS = -DNAVE_STATIC_PLUGINS
STATIC_PLUGIN_LIBS = %D%/libstaticplugins.la

noinst_LTLIBRARIES += %D%/libstaticplugins.la
nodist_%C%_libstaticplugins_la_SOURCES = %D%/static_table.c
%C%_libstaticplugins_la_SOURCES =
%C%_libstaticplugins_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_libstaticplugins_la_LIBADD = \
	%D%/tcp/libtcp.la \
	%D%/http1/libhttp1.la \
	%D%/router/librouter.la

CLEANFILES += %D%/static_table.c
%D%/static_table.c: tools/static-table %D%/local.mk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SHELL) $(top_srcdir)/tools/static-table $(static_plugin_names) >$@.tmp && mv $@.tmp $@
endif
