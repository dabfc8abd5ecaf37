# SPDX-License-Identifier: MIT
#
# The program: an ordinary host on the public headers.

bin_PROGRAMS += %D%/nave
%C%_nave_SOURCES = \
	%D%/main.c \
	%D%/notify.c \
	%D%/notify.h \
	%D%/print.c \
	%D%/print.h
%C%_nave_CPPFLAGS = $(SDK_CPPFLAGS) $(STATIC_PLUGIN_CPPFLAGS)
%C%_nave_LDADD = core/libnave.la $(STATIC_PLUGIN_LIBS)
