# SPDX-License-Identifier: MIT
#
# The program: an ordinary host on the public headers.

bin_PROGRAMS += %D%/nave
%C%_nave_SOURCES = \
	%D%/admin.c \
	%D%/admin.h \
	%D%/args.c \
	%D%/args.h \
	%D%/check.c \
	%D%/commands.h \
	%D%/main.c \
	%D%/notify.c \
	%D%/notify.h \
	%D%/near.c \
	%D%/near.h \
	%D%/output.c \
	%D%/output.h \
	%D%/print.c \
	%D%/print.h \
	%D%/report_json.c \
	%D%/report_json.h \
	%D%/run.c \
	%D%/sample.c \
	%D%/sample.h \
	%D%/session.c \
	%D%/session.h \
	%D%/show.c \
	%D%/top.c \
	%D%/top_show.c \
	%D%/top_show.h \
	%D%/watch.c \
	%D%/watch.h
if HAVE_INOTIFY
%C%_nave_SOURCES += %D%/watch_inotify.c
else
%C%_nave_SOURCES += %D%/watch_none.c
endif
EXTRA_DIST += %D%/watch_none.c
%C%_nave_CPPFLAGS = $(SDK_CPPFLAGS) $(STATIC_PLUGIN_CPPFLAGS)
%C%_nave_LDADD = core/libnave.la $(STATIC_PLUGIN_LIBS)

# Completion of command lines, where the shells look for it.
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/completions/nave
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = %D%/completions/_nave
