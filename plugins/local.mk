# SPDX-License-Identifier: MIT
#
# The plugins, and the table that stands for them in a static build: a program links
# $(STATIC_PLUGIN_LIBS) and compiles with $(STATIC_PLUGIN_CPPFLAGS); both are empty otherwise.

# Each plugin adds its name, its library for static builds, and the folder of its shared object.
static_plugin_names =
static_plugin_libs =
uninstalled_plugin_dirs =

include %D%/tcp/local.mk
include %D%/http1/local.mk
include %D%/router/local.mk
include %D%/files/local.mk

if STATIC_PLUGINS
STATIC_PLUGIN_CPPFLAGS = -DNAVE_STATIC_PLUGINS
STATIC_PLUGIN_LIBS = %D%/libstaticplugins.la

noinst_LTLIBRARIES += %D%/libstaticplugins.la
nodist_%C%_libstaticplugins_la_SOURCES = %D%/static_table.c
%C%_libstaticplugins_la_SOURCES =
%C%_libstaticplugins_la_CPPFLAGS = $(SDK_CPPFLAGS)
%C%_libstaticplugins_la_LIBADD = $(static_plugin_libs)

CLEANFILES += %D%/static_table.c
%D%/static_table.c: tools/static-table %D%/local.mk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SHELL) $(top_srcdir)/tools/static-table $(static_plugin_names) >$@.tmp && mv $@.tmp $@
endif
