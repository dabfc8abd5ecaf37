# SPDX-License-Identifier: MIT
#
# The SDK: headers, pkg-config files, and the record of the binary interface.

sdk_headers = \
	%D%/include/nave/admin.h \
	%D%/include/nave/arm.h \
	%D%/include/nave/async.h \
	%D%/include/nave/async_debug.h \
	%D%/include/nave/async_macros.h \
	%D%/include/nave/atomic.h \
	%D%/include/nave/base.h \
	%D%/include/nave/blocking.h \
	%D%/include/nave/broadcast.h \
	%D%/include/nave/buf.h \
	%D%/include/nave/channel.h \
	%D%/include/nave/conf.h \
	%D%/include/nave/deadline.h \
	%D%/include/nave/define.h \
	%D%/include/nave/error.h \
	%D%/include/nave/exec.h \
	%D%/include/nave/handlers.h \
	%D%/include/nave/here.h \
	%D%/include/nave/host.h \
	%D%/include/nave/http.h \
	%D%/include/nave/http_prepare.h \
	%D%/include/nave/iface.h \
	%D%/include/nave/interval.h \
	%D%/include/nave/join.h \
	%D%/include/nave/lock.h \
	%D%/include/nave/join_all.h \
	%D%/include/nave/scope.h \
	%D%/include/nave/mpsc.h \
	%D%/include/nave/nave.h \
	%D%/include/nave/notify.h \
	%D%/include/nave/oneshot.h \
	%D%/include/nave/op.h \
	%D%/include/nave/option.h \
	%D%/include/nave/pin.h \
	%D%/include/nave/plugin.h \
	%D%/include/nave/role.h \
	%D%/include/nave/runtime.h \
	%D%/include/nave/select.h \
	%D%/include/nave/sim.h \
	%D%/include/nave/sleep.h \
	%D%/include/nave/stream.h \
	%D%/include/nave/stream_op.h \
	%D%/include/nave/task.h \
	%D%/include/nave/timeout.h \
	%D%/include/nave/timer.h \
	%D%/include/nave/watch.h \
	%D%/include/nave/worker.h

naveincludedir = $(includedir)/nave
naveinclude_HEADERS = $(sdk_headers)
nodist_naveinclude_HEADERS = %D%/include/nave/version.h

pkgconfig_DATA += \
	%D%/pkgconfig/nave.pc \
	%D%/pkgconfig/nave-plugin.pc
